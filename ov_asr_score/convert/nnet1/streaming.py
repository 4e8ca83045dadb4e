"""A chain of components of nnet1 for a few frames per request.

Every component has the frames of its own time: those of an utterance, from its frame 0 on. What comes before is of no
meaning, but for copies of the first frame that go into the first Splice. A Splice further down repeats the edges of its
own input, which only a count of the frames can tell.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ov_asr_score.convert.frames.grids import Grid, Interval
from ov_asr_score.convert.graph.streaming_axis import FrameAxis
from ov_asr_score.convert.graph.utterance_axis import select_frames, slice_frames
from ov_asr_score.convert.layers.component_fields import integers
from ov_asr_score.convert.nnet1.folding import fold_chain
from ov_asr_score.convert.nnet1.nested import input_columns
from ov_asr_score.convert.nnet1.recurrent import RECURRENCES, Recurrence
from ov_asr_score.convert.registry import find_converter
from ov_asr_score.convert.tensors.columns import append_columns
from ov_asr_score.convert.tensors.tensor_iterator import loop_with_states
from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.kaldi_model.network import Component
from ov_asr_score.openvino_api import opset, ov

_WHOLE_UTTERANCE = frozenset(
    {"BlstmProjected", "MultiBasisComponent", "SentenceAveragingComponent", "SimpleSentenceAveragingComponent"}
)


@dataclass(frozen=True, slots=True, eq=False)
class Stream:
    """Frames [B, F, D] of a request; in request k the first of them is frame k F + ``first`` of the utterance.

    ``is_local`` says that each frame is computed of the same frame of features alone.
    """

    output: ov.Output
    first: int
    is_local: bool


def chain_streams(
    chain: Sequence[Component], features: Stream, axis: FrameAxis, keep: frozenset[str] = frozenset()
) -> dict[str, Stream]:
    """What the components give, by name, as ``build_values`` does for whole utterances.

    Raises UnsupportedModelError.
    """
    streams, stream = {"": features}, features
    for component in fold_chain(chain, keep):
        before, stream = stream, _component_stream(component, stream, axis)
        if stream.output.get_node().get_name() != before.output.get_node().get_name():
            stream.output.get_node().set_friendly_name(component.name)
        streams[component.name] = stream
    return streams


def frames_before(chain: Sequence[Component]) -> int:
    """How many copies of the first frame go in before an utterance: as many as the first Splice looks back."""
    for component in chain:
        if component.type == "Splice":
            return -min(0, int(integers(component, "FrameOffsets").min()))
        if component.type == "ParallelComponent" and (most := max(map(frames_before, component.nested))):
            return most
        if component.type in RECURRENCES:
            break
    return 0


def stream_problems(chain: Sequence[Component]) -> list[str]:
    """Names and types of components that need all of an utterance."""
    found = []
    for component in chain:
        if component.type in _WHOLE_UTTERANCE:
            found.append(f"'{component.name}' ({component.type} at byte {component.offset})")
        for inner in component.nested:
            found += stream_problems(inner)
    return found


def chain_reach(chain: Sequence[Component], left: int, right: int) -> tuple[int | None, int | None]:
    """How many frames before and after its own a row of scores may depend on, None for any number.

    ``left`` and ``right`` are the contexts of the chain. A Splice after another or after a recurrence repeats the last
    frame of what it reads, which is not what it would read beyond: such a chain knows where its utterance ends.
    """
    types = list(_all_types(chain))
    if stream_problems(chain) or types.count("Splice") > 1:
        return None, None
    if not RECURRENCES.keys().isdisjoint(types):
        return None, right if "Splice" not in types or types[0] == "Splice" else None
    return left, right


def _all_types(chain: Sequence[Component]) -> Iterator[str]:
    for component in chain:
        yield component.type
        for inner in component.nested:
            yield from _all_types(inner)


def aligned(streams: Sequence[Stream], axis: FrameAxis) -> list[Stream]:
    """The streams, those that are ahead of others held back."""
    first = min(stream.first for stream in streams)
    held = []
    for stream in streams:
        early = stream.first - first
        output = stream.output
        if early:
            name = stream.output.get_node().get_friendly_name()
            output = slice_frames(axis.remembering(f"{name}.aligned", output, early), 0, -early)
        held.append(Stream(output, first, stream.is_local))
    return held


def _component_stream(component: Component, stream: Stream, axis: FrameAxis) -> Stream:
    if component.type == "Splice":
        return _splice(component, stream, axis)
    if component.type in RECURRENCES:
        return Stream(_recur(RECURRENCES[component.type](component, stream.output), stream, axis), stream.first, False)
    if component.type == "ParallelComponent":
        parts = input_columns(component, stream.output)
        inner = [
            [*chain_streams(chain, Stream(part, stream.first, stream.is_local), axis).values()][-1]
            for chain, part in zip(component.nested, parts, strict=True)
        ]
        held = aligned(inner, axis)
        columns = append_columns([each.output for each in held])
        return Stream(columns, held[0].first, all(each.is_local for each in held))
    converter = find_converter(1, component.type)
    if converter is None or component.type in _WHOLE_UTTERANCE:
        raise UnsupportedModelError(f"component '{component.name}' ({component.type}) needs the whole utterance")
    return Stream(converter(component, stream.output), stream.first, stream.is_local)


def _splice(component: Component, stream: Stream, axis: FrameAxis) -> Stream:
    offsets = integers(component, "FrameOffsets").astype(np.int64)
    earliest, latest = min(0, int(offsets.min())), max(0, int(offsets.max()))
    first = stream.first - latest
    output = stream.output
    if latest > earliest:
        output = axis.remembering(component.name, output, latest - earliest)
    # Of the frames that are there now, the first is frame first + earliest of the request.
    if stream.is_local and stream.first <= earliest:
        # Copies of the first frame were fed, and copies of the last one will be. (Slices: what is a Reshape of the
        # memory is changed in place by the CPU plugin of 2023.3 before the memory has been kept.)
        starts = [int(offset) - earliest for offset in offsets]
        parts = [slice_frames(output, start, start + axis.frames) for start in starts]
        return Stream(append_columns(parts), first, False)
    wanted = (np.arange(axis.frames)[:, None] + offsets[None, :] - earliest).reshape(1, -1)
    nearest = axis.nearest_of_utterance(wanted, first + earliest, axis.frames + latest - earliest)
    # All utterances of a batch one below the other: CPU plugins of 2026 take wrong frames with batch_dims.
    batch, count, dim = (int(length.get_length()) for length in output.get_partial_shape())
    rows = opset.reshape(output, opset.constant(np.array([batch * count, dim], np.int64)), special_zero=False)
    begins = opset.constant((np.arange(batch, dtype=np.int64) * count)[:, None])
    taken = opset.gather(rows, opset.add(nearest, begins), _int(0))
    row = opset.constant(np.array([batch, axis.frames, dim * len(offsets)], np.int64))
    return Stream(opset.reshape(taken, row, special_zero=False).output(0), first, False)


def _recur(recurrence: Recurrence, stream: Stream, axis: FrameAxis) -> ov.Output:
    """The frames of a recurrence whose state is zero before frame 0 of the utterance."""
    grid = Grid(stream.first, 1, stream.first + axis.frames - 1, fixed=True)
    inputs = [recurrence.outside]
    if stream.first < 0:
        begun = axis.mask(Interval(0, None, 0, None), grid)
        inputs.append(opset.convert(begun, "f32").output(0))

    def step(frames: list[ov.Output], states: list[ov.Output]) -> tuple[list[ov.Output], list[ov.Output]]:
        new, outputs = recurrence.step(frames[:1], states)
        if len(frames) > 1:
            mask = opset.greater(frames[1], opset.constant(np.float32(0.5))).output(0)
            new = [select_frames(mask, state) for state in new]
        return new, outputs

    names = [f"{recurrence.name}.state{index}" for index in range(len(recurrence.sizes))]
    states = [
        axis.initial_state(name, stream.output, 1, size) for name, size in zip(names, recurrence.sizes, strict=True)
    ]
    if axis.frames == 1:
        new, outputs = step(inputs, states)
    else:
        new, outputs = loop_with_states(inputs, states, step, name=recurrence.name)
    for name, state in zip(names, new, strict=True):
        axis.keep_state(name, state)
    return outputs[0]


def _int(value: int) -> ov.Node:
    return opset.constant(np.array(value, np.int64))
