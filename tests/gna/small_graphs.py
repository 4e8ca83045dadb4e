"""Small graphs built layer by layer, and their scores in integers and in floats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.gna.compiler.compilation import compile_graph
from ov_asr_score.gna.compiler.compile_options import CompiledGna, CompileSettings
from ov_asr_score.gna.exact.program import ExactProgram
from ov_asr_score.gna.execution import Program
from ov_asr_score.gna.format.blob import read_blob, write_blob
from ov_asr_score.gna.format.model_checks import check_model
from ov_asr_score.gna.graphs.float_graph import (
    Activation,
    Affine,
    Concat,
    Constant,
    Convolution,
    Crop,
    Diagonal,
    FakeQuantize,
    GnaGraph,
    GraphPort,
    Layer,
    Memory,
    Permute,
    ProductLayer,
    SumLayer,
)
from ov_asr_score.gna.graphs.float_program import FloatProgram

Floats = NDArray[np.float32]


@dataclass
class Builder:
    """A graph that grows; methods give back the name of the value that they add."""

    seed: int = 0
    layers: list[Layer] = field(default_factory=list)
    inputs: list[GraphPort] = field(default_factory=list)
    outputs: list[GraphPort] = field(default_factory=list)
    memories: list[Memory] = field(default_factory=list)
    sizes: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.random = np.random.default_rng(self.seed)

    def input(self, size: int, name: str = "input") -> str:
        self.inputs.append(GraphPort(name, name, size, (1, size), (f"{name}:0",)))
        self.sizes[name] = size
        return name

    def output(self, value: str, name: str = "score") -> None:
        self.outputs.append(GraphPort(name, value, self.sizes[value], (1, self.sizes[value])))

    def affine(self, value: str, rows: int, spread: float = 1.0) -> str:
        size = self.sizes[value]
        weights = self.normal(rows, size) * np.float32(spread / np.sqrt(size))
        return self._add(Affine, rows, input=value, weights=weights, biases=self.normal(rows) * np.float32(0.1))

    def diagonal(self, value: str) -> str:
        size = self.sizes[value]
        return self._add(Diagonal, size, input=value, weights=self.normal(size), biases=self.normal(size))

    def scaled(self, value: str) -> str:
        return self._add(Diagonal, self.sizes[value], input=value, weights=self.normal(self.sizes[value]))

    def function(self, value: str, function: str, *parameters: Any) -> str:
        return self._add(Activation, self.sizes[value], input=value, function=function, parameters=parameters)

    def sum(self, left: str, right: str, sign: int = 1) -> str:
        return self._add(SumLayer, self.sizes[left], left=left, right=right, sign=sign)

    def product(self, left: str, right: str) -> str:
        return self._add(ProductLayer, self.sizes[left], left=left, right=right)

    def concat(self, *values: str) -> str:
        return self._add(Concat, sum(self.sizes[value] for value in values), inputs=values)

    def crop(self, value: str, start: int, size: int) -> str:
        return self._add(Crop, size, input=value, start=start, size=size)

    def permute(self, value: str, rows: int, columns: int) -> str:
        return self._add(Permute, self.sizes[value], input=value, rows=rows, columns=columns)

    def constant(self, size: int) -> str:
        return self._add(Constant, size, values=self.normal(size))

    def quantized(self, value: str, low: float, high: float, levels: int) -> str:
        return self._add(FakeQuantize, self.sizes[value], input=value, low=low, high=high, levels=levels)

    def convolution(
        self, value: str, filters: int, length: int, stride: int, window: int = 1, pool_stride: int = 1
    ) -> str:
        positions = (self.sizes[value] - length) // stride + 1
        pooled = -(-max(positions - window, 0) // pool_stride) + 1 if window > 1 else positions
        return self._add(
            Convolution,
            pooled * filters,
            input=value,
            filters=self.normal(filters, length) * np.float32(1 / np.sqrt(length)),
            biases=self.normal(filters),
            stride=stride,
            pool_window=window,
            pool_stride=pool_stride,
        )

    def memory(self, size: int) -> str:
        """The value that a memory holds; what is stored is told by ``store``."""
        name = f"memory{len(self.memories)}"
        self.memories.append(Memory(name, f"{name}/read", "", size))
        self.sizes[f"{name}/read"] = size
        return f"{name}/read"

    def store(self, read: str, value: str) -> None:
        self.memories = [
            Memory(each.name, read, value, each.size) if each.read == read else each for each in self.memories
        ]

    def normal(self, *shape: int) -> Floats:
        return self.random.normal(size=shape).astype(np.float32)

    def graph(self) -> GnaGraph:
        return GnaGraph(
            tuple(self.layers), tuple(self.inputs), tuple(self.outputs), tuple(self.memories), dict(self.sizes)
        )

    def _add(self, kind: type[Layer], elements: int, /, **fields: Any) -> str:
        value = f"{kind.__name__.lower()}{len(self.layers)}"
        self.layers.append(kind(name=value, output=value, **fields))
        self.sizes[value] = elements
        return value


def scores_of(program: Program, frames: Sequence[Floats]) -> list[Floats]:
    """Outputs [lanes, T, N] for inputs [lanes, T, D], frame by frame."""
    lanes, length = frames[0].shape[:2]
    memory = program.new_memory(lanes)
    steps = [program.run(memory, [np.ascontiguousarray(each[:, t]) for each in frames]) for t in range(length)]
    return [np.stack([np.array(step[i]) for step in steps], axis=1) for i in range(len(steps[0]))]


def compiled(graph: GnaGraph, **settings: Any) -> CompiledGna:
    """The graph compiled; the blob is checked and read back."""
    settings.setdefault("scale_factors", {port.name: 4096.0 for port in graph.inputs})
    found = compile_graph(graph, CompileSettings(**settings))
    check_model(found.model, "the compiled graph")
    assert write_blob(read_blob(write_blob(found.model), "blob")) == write_blob(found.model)
    return found


def noise(graph: GnaGraph, lanes: int = 6, length: int = 12, seed: int = 1234, **settings: Any) -> list[float]:
    """RMS error of each output of the compiled graph in units of the output's standard deviation."""
    random = np.random.default_rng(seed)
    frames = [random.normal(size=(lanes, length, port.size)).astype(np.float32) for port in graph.inputs]
    expected = scores_of(FloatProgram(graph), frames)
    model = read_blob(write_blob(compiled(graph, **settings).model), "blob")
    found = scores_of(ExactProgram(model), frames)
    return [
        float(np.sqrt(np.mean((one.astype(np.float64) - other) ** 2)) / np.std(other))
        for one, other in zip(found, expected, strict=True)
    ]
