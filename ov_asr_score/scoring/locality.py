"""Whether the rows of a request are scored each on its own, found by trying."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ov_asr_score.scoring.planning import InputFit, ScoringPlan
from ov_asr_score.scoring.runner import Float32Array, Runner
from ov_asr_score.scoring.utterances import Utterance

# Rows in another place of a matrix product may be summed in another order: rounding, not dependence.
_RELATIVE_TOLERANCE = 1e-3
_TRIED_ROWS = 3


def rows_are_independent(runner: Runner, fits: Sequence[InputFit], plan: ScoringPlan, utterance: Utterance) -> bool:
    """True when a frame gets the same scores beside other frames and in another row of the request.

    Uses frames of ``utterance``; a graph [T, D] that looks along T (a recurrent one, one with convolution or slices
    over time) is told from one whose first axis is a batch, which its shapes cannot say. Results that are not finite
    tell nothing.
    """
    size = plan.block if plan.pad else min(_TRIED_ROWS, plan.block)
    if size < 2:
        return True
    frames = np.arange(size) % max(1, utterance.num_frames)
    first = _run(runner, fits, utterance, frames, noise=0.0)
    last = _run(runner, fits, utterance, frames[::-1], noise=1.0)
    for one, other in zip(first, last, strict=True):
        if len(one) != size or len(other) != size:
            return False
        difference = np.abs(one[0] - other[-1])
        scale = 1.0 + np.abs(one[0])
        if np.any(difference > _RELATIVE_TOLERANCE * scale):
            return False
    return True


def _run(
    runner: Runner, fits: Sequence[InputFit], utterance: Utterance, frames: np.ndarray, noise: float
) -> list[Float32Array]:
    """Results for the given frames; with ``noise`` all rows but the last are disturbed."""
    arrays = []
    generator = np.random.default_rng(0)
    for fit in fits:
        value = np.asarray(utterance.features[fit.name], dtype=np.float32)
        rows = value[frames] if value.ndim == 2 else np.repeat(value[np.newaxis], len(frames), axis=0)
        if noise:
            disturbance = generator.standard_normal(rows.shape).astype(np.float32) * (1.0 + np.abs(rows))
            disturbance[-1] = 0.0
            rows = rows + noise * disturbance
        arrays.append(np.ascontiguousarray(rows.reshape(len(frames), *fit.frame_shape), dtype=np.float32))
    runner.bind(0, arrays)
    runner.start(0)
    runner.finish(0)
    return [np.array(result) for result in runner.results(0)]
