"""Runs a graph for GNA in float32 with exact functions: the values of the same layers without quantization."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import unreachable
from ov_asr_score.gna.graphs.float_graph import (
    Activation,
    Affine,
    Concat,
    Constant,
    Convolution,
    Crop,
    Diagonal,
    FakeQuantize,
    Float32Array,
    GnaGraph,
    GraphPort,
    Layer,
    Permute,
    ProductLayer,
    SumLayer,
)
from ov_asr_score.gna.graphs.simplifying import pooled_positions
from ov_asr_score.ports import PortInfo


@dataclass(slots=True, eq=False)
class FloatMemory:
    """The variables of each lane, [lanes, K] by name, and the values of the last frame by name."""

    states: dict[str, Float32Array]
    values: dict[str, Float32Array]


class FloatProgram:
    """An :class:`~ov_asr_score.gna.execution.Program` that computes the layers of a graph in float32."""

    def __init__(self, graph: GnaGraph) -> None:
        """Prepare ``graph``."""
        self.graph = graph
        self.inputs = tuple(port_info(port) for port in graph.inputs)
        self.outputs = tuple(port_info(port) for port in graph.outputs)
        self.is_stateful = bool(graph.memories)

    def new_memory(self, lanes: int) -> FloatMemory:
        """Memory for ``lanes`` utterances, each at its beginning."""
        return FloatMemory(
            {memory.name: np.zeros((lanes, memory.size), np.float32) for memory in self.graph.memories}, {}
        )

    def restart(self, memory: FloatMemory, lanes: NDArray[np.bool_]) -> None:
        """Reset the states of the lanes where the mask ``lanes`` [lanes] is true."""
        for state in memory.states.values():
            state[lanes] = 0

    def run(self, memory: FloatMemory, inputs: Sequence[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
        """The outputs, float32 [lanes, N], for one frame of each lane: float32 [lanes, D] for each input."""
        values = {port.value: frame for port, frame in zip(self.graph.inputs, inputs, strict=True)}
        values.update({variable.read: memory.states[variable.name] for variable in self.graph.memories})
        lanes = len(inputs[0])
        with np.errstate(all="ignore"):
            for layer in self.graph.layers:
                values[layer.output] = compute(layer, values, lanes)
        memory.states = {variable.name: np.array(values[variable.stored]) for variable in self.graph.memories}
        memory.values = values
        return [values[port.value] for port in self.graph.outputs]

    def values(self, memory: FloatMemory) -> dict[str, NDArray[np.float32]]:
        """All values of the graph in the last frame, [lanes, K] by name."""
        return memory.values


def port_info(port: GraphPort) -> PortInfo:
    """The port of a runner for an input or output of a graph, [?, size]."""
    name = port.tensor_names[0] if port.tensor_names else port.name
    return PortInfo(name, port.name, 0, port.tensor_names, (None, port.size), "f32", "")


def compute(layer: Layer, values: dict[str, Float32Array], lanes: int) -> Float32Array:
    """The output of a layer, [lanes, M]; ``values`` holds its operands, [lanes, K] by name."""
    match layer:
        case Affine():
            return _shifted(values[layer.input] @ layer.weights.T, layer.biases)
        case Diagonal():
            return _shifted(values[layer.input] * layer.weights, layer.biases)
        case SumLayer():
            left, right = values[layer.left], values[layer.right]
            return left + right if layer.sign > 0 else left - right
        case ProductLayer():
            return values[layer.left] * values[layer.right]
        case Convolution():
            return _convolved(layer, values[layer.input])
        case Activation():
            return activate(layer, values[layer.input])
        case FakeQuantize():
            return _on_grid(layer, values[layer.input])
        case Concat():
            return np.concatenate([values[name] for name in layer.inputs], axis=1)
        case Crop():
            return values[layer.input][:, layer.start : layer.start + layer.size]
        case Permute():
            turned = values[layer.input].reshape(lanes, layer.rows, layer.columns).transpose(0, 2, 1)
            return np.ascontiguousarray(turned).reshape(lanes, -1)
        case Constant():
            return np.broadcast_to(layer.values, (lanes, layer.values.size))
    raise unreachable(layer)


def _shifted(values: Float32Array, biases: Float32Array | None) -> Float32Array:
    if biases is not None:
        values += biases
    return values


def _convolved(layer: Convolution, values: Float32Array) -> Float32Array:
    lanes = len(values)
    length = layer.filters.shape[1]
    windows = np.lib.stride_tricks.sliding_window_view(values, length, axis=1)[:, :: layer.stride]
    sums = _shifted(windows @ layer.filters.T, layer.biases)  # [lanes, positions, filters]
    if layer.pool_window > 1:
        starts = [
            layer.pool_stride * number
            for number in range(pooled_positions(sums.shape[1], layer.pool_window, layer.pool_stride))
        ]
        sums = np.stack([sums[:, start : start + layer.pool_window].max(axis=1) for start in starts], axis=1)
    return np.ascontiguousarray(sums).reshape(lanes, -1)


def _on_grid(layer: FakeQuantize, values: Float32Array) -> Float32Array:
    step = np.float32((layer.high - layer.low) / (layer.levels - 1))
    low = np.float32(layer.low)
    inside = np.clip(values, low, np.float32(layer.high))
    return np.asarray(np.rint((inside - low) / step) * step + low, np.float32)


def activate(layer: Activation, x: Float32Array) -> Float32Array:
    """The function of ``layer`` in float32, in the shape of ``x``."""
    function = _FUNCTIONS.get(layer.function)
    if function is not None:
        return np.asarray(function(x), np.float32)
    parameters = [np.asarray(parameter, np.float32) for parameter in layer.parameters]
    if layer.function == "leaky_relu":
        return np.where(x < 0, x * parameters[0], x)
    if layer.function == "clamp":
        return np.clip(x, parameters[0], parameters[1])
    exponent, scale, shift = parameters
    return np.asarray(np.power(x * scale + shift, exponent), np.float32)


_FUNCTIONS: dict[str, Callable[[Float32Array], NDArray[np.floating[Any]]]] = {
    "identity": lambda x: x,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "tanh": np.tanh,
    "softsign": lambda x: x / (1 + np.abs(x)),
    "exp": np.exp,
    "log": np.log,
    "abs": np.abs,
    "sign": np.sign,
    "relu": lambda x: np.maximum(x, 0),
}
