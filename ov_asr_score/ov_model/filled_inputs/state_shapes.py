"""How large a state is when an utterance begins, where the model leaves it free: settled by trying shapes.

The graph says how long an axis of the state is after a request of a number of frames, if it was so long before. An axis
that only a batch of one fits, or that is as long as the batch of features or scores, has length 1; one that comes out
longer than it was is a cache that grows and begins empty; one that always comes out with the same length begins with
that. Whatever else comes out does not settle it, and is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from ov_asr_score.errors import UsageError
from ov_asr_score.openvino_api import RUNTIME_ERRORS, ov
from ov_asr_score.ov_model.filled_inputs.fillings import StatePair
from ov_asr_score.ov_model.model_description import describe_ports, shape_of
from ov_asr_score.ov_model.outputs import port_index
from ov_asr_score.ports import PortInfo, shape_text

# Numbers of frames: few, for caches that are soon full, and many, for models that need a context.
_FRAMES = (1, 3, 9, 19, 67, 131)
_LENGTHS = (1, 2, 4)
_FEW = _LENGTHS[1]

Shape = tuple[int, ...]
_Axis = tuple[int, int]  # the number of a state, an axis of it
_Lengths = dict[tuple[int, int], int]  # that an axis comes out with, by the length it had and the number of frames


def first_shapes(model: ov.Model, pairs: Sequence[StatePair], requests: Mapping[str, Sequence[int]]) -> list[Shape]:
    """The shape of each state when an utterance begins.

    ``requests`` are the shapes of the inputs that have tables, with -1 where their frames lie. Raises UsageError where
    neither the model nor a trial says how long an axis is.
    """
    inputs, outputs = describe_ports(model)
    states = [_begun(inputs[port_index(inputs, pair.input)], pair) for pair in pairs]
    shapes = [list(port.shape or ()) for port in states]
    free = [(number, axis) for number, shape in enumerate(shapes) for axis, size in enumerate(shape) if size is None]
    if not free:
        return [tuple(0 if size is None else size for size in shape) for shape in shapes]
    probe = _Probe(model, states, [port_index(outputs, pair.output, "output") for pair in pairs], requests)
    found: dict[_Axis, int] = {}
    for together in (False, True):
        open_axes = [axis for axis in free if axis not in found]
        for each in open_axes:
            length = probe.first_length(each, open_axes if together else [each])
            if length is not None:
                found[each] = length
    for number, axis in free:
        if (number, axis) not in found:
            port, output = states[number], pairs[number].output
            example = ",".join("N" if size is None else str(size) for size in port.shape or ())
            raise UsageError(
                f"states: cannot tell how long axis {axis + 1} of '{port.name}' {shape_text(port.shape)} is when an "
                f"utterance begins; say it with states '{port.name}={output}[{example}]', with a number for N",
                fields=("states", "states"),
            )
    return [
        tuple(found[number, axis] if size is None else size for axis, size in enumerate(shape))
        for number, shape in enumerate(shapes)
    ]


def _begun(port: PortInfo, pair: StatePair) -> PortInfo:
    """The input, in the shape that is asked for where there is one."""
    return port if pair.shape is None else replace(port, shape=pair.shape)


class _Probe:
    """A model that is given one shape after the other."""

    def __init__(
        self, model: ov.Model, states: Sequence[PortInfo], outputs: Sequence[int], requests: Mapping[str, Sequence[int]]
    ) -> None:
        self._model, self._original, self._outputs = model.clone(), model, outputs
        self._request: ov.InferRequest | None = None
        self._ports = describe_ports(model)[0]
        self._requests = {port_index(self._ports, name): shape for name, shape in requests.items()}
        self._states = [port_index(self._ports, port.name) for port in states]
        self._known = [port.shape or () for port in states]
        self._given = [port.get_partial_shape() for port in model.inputs]
        self._frames = _FRAMES if self._takes_any_frames() else (1,)

    def first_length(self, axis: _Axis, together: Iterable[_Axis]) -> int | None:
        """How long ``axis`` is at first, tried with all axes of ``together`` as long as it; None: not settled."""
        lengths: _Lengths = {}
        for length in _LENGTHS:
            for frames in self._frames:
                after = self._length_after(axis, dict.fromkeys(together, length), frames)
                if after is not None:
                    lengths[length, frames] = after
        if not lengths:
            return None
        before, tried = ({key[place] for key in lengths} for place in (0, 1))
        if all(after == before for (before, _), after in lengths.items()):
            is_one = before == {1} and (len(tried) > 1 or tried == {self._frames[-1]})
            return 1 if is_one or self._follows_batch(axis) or self._widens_scores(axis) else None
        if len(before) > 1 and len(set(lengths.values())) == 1:
            return next(iter(lengths.values()))
        return 0 if self._grows(lengths) else None

    def _grows(self, lengths: _Lengths) -> bool:
        """Whether frames are added to what was there; one alone may stand for a batch that is broadcast."""
        longer = any(after > before for (before, _), after in lengths.items() if before != 1)
        after = ({length for (_, frames), length in lengths.items() if frames == each} for each in self._frames)
        keeps = any(len(different) > 1 for different in after)
        return longer and keeps

    def _follows_batch(self, axis: _Axis) -> bool:
        """Whether the axis has to be as long as another free axis of the features that does not hold frames."""
        for index, place in self._batch_axes():
            one = self._length_after(axis, {axis: 1}, self._frames[-1], {(index, place): _FEW})
            two = self._length_after(axis, {axis: _FEW}, self._frames[-1], {(index, place): _FEW})
            if two == _FEW and one in (None, _FEW):
                return True
        return False

    def _widens_scores(self, axis: _Axis) -> bool:
        """Whether a state of length two makes an axis of the scores two long, as two utterances would."""
        for frames in self._frames:
            one, two = (self._shapes_after({axis: length}, frames) for length in (1, _FEW))
            for number, (before, after) in enumerate(zip(one, two, strict=False)):
                if number in self._outputs or before is None or after is None or len(before) != len(after):
                    continue
                if any((a, b) == (1, _FEW) for a, b in zip(before, after, strict=True)):
                    return True
        return False

    def _batch_axes(self) -> Iterable[_Axis]:
        for index, shape in self._requests.items():
            given = self._given[index]
            if given.rank.is_dynamic or len(given) != len(shape):
                continue
            if -1 in shape and len(shape) == 2 and shape.index(-1) == 0:
                yield index, 0  # of [N, D] nothing tells frames from a batch
            for place, size in enumerate(shape):
                if size == 1 and given[place].is_dynamic:
                    yield index, place

    def _takes_any_frames(self) -> bool:
        for index, shape in self._requests.items():
            given = self._given[index]
            if len(shape) == 2 and shape[0] == -1:
                return False  # frames of a model with states go in one by one
            if -1 in shape and (given.rank.is_dynamic or given[list(shape).index(-1)].is_dynamic):
                return True
        return False

    def _length_after(
        self, axis: _Axis, lengths: Mapping[_Axis, int], frames: int, others: Mapping[_Axis, int] | None = None
    ) -> int | None:
        """How long ``axis`` of a state comes out; None: such shapes are not taken, or only running it would tell."""
        after = self._shapes_after(lengths, frames, others)
        shape = after[self._outputs[axis[0]]] if after else None
        return None if shape is None or len(shape) <= axis[1] else shape[axis[1]]

    def _shapes_after(
        self, lengths: Mapping[_Axis, int], frames: int, others: Mapping[_Axis, int] | None = None
    ) -> list[tuple[int | None, ...] | None]:
        """The shapes of all outputs; none where such shapes are not taken."""
        shapes = {}
        for index, given in enumerate(self._given):
            if index in self._states:
                state = self._states.index(index)
                shapes[index] = [
                    lengths.get((state, place), 1) if size is None else size
                    for place, size in enumerate(self._known[state])
                ]
            elif index in self._requests and not given.rank.is_dynamic:
                sizes = [
                    (frames if size == -1 else size) if given[place].is_dynamic else given[place].get_length()
                    for place, size in enumerate(self._requests[index])
                ]
                shapes[index] = [(others or {}).get((index, place), size) for place, size in enumerate(sizes)]
            elif not given.rank.is_dynamic:
                shapes[index] = [1 if size.is_dynamic else size.get_length() for size in given]
        try:
            self._model.reshape({index: ov.PartialShape(shape) for index, shape in shapes.items()})
        except RUNTIME_ERRORS:
            return []
        after = [shape_of(output.get_partial_shape()) for output in self._model.outputs]
        if all(None not in (after[number] or (None,)) for number in self._outputs):
            return after
        return self._shapes_when_run([shapes.get(index, []) for index in range(len(self._given))])

    def _shapes_when_run(self, shapes: Sequence[Sequence[int]]) -> list[tuple[int | None, ...] | None]:
        """The shapes of all outputs for zeros of these shapes, where they follow from what the model computes."""
        try:
            if self._request is None:
                self._request = ov.Core().compile_model(self._original, "CPU").create_infer_request()
            types = [port.get_element_type().to_dtype() for port in self._original.inputs]
            arrays = [np.zeros(shape, dtype) for shape, dtype in zip(shapes, types, strict=True)]
            self._request.infer(dict(enumerate(arrays)))
        except RUNTIME_ERRORS:
            return []
        return [tuple(self._request.get_output_tensor(index).shape) for index in range(len(self._original.outputs))]
