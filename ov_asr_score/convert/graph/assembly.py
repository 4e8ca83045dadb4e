"""Puts the graph of a network together: every node on its grid, every descriptor as operations over time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from ov_asr_score.convert.frames.grids import Grid, Plan
from ov_asr_score.convert.graph.utterance_axis import TimeAxis, select_frames
from ov_asr_score.convert.layers.constant import constant_output
from ov_asr_score.convert.layers.linear_forms import as_affine
from ov_asr_score.convert.registry import find_converter
from ov_asr_score.convert.tensors.columns import append_columns, slice_columns, width_of
from ov_asr_score.errors import UnsupportedModelError, unreachable
from ov_asr_score.kaldi_model.dependency import Block, Nothing
from ov_asr_score.kaldi_model.dims import node_dim
from ov_asr_score.kaldi_model.frames.evaluation_order import Place, input_places
from ov_asr_score.kaldi_model.network import (
    Append,
    Component,
    ComponentNode,
    Const,
    Descriptor,
    DimRangeNode,
    Failover,
    FloatArray,
    Generation,
    IfDefined,
    InputNode,
    NodeRef,
    Offset,
    OutputNode,
    ReplaceIndex,
    Round,
    Scale,
    Sum,
    Switch,
)
from ov_asr_score.openvino_api import opset, ov


@dataclass(frozen=True, slots=True, eq=False)
class Value:
    """What a place gives: frames [B, N, D] on ``grid``; without a grid one vector [B, 1, D] for all frames."""

    output: ov.Output
    grid: Grid | None


TimeLayer: TypeAlias = Callable[["Assembly", Component, Descriptor, int, Grid], "ov.Output"]
"""Builds a component that looks at other frames than its own: its input's descriptor, index x, grid of its output."""


class Assembly:
    """The values of all places of a plan, computed group by group."""

    def __init__(self, plan: Plan, axis: TimeAxis, inputs: Mapping[str, Value]) -> None:
        """``inputs`` are the values of the input nodes; that of ``input`` gives the batch size."""
        self.plan, self.axis = plan, axis
        self.features = inputs["input"].output
        self.values: dict[Place, Value] = {(name, 0): value for name, value in inputs.items()}
        # Of convolutions and what follows them, see images.py.
        self.images: dict[str, ov.Output] = {}
        self._picked: dict[tuple[Place, Grid], ov.Output] = {}
        self._names = {value.output.get_node().get_name() for value in inputs.values()}

    def compute(self, place: Place, time_layers: Mapping[str, TimeLayer]) -> None:
        """Nothing; adds the value of a place whose inputs are there."""
        name, x = place
        node, grid = self.plan.network.node(name), self.plan.grids[place]
        match node:
            case None | InputNode():
                if place not in self.values:
                    raise UnsupportedModelError(f"{self.plan.network.source}: input '{name}' has no index x = {x}")
            case DimRangeNode():
                source = self.values[(node.source, x)]
                columns = slice_columns(source.output, node.offset, node.offset + node.dim)
                self.values[place] = Value(self._named(columns, place), source.grid)
            case OutputNode():
                self.values[place] = self.evaluate(node.input, x, grid)
            case ComponentNode():
                component = self.plan.network.components[node.component]
                if component.type in time_layers:
                    output = time_layers[component.type](self, component, node.input, x, grid)
                    self.values[place] = Value(self._named(output, place), grid)
                else:
                    self.values[place] = self._compute_component(node, component, x, grid)
            case _:
                raise unreachable(node)

    def _compute_component(self, node: ComponentNode, component: Component, x: int, grid: Grid) -> Value:
        match component.reads:
            case Nothing():
                return Value(opset.constant(_constant(component).reshape(1, 1, -1)).output(0), None)
            case Block(num_blocks):
                value = self.evaluate(node.input, x // num_blocks, grid)
                size = int(np.asarray(component.fields["OutputDim"]))
                columns = slice_columns(value.output, x % num_blocks * size, (x % num_blocks + 1) * size)
                return Value(self._named(columns, (node.name, x)), value.grid)
        parts = [self.evaluate(part, x, grid) for part in appended_parts(node.input)]
        if len({part.grid is None for part in parts}) == 2:
            affine = as_affine(component)
            if affine is not None:
                return Value(self._named(_split_affine(component.name, affine, parts), (node.name, x)), grid)
        value = self.append(parts, grid)
        output = apply_component(self.plan.network.generation, component, value.output)
        return Value(self._named(output, (node.name, x)), value.grid)

    def _named(self, output: ov.Output, place: Place) -> ov.Output:
        """``output`` with the name of its place, unless it is that of another place, of which this one is a copy."""
        node = output.get_node()
        if node.get_name() not in self._names:
            node.set_friendly_name(place_name(place))
            self._names.add(node.get_name())
        return output

    def append(self, parts: Sequence[Value], grid: Grid) -> Value:
        """The values side by side; vectors are repeated for each frame where others have frames."""
        if all(part.grid is None for part in parts):
            return Value(append_columns([part.output for part in parts]), None)
        return Value(append_columns([self.frames(part, grid) for part in parts]), grid)

    def frames(self, value: Value, grid: Grid) -> ov.Output:
        """The frames [B, N, D] of a value that ``evaluate`` gave for ``grid``."""
        if value.grid is None:
            return self.axis.broadcast(value.output, self.features, grid)
        return value.output

    def evaluate_frames(self, descriptor: Descriptor, x: int, grid: Grid) -> ov.Output:
        """What a descriptor gives on ``grid`` [B, N, D]."""
        return self.frames(self.evaluate(descriptor, x, grid), grid)

    def evaluate(self, descriptor: Descriptor, x: int, grid: Grid) -> Value:
        """What a descriptor gives on ``grid``, or the one vector that it gives for all frames."""
        match descriptor:
            case NodeRef(name):
                return self._pick((name, x), grid)
            case Append():
                return self.append([self.evaluate(part, x, grid) for part in descriptor.parts], grid)
            case Sum():
                values = [self.evaluate(part, x, grid) for part in descriptor.parts]
                total = values[0].output
                for value in values[1:]:
                    total = opset.add(total, value.output).output(0)
                return Value(total, None if all(value.grid is None for value in values) else grid)
            case Offset():
                value = self.evaluate(descriptor.source, x + descriptor.x, grid.moved(descriptor.t))
                return Value(value.output, None if value.grid is None else grid)
            case Scale():
                value = self.evaluate(descriptor.source, x, grid)
                factor = opset.constant(np.float32(descriptor.factor))
                return Value(opset.multiply(value.output, factor).output(0), value.grid)
            case Const():
                vector = np.full((1, 1, descriptor.dim), descriptor.value, np.float32)
                return Value(opset.constant(vector).output(0), None)
            case IfDefined():
                return self._if_defined(descriptor, x, grid)
            case Failover():
                interval = self.plan.interval(descriptor.first, x, grid)
                first = self.evaluate(descriptor.first, x, grid)
                if interval.is_everything:
                    return first
                second = self.evaluate(descriptor.second, x, grid)
                mask = self.axis.mask(interval, grid)
                return Value(select_frames(mask, first.output, second.output), grid)
            case Switch():
                return self._switch(descriptor, x, grid)
            case Round():
                return self._round(descriptor, x, grid)
            case ReplaceIndex(variable="t"):
                moment = Grid(descriptor.value, 1, descriptor.value, fixed=True)
                return Value(self.evaluate(descriptor.source, x, moment).output, None)
            case ReplaceIndex():
                return self.evaluate(descriptor.source, descriptor.value, grid)
        raise unreachable(descriptor)

    def _pick(self, place: Place, grid: Grid) -> Value:
        value = self.values.get(place)
        if value is None:
            # Frames that can be computed are all planned: this one cannot, or what it is for is not needed.
            nothing = np.zeros((1, 1, node_dim(self.plan.network, place[0])), np.float32)
            return Value(opset.constant(nothing).output(0), None)
        if value.grid is None:
            return value
        if (place, grid) not in self._picked:
            self._picked[(place, grid)] = self.axis.pick(value.output, value.grid, grid)
        return Value(self._picked[(place, grid)], grid)

    def _if_defined(self, descriptor: IfDefined, x: int, grid: Grid) -> Value:
        interval = self.plan.interval(descriptor.source, x, grid)
        value = self.evaluate(descriptor.source, x, grid)
        if interval.is_everything:
            return value
        place = _only_place(descriptor.source, x)
        ends_here = self.plan.is_whole or (interval.last is None and interval.last_final is None)
        if place is not None and value.grid is not None and ends_here:
            known = self.values[place]
            # Frames that are not on the grid of a node come out as zero, so nothing is left to do.
            if known.grid is not None and self.plan.place_interval(place, known.grid).is_everything:
                return value
        return Value(select_frames(self.axis.mask(interval, grid), value.output), grid)

    def _switch(self, descriptor: Switch, x: int, grid: Grid) -> Value:
        count = len(descriptor.parts)
        if grid.step % count == 0:
            return self.evaluate(descriptor.parts[grid.first % count], x, grid)
        divisor = opset.constant(np.array(count, np.int64))
        turn = opset.unsqueeze(
            opset.floor_mod(self.axis.times(grid), divisor), opset.constant(np.array([0, 2], np.int64))
        )
        result = self.evaluate_frames(descriptor.parts[0], x, grid)
        for index in range(1, count):
            is_turn = opset.equal(turn, opset.constant(np.array(index, np.int64)))
            result = opset.select(is_turn, self.evaluate(descriptor.parts[index], x, grid).output, result).output(0)
        return Value(result, grid)

    def _round(self, descriptor: Round, x: int, grid: Grid) -> Value:
        step = descriptor.modulus
        if grid.step % step == 0 and grid.first % step == 0:
            return self.evaluate(descriptor.source, x, grid)
        rounded = Grid(grid.first // step * step, step, grid.last, grid.fixed)
        value = self.evaluate(descriptor.source, x, rounded)
        if value.grid is None:
            return value
        axis = opset.constant(np.array(1, np.int64))
        return Value(opset.gather(value.output, self.axis.index(grid, rounded), axis).output(0), grid)


def appended_parts(descriptor: Descriptor) -> list[Descriptor]:
    """The parts of an Append, those of Appends inside it too; a single part for any other descriptor."""
    if isinstance(descriptor, Append):
        return [inner for part in descriptor.parts for inner in appended_parts(part)]
    return [descriptor]


def _constant(component: Component) -> FloatArray:
    values = constant_output(component)
    if values is None:
        raise UnsupportedModelError(f"component '{component.name}' ({component.type}) is not constant")
    return values


def apply_component(generation: Generation, component: Component, value: ov.Output) -> ov.Output:
    """What a component gives that maps each frame [B, N, D] to a frame [B, N, K]. Raises UnsupportedModelError."""
    if component.type == "NoOpComponent":
        return value
    # Folded layers of nnet2 may be of types that only nnet3 has.
    converter = find_converter(generation, component.type) or find_converter(3, component.type)
    if converter is None:
        raise UnsupportedModelError(f"component '{component.name}' ({component.type}) cannot be converted")
    return converter(component, value)


def affine(name: str, value: ov.Output, weights: FloatArray, bias: ov.Output | FloatArray | None) -> ov.Output:
    """``value`` [B, N, D] times the transposed ``weights`` [K, D], plus ``bias`` ([K], or [B, 1 or N, K])."""
    product = opset.matmul(value, opset.constant(np.ascontiguousarray(weights)), False, True, name=f"{name}.product")
    if bias is None:
        return product.output(0)
    addend = opset.constant(bias.reshape(1, 1, -1)) if isinstance(bias, np.ndarray) else bias
    return opset.add(product, addend, name=name).output(0)


def split_weights(weights: FloatArray, widths: Sequence[int], chosen: Sequence[bool]) -> tuple[FloatArray, FloatArray]:
    """The columns of ``weights`` that belong to the ``chosen`` parts, and the others."""
    mask = np.repeat(np.array(chosen, np.bool_), widths)
    return weights[:, mask], weights[:, ~mask]


def _split_affine(name: str, form: tuple[FloatArray, FloatArray], parts: Sequence[Value]) -> ov.Output:
    """An affine layer whose product with the vectors (i-vectors) is done once, not for each frame."""
    weights, bias = form
    over_time, once = split_weights(
        weights, [width_of(part.output) for part in parts], [part.grid is not None for part in parts]
    )
    vectors = append_columns([part.output for part in parts if part.grid is None])
    frames = append_columns([part.output for part in parts if part.grid is not None])
    return affine(name, frames, over_time, affine(f"{name}.vector", vectors, once, bias))


def reads_from_outside(plan: Plan, group: Sequence[Place]) -> list[Place]:
    """The places of a group that other places read, or that are outputs."""
    inside = set(group)
    read = {(name, 0) for name in plan.outputs}
    for place in plan.grids:
        if place not in inside:
            read |= {source for source, _ in input_places(plan.network, place)}
    return [place for place in group if place in read]


def _only_place(descriptor: Descriptor, x: int) -> Place | None:
    match descriptor:
        case NodeRef(name):
            return name, x
        case Offset():
            return _only_place(descriptor.source, x + descriptor.x)
        case Scale():
            return _only_place(descriptor.source, x)
    return None


def place_name(place: Place) -> str:
    """A name for what a place gives: that of its node, with its index x if that is not 0."""
    name, x = place
    return name if x == 0 else f"{name}.x{x}"
