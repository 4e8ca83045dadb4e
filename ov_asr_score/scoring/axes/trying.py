"""Which of several readings of a model's inputs is right, found by running it.

Utterances of a batch do not know each other; frames of one utterance may. So an axis whose entries change each other's
scores does not hold utterances. Readings that are left must give the same scores, or the trial settles nothing.

Tests: tests/scoring/axes/test_settling.py
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import DeviceError
from ov_asr_score.scoring.axes.output_axes import OutputAxes
from ov_asr_score.scoring.axes.readings import axis_order, single_axes
from ov_asr_score.scoring.requests.runner import Float32Array, Runner
from ov_asr_score.scoring.utterances.noise_size import noise_size

TRIED_FRAMES = 160
"""More than models of speech look to either side."""

_SAMPLES_OF_FRAME = 160

# A value is summed in another order in another place of a request: rounding, not dependence.
_TOLERANCE = 1e-5
_UTTERANCES = 2

Verdict = Literal["holds", "refuted", "open"]


@dataclass(frozen=True, slots=True, eq=False)
class TrialInput:
    """Values for one input in a trial: ``frames`` [utterances, T, D] or, with ``letters`` without T, [utterances, D].

    ``values`` are the lengths of its axes of values.
    """

    letters: str
    values: tuple[int, ...]
    frames: Float32Array

    def array(self, utterances: Sequence[int]) -> Float32Array:
        """The values of those utterances, in the order of the input's axes."""
        chosen, order = self.frames[list(utterances)], axis_order(self.letters)
        if "N" not in self.letters:
            chosen, order = chosen[:1], [0, *order]
        lead = chosen.shape[:-1] if "T" in self.letters else chosen.shape[:1]
        value = chosen.reshape(*lead, *self.values).transpose(order)
        value = value if "N" in self.letters else value[0]
        return np.ascontiguousarray(np.expand_dims(value, single_axes(self.letters)), np.float32)

    def cut(self, start: int, stop: int) -> TrialInput:
        """The same for some of the frames."""
        return replace(self, frames=self.frames[:, start:stop]) if "T" in self.letters else self


def values_per_frame(values: Sequence[NDArray[Any] | None]) -> int:
    """How much longer utterances of trials must be than those of frames: where a frame has one value, it is a sample.

    Networks that take sound see hundreds of samples for each row of scores. A trial is no longer than the utterance at
    hand: other features may have one column, too, and what compares all frames needs memory by the square of them.
    """
    matrices = [value for value in values if value is not None and value.ndim == 2]
    if {value.shape[1] for value in matrices} != {1}:
        return 1
    return max(1, min(_SAMPLES_OF_FRAME, min(map(len, matrices)) // TRIED_FRAMES))


def tried_frames(
    value: Float32Array | None, width: int, num_frames: int | None, generator: np.random.Generator
) -> Float32Array:
    """[2, num_frames, width] (no frames: [2, width]) around ``value``, the frames or the vector of an utterance.

    Noise of their size goes with them: silence and repetitions would hide what depends on what.
    """
    shape = (_UTTERANCES, width) if num_frames is None else (_UTTERANCES, num_frames, width)
    base = np.zeros(shape, np.float32)
    if value is not None and value.size:
        rows = np.nan_to_num(np.atleast_2d(value).astype(np.float32), posinf=0.0, neginf=0.0)
        base[:] = rows[len(rows) // 2] if num_frames is None else rows[np.arange(num_frames) % len(rows)]
    if value is not None and value.size and np.isin(value, (0, 1)).all():
        # A mask: all other values would be the same one to a graph that takes it for true and false.
        return generator.integers(0, 2, shape).astype(np.float32)
    is_repeated = value is not None and value.ndim == 1 and num_frames is not None
    noise = generator.standard_normal((_UTTERANCES, 1, width) if is_repeated else shape)
    return (base + noise_size(base) * noise).astype(np.float32)


def judge_reading(
    runner: Runner,
    inputs: Sequence[TrialInput],
    moved: Sequence[TrialInput],
    batch_axes: Sequence[Sequence[int]],
    others: Mapping[int, NDArray[Any]],
) -> Verdict:
    """Whether two utterances of a request leave each other's scores alone, as the reading says.

    ``moved`` are other values for the same inputs, ``others`` those of inputs that are filled in; ``batch_axes`` are
    for each output the axes that follow the number of utterances. What fails, is not finite or does not change at all
    tells nothing.
    """
    if any(len(axes) > 1 for axes in batch_axes):
        return "refuted"
    if not all(batch_axes):
        return "open"  # an output without an axis of utterances, in a graph that may take one only
    try:
        before = run_once(runner, inputs, (0, 1), others)
        changes = []
        for number in range(_UTTERANCES):
            mixed = [_with_entry(given, other, number) for given, other in zip(inputs, moved, strict=True)]
            changes.append(run_once(runner, mixed, (0, 1), others))
    except DeviceError:
        return "open"
    changed_itself = False
    for output, (axis,) in enumerate(batch_axes):
        for number, after in enumerate(changes):
            one, other = (_entries(results[output], axis, inputs) for results in (before, after))
            if one is None or other is None or not (np.isfinite(one).all() and np.isfinite(other).all()):
                return "open"
            if _differ(one[1 - number], other[1 - number]):
                return "refuted"
            changed_itself = changed_itself or _differ(one[number], other[number])
    return "holds" if changed_itself else "open"


def run_once(
    runner: Runner,
    inputs: Sequence[TrialInput],
    utterances: Sequence[int],
    others: Mapping[int, NDArray[Any]] = MappingProxyType({}),
) -> list[Float32Array]:
    """The results for those utterances of ``inputs`` together, beside ``others`` by number. Raises DeviceError."""
    arrays = iter([given.array(utterances) for given in inputs])
    count = len(inputs) + len(others)
    runner.bind(0, [others[index] if index in others else next(arrays) for index in range(count)])
    runner.reset_state(0)
    runner.run(0)
    return [np.array(result) for result in runner.results(0)]


def scores_of(
    runner: Runner, inputs: Sequence[TrialInput], axes: Sequence[OutputAxes], total: int, piece: int
) -> list[Float32Array] | None:
    """The scores [rows, C] of one utterance of ``total`` frames by output; None where the runtime fails.

    It goes in pieces of ``piece`` frames.
    """
    parts = []
    for start in range(0, total, piece):
        cut = [given.cut(start, start + piece) for given in inputs]
        try:
            results = run_once(runner, cut, (0,))
        except DeviceError:
            return None
        parts.append([_matrix(result, output) for result, output in zip(results, axes, strict=True)])
    return [np.concatenate(matrices) for matrices in zip(*parts, strict=True)]


def agree(readings: Sequence[list[Float32Array] | None]) -> bool:
    """Whether all readings give the same scores."""
    first = readings[0]
    if first is None:
        return False
    for other in readings[1:]:
        if other is None or any(one.shape != two.shape for one, two in zip(first, other, strict=True)):
            return False
        if any(_differ(one, two) for one, two in zip(first, other, strict=True)):
            return False
    return True


def _with_entry(given: TrialInput, other: TrialInput, number: int) -> TrialInput:
    if "N" not in given.letters:
        return given  # one value for all utterances
    frames = given.frames.copy()
    frames[number] = other.frames[number]
    return replace(given, frames=frames)


def _entries(result: Float32Array, axis: int, inputs: Sequence[TrialInput]) -> Float32Array | None:
    """[2, …] of a result whose ``axis`` holds two utterances, or all their rows in the order of the inputs' axes."""
    if result.ndim <= axis or result.shape[axis] % _UTTERANCES:
        return None
    moved = np.moveaxis(result, axis, 0)
    if len(moved) == _UTTERANCES:
        return moved
    first = next((given.letters for given in inputs if "T" in given.letters), "NT")
    if first.find("N") < first.find("T"):
        return moved.reshape(_UTTERANCES, -1, *moved.shape[1:])
    return np.moveaxis(moved.reshape(-1, _UTTERANCES, *moved.shape[1:]), 1, 0)


def _matrix(result: Float32Array, axes: OutputAxes) -> Float32Array:
    if axes.head is not None:
        result = np.take(result, [axes.chosen], axis=axes.head)
    front = [*([axes.time] if axes.time is not None else []), *axes.values]
    order = [*front, *(axis for axis in range(result.ndim) if axis not in front)]
    if max((axes.time or 0, *axes.values), default=0) >= max(1, result.ndim):
        raise DeviceError(f"found {result.ndim} axes in a result, of which shapes alone promised more")
    rows = result.shape[axes.time] if axes.time is not None else 1
    return result.transpose(order).reshape(rows, -1)


def _differ(one: Float32Array, other: Float32Array) -> bool:
    if one.shape != other.shape:
        return True
    with np.errstate(all="ignore"):
        scale = float(np.max(np.abs(one), initial=0.0))
        return not bool(np.all(np.abs(one - other) <= _TOLERANCE * scale))
