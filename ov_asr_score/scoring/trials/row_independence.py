"""Whether the rows of a request are scored each on its own, found by trying."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ov_asr_score.errors import DeviceError
from ov_asr_score.scoring.input_fit import InputFit
from ov_asr_score.scoring.plan import RowsPlan
from ov_asr_score.scoring.requests.runner import Float32Array, Runner
from ov_asr_score.scoring.utterances.joining import Utterance

# As many frames as any model of speech looks to either side.
_TRIED_ROWS = 128
# Another number of rows, where the graph takes any: scores that depend on how many there are differ.
_FEWER_ROWS = 45
# In the same place of a matrix product a row is computed in the same way, whatever is beside it.
_SAME_PLACE_TOLERANCE = 1e-5
# In another place it may be summed in another order: rounding, not dependence.
_OTHER_PLACE_TOLERANCE = 1e-2


def rows_are_independent(runner: Runner, fits: Sequence[InputFit], plan: RowsPlan, utterance: Utterance | None) -> bool:
    """True when a frame gets the same scores beside other frames, in another row, and in a request of fewer rows.

    Uses frames of ``utterance`` (None: noise alone); a graph [T, D] that looks along T (a recurrent one, one with
    convolution or slices over time) is told from one whose first axis is a batch, which its shapes cannot say. Taking a
    batch for time is slow, the other way round would be wrong. Results that are not finite tell nothing.
    """
    size = plan.frames_per_request if plan.pad else _TRIED_ROWS
    if size < 2:
        return True
    # What overflows tells nothing, and numpy's warnings would tell nobody where it comes from.
    with np.errstate(all="ignore"):
        return _rows_agree(runner, fits, utterance, size, 0 if plan.pad else _FEWER_ROWS)


def _rows_agree(runner: Runner, fits: Sequence[InputFit], utterance: Utterance | None, size: int, fewer: int) -> bool:
    frames, middle = _frames(fits, utterance, size), size // 2
    disturbed = _disturbed(frames, middle)
    turned = [np.roll(rows, size - middle, axis=0) for rows in disturbed]  # the middle frame comes first
    results = [_run(runner, fits, rows) for rows in (frames, disturbed, turned)]
    first = middle - fewer // 2
    try:
        # Noise is as large as can be, so that what depends on the number of rows is more than rounding.
        few = [rows[first : first + fewer] for rows in disturbed]
        results.append(_run(runner, fits, few) if fewer else results[1])
    except DeviceError:
        return False  # so many frames are needed at least, of one utterance
    for one, beside_others, elsewhere, among_few in zip(*results, strict=True):
        if any(len(matrix) != size for matrix in (one, beside_others, elsewhere)):
            return False
        if len(among_few) != (fewer or size):
            return False
        scale = float(np.max(np.abs(one[middle]), initial=0.0))
        if _differ(one[middle], beside_others[middle], _SAME_PLACE_TOLERANCE * scale):
            return False
        if _differ(one[middle], elsewhere[0], _OTHER_PLACE_TOLERANCE * scale):
            return False
        same = beside_others[first : first + fewer]
        if fewer and _differ(same, among_few, _OTHER_PLACE_TOLERANCE * float(np.max(np.abs(same), initial=0.0))):
            return False
    return True


def _differ(one: Float32Array, other: Float32Array, tolerance: float) -> bool:
    return bool(np.any(np.abs(one - other) > tolerance))


def _frames(fits: Sequence[InputFit], utterance: Utterance | None, size: int) -> list[Float32Array]:
    """``size`` rows for each input, the utterance's frames again and again; infinite and missing values are zero."""
    frames: list[Float32Array] = []
    for fit in fits:
        rows = np.zeros((size, fit.width), dtype=np.float32)
        if utterance is not None and utterance.num_frames:
            value = np.atleast_2d(utterance.features[fit.name])
            rows[:] = np.nan_to_num(value[np.arange(size) % len(value)], posinf=0.0, neginf=0.0)
        frames.append(rows)
    return frames


def _disturbed(frames: Sequence[Float32Array], kept: int) -> list[Float32Array]:
    """The frames with noise as large as themselves in all rows but one."""
    generator = np.random.default_rng(0)
    disturbed = []
    for rows in frames:
        noise = generator.standard_normal(rows.shape).astype(np.float32) * (1.0 + np.abs(rows))
        noise[kept] = 0.0
        disturbed.append((rows + noise).astype(np.float32))
    return disturbed


def _run(runner: Runner, fits: Sequence[InputFit], frames: Sequence[Float32Array]) -> list[Float32Array]:
    runner.bind(0, [rows.reshape(fit.shape) for fit, rows in zip(fits, frames, strict=True)])
    runner.run(0)
    return [np.array(result) for result in runner.results(0)]
