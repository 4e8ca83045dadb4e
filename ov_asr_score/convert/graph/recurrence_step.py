"""One step of a loop for each place of a group of nodes that depend on each other.

Every place becomes a function of a step: of the frames that come from outside, of the states, and of the places that
are computed before it in the same step. Values that do not depend on the loop are computed outside, for all frames.

Reason of all refusals: a step of a loop has one frame, and no others to choose from.

Tests: tests/golden/test_cases.py
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from ov_asr_score.convert.frames.grids import Grid
from ov_asr_score.convert.graph.components import apply_component
from ov_asr_score.convert.graph.graph_builder import GraphBuilder, affine, split_weights
from ov_asr_score.convert.layers.layer import NodeValue
from ov_asr_score.convert.layers.linear_forms import as_affine
from ov_asr_score.convert.tensors.columns import append_columns, slice_columns, width_of
from ov_asr_score.convert.tensors.constants import float_scalar, int_scalar, int_vector
from ov_asr_score.convert.tensors.frame_slices import select_frames, slice_frames
from ov_asr_score.convert.tensors.sums import total
from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.kaldi_model.descriptors import appended_parts
from ov_asr_score.kaldi_model.dims import descriptor_dim
from ov_asr_score.kaldi_model.frames.evaluation_order import Place, read_places
from ov_asr_score.kaldi_model.network import (
    Append,
    Component,
    ComponentNode,
    Const,
    Descriptor,
    DimRangeNode,
    Failover,
    FloatArray,
    IfDefined,
    NodeRef,
    Offset,
    Scale,
    Sum,
    Switch,
)
from ov_asr_score.openvino_api import opset, ov


@dataclass(slots=True)
class LoopStep:
    """The tensors of one step of a loop: frames from outside, states, and the places computed so far."""

    inputs: Sequence[ov.Output]
    states: dict[Place, ov.Output]
    current: dict[Place, ov.Output] = field(default_factory=dict)


Builder = Callable[[LoopStep], "ov.Output"]


@dataclass(frozen=True)
class Loop:
    """A group of places: its grid, how many frames a step advances, and the longest delay of each place, in frames."""

    builder: GraphBuilder
    group: frozenset[Place]
    grid: Grid
    width: int
    delays: dict[Place, int]
    backward: bool
    inputs: list[ov.Output] = field(default_factory=list)

    def outside(self, output: ov.Output) -> Builder:
        """A builder of the frames of ``output`` [B, N, D], which is computed outside of the loop, for each step."""
        index = len(self.inputs)
        self.inputs.append(output)
        return lambda step: step.inputs[index]


def compile_place(loop: Loop, place: Place) -> Builder:
    """The function that computes a place in a step; zero where it cannot be computed though the loop runs there.

    Raises UnsupportedModelError for nodes that cannot be part of a loop. Reason: inputs and outputs are not.
    """
    return _masked(loop, place, _compile_place(loop, place))


def _compile_place(loop: Loop, place: Place) -> Builder:
    network = loop.builder.network
    name, x = place
    node = network.node(name)
    match node:
        case DimRangeNode():
            start, stop, source = node.offset, node.offset + node.dim, (node.source, x)
            return lambda step: slice_columns(step.current[source], start, stop)
        case ComponentNode():
            return _compile_component(loop, network.components[node.component], node.input, x)
    raise UnsupportedModelError(f"{network.source}: node '{name}' cannot be part of a recurrence")


def _compile_component(loop: Loop, component: Component, descriptor: Descriptor, x: int) -> Builder:
    """The builder of a component; the product of an affine layer with values from outside is made before the loop."""
    parts = appended_parts(descriptor)
    inner = [_is_inner(loop, part, x) for part in parts]
    generation = loop.builder.network.generation
    form = as_affine(generation, component)
    if form is None or all(inner) or not any(inner):
        value = _compile(loop, descriptor, x)
        return lambda step: apply_component(generation, component, value(step))
    weights, bias = form
    outer_values = [
        loop.builder.evaluate(part, x, loop.grid) for part, is_inner in zip(parts, inner, strict=True) if not is_inner
    ]
    inner_values = [_compile(loop, part, x) for part, is_inner in zip(parts, inner, strict=True) if is_inner]
    inner_dims = [
        descriptor_dim(loop.builder.network, part) for part, is_inner in zip(parts, inner, strict=True) if is_inner
    ]
    outer_dims = iter([width_of(value.output) for value in outer_values])
    inner_widths = iter(inner_dims)
    widths = [next(inner_widths) if is_inner else next(outer_dims) for is_inner in inner]
    inner_weights, outer_weights = split_weights(weights, widths, inner)
    product = _outer_product(loop, component.name, outer_values, outer_weights, bias)
    name = component.name
    return lambda step: affine(
        name, append_columns([value(step) for value in inner_values]), inner_weights, product(step)
    )


def _outer_product(
    loop: Loop, name: str, values: Sequence[NodeValue], weights: FloatArray, bias: FloatArray
) -> Builder:
    builder = loop.builder
    over_time = [value.grid is not None for value in values]
    if any(over_time) and not all(over_time):
        frame_weights, vector_weights = split_weights(weights, [width_of(value.output) for value in values], over_time)
        vector = append_columns([value.output for value in values if value.grid is None])
        frames = append_columns([value.output for value in values if value.grid is not None])
        addend = affine(f"{name}.vector", vector, vector_weights, bias)
        return loop.outside(affine(f"{name}.outside", frames, frame_weights, addend))
    value = builder.append(values, loop.grid)
    product = NodeValue(affine(f"{name}.outside", value.output, weights, bias), value.grid)
    return loop.outside(builder.frames(product, loop.grid))


def _is_inner(loop: Loop, descriptor: Descriptor, x: int) -> bool:
    return any(place in loop.group for place, _ in read_places(descriptor, x))


def _compile(loop: Loop, descriptor: Descriptor, x: int) -> Builder:
    builder = loop.builder
    if not _is_inner(loop, descriptor, x):
        return loop.outside(builder.evaluate_frames(descriptor, x, loop.grid))
    match descriptor:
        case NodeRef() | Offset():
            return _compile_read(loop, descriptor, x, 0)
        case Append():
            parts = [_compile(loop, part, x) for part in descriptor.parts]
            return lambda step: append_columns([part(step) for part in parts])
        case Sum():
            parts = [_compile(loop, part, x) for part in descriptor.parts]
            return lambda step: total([part(step) for part in parts])
        case Scale():
            source, factor = _compile(loop, descriptor.source, x), np.float32(descriptor.factor)
            return lambda step: opset.multiply(source(step), float_scalar(factor)).output(0)
        case IfDefined():
            return _compile_if_defined(loop, descriptor.source, x, None)
        case Failover():
            return _compile_if_defined(loop, descriptor.first, x, descriptor.second)
        case Switch():
            return _compile_switch(loop, descriptor, x)
    raise UnsupportedModelError(
        f"{builder.network.source}: {type(descriptor).__name__} cannot read a node that depends on itself"
    )


def _compile_if_defined(loop: Loop, source: Descriptor, x: int, second: Descriptor | None) -> Builder:
    value, plan = _compile(loop, source, x), loop.builder.plan
    interval = plan.interval(source, x, loop.grid)
    # States begin at zero, and values of the loop are masked where they cannot be computed, but for the end in frame
    # graphs.
    ends_here = plan.is_whole or (interval.last is None and interval.last_final is None)
    if interval.is_everything or (second is None and _is_plain(source) and ends_here):
        return value
    mask = loop.outside(_as_frames(loop.builder.axis.mask(interval, loop.grid)))
    otherwise = None if second is None else _compile(loop, second, x)
    return lambda step: _where(mask(step), value(step), None if otherwise is None else otherwise(step))


def _compile_switch(loop: Loop, descriptor: Switch, x: int) -> Builder:
    axis, count = loop.builder.axis, len(descriptor.parts)
    if loop.grid.step % count == 0:
        return _compile(loop, descriptor.parts[loop.grid.first % count], x)
    turn = opset.floor_mod(axis.times(loop.grid), int_scalar(count))
    column = opset.unsqueeze(turn, int_vector(0, 2))
    parts, masks = [_compile(loop, part, x) for part in descriptor.parts], []
    for index in range(1, count):
        is_turn = opset.equal(column, int_scalar(index))
        masks.append(loop.outside(_as_frames(is_turn.output(0))))

    def taken(step: LoopStep) -> ov.Output:
        value = parts[0](step)
        for mask, part in zip(masks, parts[1:], strict=True):
            value = _where(mask(step), part(step), value)
        return value

    return taken


def _is_plain(descriptor: Descriptor) -> bool:
    """Whether this is one node with a delay."""
    offset = 0
    while isinstance(descriptor, Offset | Scale):
        offset += descriptor.t if isinstance(descriptor, Offset) else 0
        descriptor = descriptor.source
    return isinstance(descriptor, NodeRef) and offset != 0


def _compile_read(loop: Loop, descriptor: Descriptor, x: int, offset: int) -> Builder:
    """A node of the loop at the present frame or at an earlier one (later in a backward loop)."""
    if isinstance(descriptor, Offset):
        return _compile_read(loop, descriptor.source, x + descriptor.x, offset + descriptor.t)
    if not isinstance(descriptor, NodeRef):
        pushed = _push_offset(descriptor, offset)
        return _compile(loop, pushed, x)
    place = (descriptor.name, x)
    if offset == 0:
        return lambda step: step.current[place]
    steps, width = abs(offset) // loop.grid.step, loop.width
    held = loop.delays[place] // loop.grid.step
    start = steps - width if loop.backward else held - steps
    if held == width:
        return lambda step: step.states[place]
    return lambda step: slice_frames(step.states[place], start, start + width)


def _push_offset(descriptor: Descriptor, offset: int) -> Descriptor:
    """Offset(f(a, b), t) as f(Offset(a, t), Offset(b, t))."""
    match descriptor:
        case Append() | Sum():
            return type(descriptor)(tuple(Offset(part, offset) for part in descriptor.parts))
        case Scale():
            return Scale(descriptor.factor, Offset(descriptor.source, offset))
        case IfDefined():
            return IfDefined(Offset(descriptor.source, offset))
        case Failover():
            return Failover(Offset(descriptor.first, offset), Offset(descriptor.second, offset))
        case Const():
            return descriptor
        case Switch():
            count = len(descriptor.parts)
            turns = (descriptor.parts[(index + offset) % count] for index in range(count))
            return Switch(tuple(Offset(part, offset) for part in turns))
    raise UnsupportedModelError(f"Offset of {type(descriptor).__name__} inside of a recurrence")


def _masked(loop: Loop, place: Place, value: Builder) -> Builder:
    """Zero where a place cannot be computed though the loop runs there, if it is read with a delay."""
    if place not in loop.delays:
        return value
    interval = loop.builder.plan.place_interval(place, loop.grid)
    if interval.is_everything:
        return value
    mask = loop.outside(_as_frames(loop.builder.axis.mask(interval, loop.grid)))
    return lambda step: _where(mask(step), value(step), None)


def _as_frames(mask: ov.Output) -> ov.Output:
    return opset.convert(mask, "f32").output(0)


def _where(mask: ov.Output, value: ov.Output, otherwise: ov.Output | None) -> ov.Output:
    return select_frames(opset.greater(mask, float_scalar(0.5)).output(0), value, otherwise)


def next_state(loop: Loop, place: Place, state: ov.Output, value: ov.Output) -> ov.Output:
    """The frames of a place that the next step remembers."""
    held = loop.delays[place] // loop.grid.step
    if held == loop.width:
        return value
    if loop.backward:
        return opset.concat([value, slice_frames(state, 0, held - loop.width)], 1).output(0)
    return opset.concat([slice_frames(state, loop.width), value], 1).output(0)
