"""ONNX models [1, T, D] that look along time in different ways, and their scores by onnxruntime."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

WIDTH, HIDDEN = 6, 8


class OnnxGraph:
    """Nodes of a model in the making; every method gives the name of its output."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.tensors: list[onnx.TensorProto] = []
        self._generator = np.random.default_rng(5)

    def node(self, kind: str, *inputs: str, outputs: int = 1, **attributes: Any) -> str:
        names = [f"{kind}{len(self.nodes)}{suffix}" for suffix in "abc"[:outputs]]
        self.nodes.append(helper.make_node(kind, list(inputs), names, **attributes))
        return names[0]

    def tensor(self, value: Any) -> str:
        name = f"constant{len(self.tensors)}"
        self.tensors.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def weights(self, *shape: int) -> str:
        scale = np.sqrt(np.prod(shape[1:]))
        return self.tensor((self._generator.standard_normal(shape) / scale).astype(np.float32))

    def convolved(self, x: str, inputs: int, kernel: int, **attributes: Any) -> str:
        """A convolution along the last axis with a bias and tanh, which zeros at the edges do not pass unseen."""
        bias = self.tensor(self._generator.standard_normal(HIDDEN).astype(np.float32))
        return self.node("Tanh", self.node("Conv", x, self.weights(HIDDEN, inputs, kernel), bias, **attributes))

    def turned(self, x: str) -> str:
        return self.node("Transpose", x, perm=[0, 2, 1])

    def lstm(self, x: str, direction: str) -> str:
        """[1, T, D] to [1, T, directions * HIDDEN]."""
        count = 2 if direction == "bidirectional" else 1
        weights = [self.weights(count, 4 * HIDDEN, size) for size in (WIDTH, HIDDEN)]
        by_time = self.node("Transpose", x, perm=[1, 0, 2])
        y = self.node("LSTM", by_time, *weights, outputs=3, hidden_size=HIDDEN, direction=direction)
        joined = self.node("Transpose", y, perm=[2, 0, 1, 3])
        return self.node("Reshape", joined, self.tensor(np.array([1, -1, count * HIDDEN])))


def _same(graph: OnnxGraph, x: str) -> str:
    hidden = graph.convolved(graph.turned(x), WIDTH, 5, pads=[2, 2])
    return graph.turned(graph.convolved(hidden, HIDDEN, 3, pads=[3, 3], dilations=[3]))


def _every_third(graph: OnnxGraph, x: str) -> str:
    hidden = graph.convolved(graph.turned(x), WIDTH, 5, pads=[2, 2])
    hidden = graph.convolved(hidden, HIDDEN, 3, strides=[3], auto_pad="SAME_UPPER")
    return graph.turned(graph.convolved(hidden, HIDDEN, 3, pads=[1, 1]))


def _valid(graph: OnnxGraph, x: str) -> str:
    hidden = graph.convolved(graph.turned(x), WIDTH, 3, strides=[2])
    return graph.turned(graph.convolved(hidden, HIDDEN, 3, strides=[2]))


def _causal(graph: OnnxGraph, x: str) -> str:
    return graph.turned(graph.convolved(graph.turned(x), WIDTH, 7, pads=[12, 0], dilations=[2]))


def _squeezed(graph: OnnxGraph, x: str) -> str:
    mean = graph.node("ReduceMean", x, axes=[1], keepdims=1)
    return graph.node("Mul", x, graph.node("Sigmoid", mean))


def _positions(graph: OnnxGraph, x: str) -> str:
    length = graph.node("Gather", graph.node("Shape", x), graph.tensor(np.array(1)))
    steps = graph.node("Range", graph.tensor(np.array(0)), length, graph.tensor(np.array(1)))
    waves = graph.node("Sin", graph.node("Cast", steps, to=TensorProto.FLOAT))
    return graph.node("Add", x, graph.node("Unsqueeze", waves, graph.tensor(np.array([0, 2]))))


def _attention(graph: OnnxGraph, x: str) -> str:
    weights = graph.node("Softmax", graph.node("MatMul", x, graph.turned(x)), axis=-1)
    return graph.node("MatMul", weights, x)


BODIES: dict[str, Callable[[OnnxGraph, str], str]] = {
    "same": _same,
    "every third": _every_third,
    "valid": _valid,
    "causal": _causal,
    "squeezed": _squeezed,
    "positions": _positions,
    "attention": _attention,
    "lstm": lambda graph, x: graph.lstm(x, "forward"),
    "blstm": lambda graph, x: graph.lstm(x, "bidirectional"),
    "pooled": lambda graph, x: graph.node("ReduceMean", x, axes=[1], keepdims=1),
}


def write_model(body: str, folder: Path) -> Path:
    """An ONNX file of this body, from ``x`` to ``score``."""
    graph = OnnxGraph()
    last = BODIES[body](graph, "x")
    for node in graph.nodes:  # an Identity would leave the tensor with two names in OpenVINO 2023.3
        node.output[:] = ["score" if name == last else name for name in node.output]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, "T", WIDTH])
    score = helper.make_tensor_value_info("score", TensorProto.FLOAT, None)
    made = helper.make_graph(graph.nodes, "model", [x], [score], graph.tensors)
    path = folder / "model.onnx"
    onnx.save(helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def reference_scores(path: Path, values: Any) -> Any:
    """Scores [rows, N] of the frames [T, D] by onnxruntime."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    (scores,) = session.run(None, {"x": values[None]})
    return scores.reshape(-1, scores.shape[-1])
