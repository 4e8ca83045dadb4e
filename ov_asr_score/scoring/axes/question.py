"""Which readings of a model's axes its graph can have, and which of them a trial leaves.

Tests: tests/scoring/axes/test_settling.py
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from math import lcm
from typing import Any

from numpy.typing import NDArray

from ov_asr_score.errors import DeviceError, OvAsrScoreError, UnsupportedModelError
from ov_asr_score.ov_model.model_description import describe_ports
from ov_asr_score.ports import shape_text
from ov_asr_score.scoring.axes.filled_readings import FilledReadings, trial_values
from ov_asr_score.scoring.axes.known_axes import FedInput, UnsettledModel, WantedOutput
from ov_asr_score.scoring.axes.output_axes import OutputAxes, UndecidedAxesError, decide_output
from ov_asr_score.scoring.axes.probing import ShapeProbe, Shapes
from ov_asr_score.scoring.axes.readings import has_time, layout_text, length_along, request_shape, value_lengths
from ov_asr_score.scoring.axes.trial_runners import TrialRunners
from ov_asr_score.scoring.axes.trying import TRIED_FRAMES, agree, judge_reading, run_once, scores_of, values_per_frame

# Lengths of utterances that no axis of another meaning is likely to have, longer than what graphs need at least.
_LENGTHS = (307, 419)
_TRIED_LENGTHS = (TRIED_FRAMES - 1, TRIED_FRAMES + 20)
_MOST_FRAMES = 4000
# Readings beyond these are asked for without a trial.
_MOST_READINGS = 24


class Question:
    """What is to be found out about the axes of a model."""

    def __init__(self, unsettled: UnsettledModel, ports: Sequence[FedInput]) -> None:
        """Nothing has been tried yet."""
        model, plan = unsettled.model, unsettled.plan
        self.model, self.plan, self.known = model, plan, unsettled.known
        self.ports, self.outputs, self.wanted = ports, unsettled.outputs, unsettled.wanted
        self.readings = FilledReadings(unsettled, ports)
        self._cause = ""
        self._trial = TrialRunners(unsettled, ports, self.readings)
        self.is_stateful = bool(model.get_sinks() or plan.states)
        unit = values_per_frame([port.value for port in ports])
        self._lengths = tuple(length * unit for length in _LENGTHS)
        self._tried_lengths = tuple(length * unit for length in _TRIED_LENGTHS)
        self._tried_frames, self._most_frames = TRIED_FRAMES * unit, _MOST_FRAMES * unit

    @cached_property
    def _probe(self) -> ShapeProbe:
        """The model with nothing filled in, of which only a trial needs a copy."""
        return ShapeProbe(self.model)

    def can_be(self, reading: Sequence[str]) -> bool:
        """Whether the graph takes shapes as the reading has them, and its other inputs can be filled in."""
        try:
            shapes = self._shapes(reading, self._length(reading, self._lengths[0]))
        except OvAsrScoreError as error:
            self._cause = str(error)
            return False
        return shapes is not None

    def keeps_ranks(self, reading: Sequence[str]) -> bool:
        """Whether outputs have as many axes for many frames as the model itself says."""
        shapes = self._shapes(reading, self._lengths[0])
        if shapes is None:
            return False
        pairs = [(self.outputs[want.number].shape, shapes[want.number]) for want in self.wanted]
        return all(own is None or (found is not None and len(own) == len(found)) for own, found in pairs)

    def output_axes(self, reading: Sequence[str]) -> tuple[OutputAxes, ...]:
        """The axes of the wanted outputs. Raises UnsupportedModelError."""
        found = []
        for want in self.wanted:
            try:
                found.append(self._output(reading, want))
            except UndecidedAxesError as error:
                port = self.outputs[want.number]
                raise UnsupportedModelError(
                    f"output '{port.name}' {shape_text(port.shape)} {error}{error.advice(port.name, port.shape)}",
                    fields=(*error.fields, "layout", "outputs"),
                ) from error
        return tuple(found)

    def try_out(self, joint: Sequence[Sequence[str]]) -> Sequence[str]:
        """The reading that a trial leaves; if it leaves several, the first, provided that all give the same scores.

        Raises UnsupportedModelError where none or several are left.
        """
        if len(joint) > _MOST_READINGS:
            raise self._ask(joint)
        verdicts = [self._verdict(reading) for reading in joint]
        left = [reading for reading, verdict in zip(joint, verdicts, strict=True) if verdict == "holds"]
        if not left and "open" in verdicts:
            # A graph that takes one utterance only may do anything with two: what that refutes is not out of question.
            left = [reading for reading in joint if self._can_run(reading)]
        if any(port.name in self.known.given for port in self.outputs):
            left = [reading for reading in left if self._decides_outputs(reading)] or left
        if len(left) == 1:
            return left[0]
        if not left or not self._give_the_same(left):
            raise self._ask(left or joint)
        return left[0]

    def doubt(self, reading: Sequence[str]) -> str:
        """What to say of a reading in which a fixed length that nobody speaks of is that of a batch or of time.

        Empty where a trial leaves it: a batch must be confirmed, unless states keep the graph to its own; frames of a
        fixed number beside utterances of a free one must not be refuted.
        """
        batches, times = self._guessed(reading, "N"), self._guessed(reading, "T")
        if not has_time(reading) or not (batches or times):
            return ""
        layouts = ",".join(layout_text(port.info, letters) for port, letters in zip(self.ports, reading, strict=True))
        verdict = self._verdict(reading)
        if verdict == "refuted":
            why = f"its axes are not {layouts}, because entries along N depend on each other"
        elif verdict == "open" and batches and not self.is_stateful:
            why = f"a trial does not tell whether its axes are {layouts}; if they are, say it with layout {layouts}"
        else:
            return ""
        return f"input {self._port_names()}: {why}"

    def _guessed(self, reading: Sequence[str], letter: str) -> bool:
        """Whether an axis of an input that has utterances and frames is ``letter`` for no reason but its fixed length.

        Frames are, if the utterances of the same input may be any number.
        """
        for port, letters in zip(self.ports, reading, strict=True):
            shape = port.info.shape or ()
            free_batch = "N" in letters and length_along(letters, shape, "N") is None
            for each, length, said in zip(letters, shape, port.said, strict=True):
                if each == letter and length not in (None, 1) and said == "?" and (letter == "N" or free_batch):
                    return True
        return False

    def no_reading(self) -> str:
        """What to say where the graph takes none of the readings."""
        widths = ", ".join(str(port.width) for port in self.ports)
        return (
            f"input {self._port_names()}: the graph does not take features of {widths} values "
            f"in any order of axes: {self._cause}"
        )

    def _port_names(self) -> str:
        return ", ".join(f"'{port.info.name}' {shape_text(port.info.shape)}" for port in self.ports)

    def _ask(self, joint: Sequence[Sequence[str]]) -> UnsupportedModelError:
        layouts = [
            ",".join(
                layout_text(port.info, letters)
                for port, letters in zip(self.ports, self._as_one_utterance(reading), strict=True)
                if len(port.readings) > 1
            )
            for reading in joint
        ]
        return UnsupportedModelError(
            f"input {self._port_names()}: cannot tell what the axes mean (N utterances, T frames, C values); say "
            f"it with layout {' or '.join(dict.fromkeys(layouts))}",
            fields=("layout",),
        )

    def _as_one_utterance(self, reading: Sequence[str]) -> Sequence[str]:
        """The reading with T for rows of frames: that is right whether or not they depend on each other."""
        return reading if self.is_stateful or has_time(reading) else [letters.replace("N", "T") for letters in reading]

    def _own_length(self, reading: Sequence[str]) -> int | None:
        """The frames of a request, where the axis that they lie along has a fixed length."""
        along = "T" if has_time(reading) else "N"
        lengths = {
            length_along(letters, port.info.shape or (), along)
            for port, letters in zip(self.ports, reading, strict=True)
            if along in letters
        }
        if not lengths:
            return 1
        own = max(filter(None, lengths), default=None)
        return 1 if own is None and self.is_stateful and along == "N" else own

    def _length(self, reading: Sequence[str], preferred: int) -> int:
        """The frames of a probe: as the axis of time has them, or ``preferred`` where it is free."""
        return self._own_length(reading) or preferred

    def _shapes(self, reading: Sequence[str], frames: int) -> Shapes | None:
        """The shapes of all outputs in the order of the model for one utterance of so many frames."""
        filled = self.readings.of(reading)
        lengths = self._port_shapes(reading, 1, frames)
        names = [port.name for port in describe_ports(filled.filled.model)[0]]
        by_name = {port.info.name: shape for port, shape in zip(self.ports, lengths, strict=True)}
        found = filled.probe.outputs({index: by_name[name] for index, name in enumerate(names)})
        if found is None:
            self._cause = filled.probe.cause
            return None
        return tuple(
            found[filled.numbers[number]] if number in filled.numbers else None for number in range(len(self.outputs))
        )

    def _shapes_of_several(self, reading: Sequence[str], utterances: int, frames: int) -> Shapes | None:
        """The shapes of all outputs for several utterances."""
        shapes = {index: value.shape for index, value in self._other_values(utterances, frames).items()}
        lengths = iter(self._port_shapes(reading, utterances, frames))
        numbers = range(len(self.model.inputs))
        return self._probe.outputs({index: shapes[index] if index in shapes else next(lengths) for index in numbers})

    def _port_shapes(self, reading: Sequence[str], utterances: int, frames: int) -> list[tuple[int, ...]]:
        rows, shapes = not has_time(reading), []
        for port, letters in zip(self.ports, reading, strict=True):
            takes_frames = port.value is None or port.value.ndim == 2 or rows
            along = frames if rows and takes_frames else utterances
            shapes.append(request_shape(letters, port.info.shape or (), port.width, along, frames))
        return shapes

    def _other_values(self, utterances: int, frames: int) -> dict[int, NDArray[Any]]:
        return trial_values(self.model, self.plan, utterances, frames) if self.plan else {}

    def _output(self, reading: Sequence[str], want: WantedOutput) -> OutputAxes:
        own, (short, long) = self._own_length(reading), self._lengths
        shapes, longer = (self._shapes(reading, length) for length in (short, long))
        if shapes is None or longer is None or (own is not None and self.is_stateful and not has_time(reading)):
            # The graph takes no other length than its own.
            shapes, longer, short = self._shapes(reading, own or short), None, own or short
        shape, other = (found[want.number] if found else None for found in (shapes, longer))
        if shape is None or None in shape or (longer is not None and (other is None or None in other)):
            shape, other, short = self._run_shapes(reading, want)
        said = self.known.given.get(self.outputs[want.number].name)
        frames = None if short == 1 and other is None else short
        shift = self.known.shift if self.is_stateful and own is not None else None
        return decide_output(shape, other, frames, said, want.chosen, self._frame_shape(reading), shift)

    def _frame_shape(self, reading: Sequence[str]) -> tuple[int, ...]:
        """The axes of values of the first input that takes frames."""
        for port, letters in zip(self.ports, reading, strict=True):
            if "T" in letters or not has_time(reading):
                return value_lengths(letters, port.info.shape or (), port.width)
        return ()

    def _run_shapes(
        self, reading: Sequence[str], want: WantedOutput
    ) -> tuple[tuple[int, ...], tuple[int, ...] | None, int]:
        """Shapes that only runs tell: for an utterance, for a longer one if there can be, and the frames of the first.

        Raises DeviceError.
        """
        own = self._own_length(reading)
        shapes = []
        for length in self._tried_lengths if own is None else (own,):
            (result,) = run_once(self._trial.runner(reading, [want]), self._trial.inputs(reading, 0, length), (0,))
            shapes.append(tuple(result.shape))
        return shapes[0], shapes[1] if len(shapes) > 1 else None, own or self._tried_lengths[0]

    def _verdict(self, reading: Sequence[str]) -> str:
        length = self._length(reading, self._tried_frames)
        rows = not has_time(reading)
        if not any("N" in letters for letters in reading):
            return "open"
        two, three = (self._shapes_of_several(reading, count, count if rows else length) for count in (2, 3))
        if two is None or three is None:
            return "open"
        axes = []
        for want in self.wanted:
            one, other = two[want.number], three[want.number]
            if one is None or other is None or len(one) != len(other) or None in one or None in other:
                return "open"
            axes.append([axis for axis, (a, b) in enumerate(zip(one, other, strict=True)) if a != b])
        given, moved = (self._trial.inputs(reading, seed, length, as_utterances=True) for seed in (0, 1))
        others = self._other_values(2, length)
        verdict = judge_reading(self._trial.open_runner(self.wanted), given, moved, axes, others)
        # Rows that know each other are frames of one utterance, which is no contradiction.
        return "open" if verdict == "refuted" and not has_time(reading) else verdict

    def _give_the_same(self, readings: Sequence[Sequence[str]]) -> bool:
        pieces = [self._own_length(reading) for reading in readings]
        common = lcm(*filter(None, pieces))
        if common > self._most_frames:
            return False
        total, scores = -(-self._tried_frames // common) * common, []
        decided = [self._decides_outputs(reading) for reading in readings]
        if not all(decided):
            return not any(decided)  # the outputs are the first thing to ask for
        for reading, piece in zip(readings, pieces, strict=True):
            runner, inputs = self._trial.runner(reading, self.wanted), self._trial.inputs(reading, 0, total)
            try:
                scores.append(scores_of(runner, inputs, self.output_axes(reading), total, piece or total))
            except DeviceError:
                return False  # shapes alone promised too much
        return agree(scores)

    def _can_run(self, reading: Sequence[str]) -> bool:
        """Whether the graph computes an utterance that lies as the reading says; shapes alone promise too much."""
        inputs = self._trial.inputs(reading, 0, self._length(reading, self._tried_frames))
        try:
            run_once(self._trial.runner(reading, self.wanted), inputs, (0,))
        except DeviceError:
            return False
        return True

    def _decides_outputs(self, reading: Sequence[str]) -> bool:
        try:
            self.output_axes(reading)
        except UnsupportedModelError:
            return False
        return True
