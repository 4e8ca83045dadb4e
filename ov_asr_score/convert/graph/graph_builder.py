"""The graph of a network: every node on its grid, every descriptor as operations over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ov_asr_score.convert.frames.grids import Grid, Plan
from ov_asr_score.convert.graph.components import apply_component
from ov_asr_score.convert.graph.utterance_axis import TimeAxis
from ov_asr_score.convert.layers.layer import NodeValue
from ov_asr_score.convert.layers.linear_forms import as_affine
from ov_asr_score.convert.layers.registry import find_layer
from ov_asr_score.convert.tensors.columns import append_columns, slice_columns, width_of
from ov_asr_score.convert.tensors.constants import float_scalar, int_scalar, int_vector
from ov_asr_score.convert.tensors.frame_slices import select_frames
from ov_asr_score.convert.tensors.sums import total
from ov_asr_score.errors import UnsupportedModelError, unreachable
from ov_asr_score.kaldi_model.descriptors import appended_parts
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
    IfDefined,
    InputNode,
    KaldiNetwork,
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


class GraphBuilder:
    """The values of all places of a plan, computed group by group."""

    def __init__(self, plan: Plan, axis: TimeAxis, inputs: Mapping[str, NodeValue]) -> None:
        """``inputs`` are the values of the input nodes; that of ``input`` gives the batch size."""
        self.plan, self.axis = plan, axis
        self.features = inputs["input"].output
        self.values: dict[Place, NodeValue] = {(name, 0): value for name, value in inputs.items()}
        self._images: dict[str, ov.Output] = {}
        self._picked: dict[tuple[Place, Grid], ov.Output] = {}
        self._names = {value.output.get_node().get_name() for value in inputs.values()}

    @property
    def network(self) -> KaldiNetwork:
        """The network that is built."""
        return self.plan.network

    @property
    def images(self) -> dict[str, ov.Output]:
        """Convolutions, and layers behind them, as images; see tensors/images.py."""
        return self._images

    def compute(self, place: Place) -> None:
        """Add the value of a place whose inputs have been computed. Raises UnsupportedModelError.

        Kaldi: nnet3-compute gives features and i-vectors at x = 0 alone, and finds no computation.
        """
        name, x = place
        node, grid = self.network.node(name), self.plan.grids[place]
        match node:
            case None | InputNode():
                if place not in self.values:
                    raise UnsupportedModelError(f"{self.network.source}: input '{name}' has no index x = {x}")
            case DimRangeNode():
                source = self.values[(node.source, x)]
                columns = slice_columns(source.output, node.offset, node.offset + node.dim)
                self.values[place] = NodeValue(self._named(columns, place), source.grid)
            case OutputNode():
                self.values[place] = self.evaluate(node.input, x, grid)
            case ComponentNode():
                self.values[place] = self._compute_component(node, self.network.components[node.component], x, grid)
            case _:
                raise unreachable(node)

    def _compute_component(self, node: ComponentNode, component: Component, x: int, grid: Grid) -> NodeValue:
        generation = self.network.generation
        layer = find_layer(generation, component.type)
        if layer is not None and layer.constant is not None:
            return NodeValue(opset.constant(layer.constant(component).reshape(1, 1, -1)).output(0), None)
        if layer is not None and layer.over_time is not None:
            value = layer.over_time(self, component, node.input, x, grid)
            return NodeValue(self._named(value.output, (node.name, x)), value.grid)
        parts = [self.evaluate(part, x, grid) for part in appended_parts(node.input)]
        if len({part.grid is None for part in parts}) == 2:
            form = as_affine(generation, component)
            if form is not None:
                return NodeValue(self._named(_split_affine(component.name, form, parts), (node.name, x)), grid)
        value = self.append(parts, grid)
        output = apply_component(generation, component, value.output)
        return NodeValue(self._named(output, (node.name, x)), value.grid)

    def _named(self, output: ov.Output, place: Place) -> ov.Output:
        """``output`` with the name of its place; a copy of another place keeps the name of that one."""
        node = output.get_node()
        if node.get_name() not in self._names:
            node.set_friendly_name(place_name(place))
            self._names.add(node.get_name())
        return output

    def append(self, parts: Sequence[NodeValue], grid: Grid) -> NodeValue:
        """The values side by side; vectors are repeated for each frame where others have frames."""
        if all(part.grid is None for part in parts):
            return NodeValue(append_columns([part.output for part in parts]), None)
        return NodeValue(append_columns([self.frames(part, grid) for part in parts]), grid)

    def frames(self, value: NodeValue, grid: Grid) -> ov.Output:
        """The frames [B, N, D] of a value that ``evaluate`` gave for ``grid``."""
        if value.grid is None:
            return self.axis.broadcast(value.output, self.features, grid)
        return value.output

    def evaluate_frames(self, descriptor: Descriptor, x: int, grid: Grid) -> ov.Output:
        """The frames [B, N, D] of a descriptor on ``grid``."""
        return self.frames(self.evaluate(descriptor, x, grid), grid)

    def computable(self, descriptor: Descriptor, x: int, grid: Grid) -> ov.Output:
        """1 for each frame of ``grid`` at which a descriptor can be computed, else 0: float32 [B, N, 1]."""
        interval = self.plan.interval(descriptor, x, grid)
        if interval.is_everything:
            one = opset.constant(np.ones((1, 1, 1), np.float32)).output(0)
            return self.axis.broadcast(one, self.features, grid)
        flags = opset.convert(self.axis.mask(interval, grid), "f32").output(0)
        return self.axis.broadcast_frames(flags, self.features)

    def grid_up_to_the_end(self, descriptor: Descriptor, x: int, window: Grid) -> Grid | None:
        """The frames of the fixed grid ``window`` at which a descriptor can be computed, and those behind it.

        None where a request gives more than one row of scores.
        """
        return self.plan.grid_up_to_the_end(descriptor, x, window)

    def evaluate(self, descriptor: Descriptor, x: int, grid: Grid) -> NodeValue:
        """The value of a descriptor on ``grid``, or the one vector that it has for all frames."""
        match descriptor:
            case NodeRef(name):
                return self._pick((name, x), grid)
            case Append():
                return self.append([self.evaluate(part, x, grid) for part in descriptor.parts], grid)
            case Sum():
                values = [self.evaluate(part, x, grid) for part in descriptor.parts]
                added = total([value.output for value in values])
                return NodeValue(added, None if all(value.grid is None for value in values) else grid)
            case Offset():
                value = self.evaluate(descriptor.source, x + descriptor.x, grid.moved(descriptor.t))
                return NodeValue(value.output, None if value.grid is None else grid)
            case Scale():
                value = self.evaluate(descriptor.source, x, grid)
                return NodeValue(opset.multiply(value.output, float_scalar(descriptor.factor)).output(0), value.grid)
            case Const():
                vector = np.full((1, 1, descriptor.dim), descriptor.value, np.float32)
                return NodeValue(opset.constant(vector).output(0), None)
            case IfDefined():
                return self._if_defined(descriptor, x, grid)
            case Failover():
                interval = self.plan.interval(descriptor.first, x, grid)
                first = self.evaluate(descriptor.first, x, grid)
                if interval.is_everything:
                    return first
                second = self.evaluate(descriptor.second, x, grid)
                mask = self.axis.mask(interval, grid)
                return NodeValue(select_frames(mask, self.frames(first, grid), second.output), grid)
            case Switch():
                return self._switch(descriptor, x, grid)
            case Round():
                return self._round(descriptor, x, grid)
            case ReplaceIndex(variable="t"):
                moment = Grid(descriptor.value, 1, descriptor.value, fixed=True)
                return NodeValue(self.evaluate(descriptor.source, x, moment).output, None)
            case ReplaceIndex():
                return self.evaluate(descriptor.source, descriptor.value, grid)
        raise unreachable(descriptor)

    def _pick(self, place: Place, grid: Grid) -> NodeValue:
        value = self.values.get(place)
        if value is None:
            # All frames that can be computed are planned: this one cannot, or what reads it is not needed.
            zeros = np.zeros((1, 1, node_dim(self.network, place[0])), np.float32)
            return NodeValue(opset.constant(zeros).output(0), None)
        if value.grid is None:
            return value
        if (place, grid) not in self._picked:
            self._picked[(place, grid)] = self.axis.pick(value.output, value.grid, grid)
        return NodeValue(self._picked[(place, grid)], grid)

    def _if_defined(self, descriptor: IfDefined, x: int, grid: Grid) -> NodeValue:
        interval = self.plan.interval(descriptor.source, x, grid)
        value = self.evaluate(descriptor.source, x, grid)
        if interval.is_everything:
            return value
        place, offset = _only_place(descriptor.source, x)
        ends_here = self.plan.is_whole or (interval.last is None and interval.last_final is None)
        if place is not None and value.grid is not None and ends_here:
            source = self.values[place]
            # Frames before and behind the grid of a node come out as zero, so nothing is left to do.
            if (
                source.grid is not None
                and _is_aligned(grid.moved(offset), source.grid)
                and self.plan.place_interval(place, source.grid).is_everything
            ):
                return value
        # The mask is the same for all utterances, and so may the value be: the frames must be those of each.
        return NodeValue(select_frames(self.axis.mask(interval, grid), self.frames(value, grid)), grid)

    def _switch(self, descriptor: Switch, x: int, grid: Grid) -> NodeValue:
        count = len(descriptor.parts)
        if grid.step % count == 0:
            return self.evaluate(descriptor.parts[grid.first % count], x, grid)
        divisor = int_scalar(count)
        turn = opset.unsqueeze(opset.floor_mod(self.axis.times(grid), divisor), int_vector(0, 2))
        result = self.evaluate_frames(descriptor.parts[0], x, grid)
        for index in range(1, count):
            is_turn = opset.equal(turn, int_scalar(index))
            result = opset.select(is_turn, self.evaluate(descriptor.parts[index], x, grid).output, result).output(0)
        return NodeValue(result, grid)

    def _round(self, descriptor: Round, x: int, grid: Grid) -> NodeValue:
        step = descriptor.modulus
        if grid.step % step == 0 and grid.first % step == 0:
            return self.evaluate(descriptor.source, x, grid)
        rounded = Grid(grid.first // step * step, step, grid.last, grid.fixed)
        value = self.evaluate(descriptor.source, x, rounded)
        if value.grid is None:
            return value
        axis = int_scalar(1)
        return NodeValue(opset.gather(value.output, self.axis.index(grid, rounded), axis).output(0), grid)


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


def _split_affine(name: str, form: tuple[FloatArray, FloatArray], parts: Sequence[NodeValue]) -> ov.Output:
    """An affine layer whose product with the vectors (i-vectors) is computed once, not for each frame."""
    weights, bias = form
    over_time, once = split_weights(
        weights, [width_of(part.output) for part in parts], [part.grid is not None for part in parts]
    )
    vectors = append_columns([part.output for part in parts if part.grid is None])
    frames = append_columns([part.output for part in parts if part.grid is not None])
    return affine(name, frames, over_time, affine(f"{name}.vector", vectors, once, bias))


def reads_from_outside(plan: Plan, group: Sequence[Place]) -> list[Place]:
    """The places of a group that are outputs or that places outside of it read."""
    inside = set(group)
    read = {(name, 0) for name in plan.outputs}
    for place in plan.grids:
        if place not in inside:
            read |= {source for source, _ in input_places(plan.network, place)}
    return [place for place in group if place in read]


def _only_place(descriptor: Descriptor, x: int) -> tuple[Place | None, int]:
    """The one place that a descriptor reads and at which distance in frames; None where it reads more than that."""
    match descriptor:
        case NodeRef(name):
            return (name, x), 0
        case Offset():
            place, offset = _only_place(descriptor.source, x + descriptor.x)
            return place, offset + descriptor.t
        case Scale():
            return _only_place(descriptor.source, x)
    return None, 0


def _is_aligned(frames: Grid, grid: Grid) -> bool:
    """Whether none of ``frames`` lies between two frames of ``grid``, or would if it had more of them."""
    return frames.step % grid.step == 0 and (frames.first - grid.first) % grid.step == 0


def place_name(place: Place) -> str:
    """The name of the value of a place: that of its node, with its index x if that is not 0."""
    name, x = place
    return name if x == 0 else f"{name}.x{x}"
