"""A chain of components of nnet1 for a few frames per request.

Every component has the frames of its own time: those of an utterance, from its frame 0 on. What comes before has no
meaning, but for copies of the first frame that go into the first splice. A splice further down repeats the edges of its
own input, for which frames have to be counted.

Tests: tests/golden/test_nnet1_frame_graphs.py
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ov_asr_score.convert.frames.grids import Grid, Interval
from ov_asr_score.convert.graph.streaming_axis import FrameAxis
from ov_asr_score.convert.layers.layer import Layer, Recurrence
from ov_asr_score.convert.layers.registry import find_layer
from ov_asr_score.convert.nnet1.chain_graph import convert_component
from ov_asr_score.convert.nnet1.folding import fold_chain
from ov_asr_score.convert.tensors.columns import append_columns
from ov_asr_score.convert.tensors.constants import float_scalar, int_scalar, int_vector
from ov_asr_score.convert.tensors.frame_slices import select_frames, slice_frames
from ov_asr_score.convert.tensors.tensor_iterator import loop_with_states
from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.kaldi_model.network import Component
from ov_asr_score.openvino_api import opset, ov


@dataclass(frozen=True, slots=True, eq=False)
class Stream:
    """Frames [B, F, D] of a request; in request k the first of them is frame k F + ``first`` of the utterance.

    ``is_local``: each frame is computed from the same frame of features alone.
    """

    output: ov.Output
    first: int
    is_local: bool


def chain_streams(
    chain: Sequence[Component], features: Stream, axis: FrameAxis, keep: frozenset[str] = frozenset()
) -> dict[str, Stream]:
    """The outputs of the components by name, as ``build_values`` gives them for whole utterances.

    Raises UnsupportedModelError, ModelFormatError.
    """
    streams, stream = {"": features}, features
    for component in fold_chain(chain, keep):
        before, stream = stream, _component_stream(component, stream, axis)
        if stream.output.get_node().get_name() != before.output.get_node().get_name():
            stream.output.get_node().set_friendly_name(component.name)
        streams[component.name] = stream
    return streams


def frames_before(chain: Sequence[Component]) -> int:
    """How many copies of the first frame go in before an utterance: as many as the first splice looks back."""
    for component in chain:
        layer = find_layer(1, component.type)
        if layer is None:
            continue
        if layer.frame_offsets is not None:
            return -min(0, *layer.frame_offsets(component))
        if layer.branches is not None and (most := max(map(frames_before, component.nested))):
            return most
        if layer.recurrence is not None:
            break
    return 0


def stream_problems(chain: Sequence[Component]) -> list[str]:
    """Names and types of components that need the whole utterance."""
    problems = []
    for component in chain:
        layer = find_layer(1, component.type)
        if layer is not None and layer.needs_utterance:
            problems.append(f"'{component.name}' ({component.type} at byte {component.offset})")
        for inner in component.nested:
            problems += stream_problems(inner)
    return problems


def chain_reach(chain: Sequence[Component], left: int, right: int) -> tuple[int | None, int | None]:
    """How many frames before and after its own a row of scores may depend on; None is any number.

    ``left`` and ``right`` are the contexts of the chain. A splice after another or after a recurrence repeats the last
    frame of what it reads, which is not what it would read beyond: such a chain knows where its utterance ends.
    """
    layers = list(_all_layers(chain))
    splices = [layer is not None and layer.frame_offsets is not None for layer in layers]
    if stream_problems(chain) or sum(splices) > 1:
        return None, None
    if any(layer is not None and layer.recurrence is not None for layer in layers):
        return None, right if not any(splices) or splices[0] else None
    return left, right


def _all_layers(chain: Sequence[Component]) -> Iterator[Layer | None]:
    for component in chain:
        yield find_layer(1, component.type)
        for inner in component.nested:
            yield from _all_layers(inner)


def aligned(streams: Sequence[Stream], axis: FrameAxis) -> list[Stream]:
    """The streams with the same first frame; those that are ahead are delayed."""
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
    layer = find_layer(1, component.type)
    if layer is None or layer.needs_utterance:
        raise UnsupportedModelError(f"component '{component.name}' ({component.type}) needs the whole utterance")
    if layer.frame_offsets is not None:
        return _splice(component.name, layer.frame_offsets(component), stream, axis)
    if layer.recurrence is not None:
        return Stream(_recur(layer.recurrence(component, stream.output), stream, axis), stream.first, False)
    if layer.branches is not None:
        parts = layer.branches(component, stream.output)
        inner = [
            [*chain_streams(chain, Stream(part, stream.first, stream.is_local), axis).values()][-1]
            for chain, part in zip(component.nested, parts, strict=True)
        ]
        held = aligned(inner, axis)
        columns = append_columns([branch.output for branch in held])
        return Stream(columns, held[0].first, all(branch.is_local for branch in held))
    return Stream(convert_component(component, stream.output), stream.first, stream.is_local)


def _splice(name: str, offsets: Sequence[int], stream: Stream, axis: FrameAxis) -> Stream:
    earliest, latest = min(0, *offsets), max(0, *offsets)
    first = stream.first - latest
    output = stream.output
    if latest > earliest:
        output = axis.remembering(name, output, latest - earliest)
    # Of the frames that are there now, the first is frame first + earliest of the request.
    if stream.is_local and stream.first <= earliest:
        # Copies of the first frame were fed, and copies of the last one will be. (Slices: what is a Reshape of the
        # memory is changed in place by the CPU plugin of 2023.3 before the memory has been kept.)
        starts = [offset - earliest for offset in offsets]
        parts = [slice_frames(output, start, start + axis.frames) for start in starts]
        return Stream(append_columns(parts), first, False)
    wanted = (np.arange(axis.frames)[:, None] + np.array(offsets, np.int64)[None, :] - earliest).reshape(1, -1)
    nearest = axis.nearest_of_utterance(wanted, first + earliest, axis.frames + latest - earliest)
    # All utterances of a batch one below the other: CPU plugins of 2026 take wrong frames with batch_dims.
    batch, count, dim = (int(length.get_length()) for length in output.get_partial_shape())
    rows = opset.reshape(output, int_vector(batch * count, dim), special_zero=False)
    begins = opset.constant((np.arange(batch, dtype=np.int64) * count)[:, None])
    taken = opset.gather(rows, opset.add(nearest, begins), int_scalar(0))
    row = int_vector(batch, axis.frames, dim * len(offsets))
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
            mask = opset.greater(frames[1], float_scalar(0.5)).output(0)
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
