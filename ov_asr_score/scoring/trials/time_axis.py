"""Which of two free axes is time: ``[?, ?, D]`` may be [N, T, D] or, as in PyTorch's LSTM, [T, N, D]."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ov_asr_score.errors import DeviceError, UnsupportedModelError
from ov_asr_score.ports import PortInfo, shape_text
from ov_asr_score.scoring.input_fit import InputFit
from ov_asr_score.scoring.requests.runner import Float32Array, Runner

_TRIED_FRAMES = 24
_TOLERANCE = 1e-5


def open_time_axes(inputs: Sequence[PortInfo], fits: Sequence[InputFit]) -> bool:
    """True when shapes and layouts leave it open which axis of the inputs is time, and trying can tell."""
    shapes = [port.shape for port in inputs if not port.layout and port.shape is not None and len(port.shape) == 3]
    both_free = [shape for shape in shapes if shape[0] is None and shape[1] is None]
    return bool(both_free) and len(both_free) == len(inputs) and all(fit.kind == "time" for fit in fits)


def time_comes_first(runner: Runner, fits: Sequence[InputFit]) -> bool:
    """Whether inputs are [T, N, D] rather than [N, T, D], for a runner whose inputs have both axes free.

    Entries along the batch axis do not know each other; those along time do, in any model that looks along time. A
    model that looks along neither is the same either way. Raises UnsupportedModelError when entries along both axes
    know each other.
    """
    try:
        if _entries_are_independent(runner, fits, axis=0):
            return False
        if _entries_are_independent(runner, fits, axis=1):
            return True
    except DeviceError:
        return False  # a graph that takes one utterance only; [N, T, D] is the usual order
    raise UnsupportedModelError(
        f"input '{fits[0].name}' {shape_text((None, None, fits[0].width))}: cannot tell which axis is time; say it "
        "with layout [NTC] or [TNC]",
        fields=("layout",),
    )


def _entries_are_independent(runner: Runner, fits: Sequence[InputFit], axis: int) -> bool:
    """True when neither of two entries along ``axis`` changes the results of the other."""
    generator = np.random.default_rng(0)
    sizes = (2, _TRIED_FRAMES) if axis == 0 else (_TRIED_FRAMES, 2)
    arrays = [generator.standard_normal((*sizes, fit.width)).astype(np.float32) for fit in fits]
    before = _run(runner, arrays)
    for kept in (0, 1):
        changed = [array.copy() for array in arrays]
        for array in changed:
            other = (slice(None),) * axis + (1 - kept,)
            array[other] = generator.standard_normal(array[other].shape)
        for one, two in zip(before, _run(runner, changed), strict=True):
            first, second = _entry(one, kept, axis), _entry(two, kept, axis)
            if first is None or second is None or first.shape != second.shape:
                return False
            if np.any(np.abs(first - second) > _TOLERANCE * (1.0 + np.max(np.abs(first)))):
                return False
    return True


def _entry(result: Float32Array, kept: int, axis: int) -> Float32Array | None:
    """What belongs to entry ``kept`` of a result that has both axes, or both folded into one; None for neither."""
    if result.ndim >= 3 and result.shape[axis] == 2:
        return result[kept] if axis == 0 else result[:, kept]
    if result.ndim == 2 and len(result) == 2 * _TRIED_FRAMES:
        unfolded = result.reshape((2, _TRIED_FRAMES, -1) if axis == 0 else (_TRIED_FRAMES, 2, -1))
        return unfolded[kept] if axis == 0 else unfolded[:, kept]
    return None


def _run(runner: Runner, arrays: Sequence[Float32Array]) -> list[Float32Array]:
    runner.bind(0, arrays)
    runner.run(0)
    return [np.array(result) for result in runner.results(0)]
