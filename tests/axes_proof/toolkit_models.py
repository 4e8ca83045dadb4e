"""Small models with the signatures that toolkits export, and what onnxruntime makes of their inputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto

from tests.axes_proof.graph_builder import GraphBuilder

Array = NDArray[Any]
WIDTH, SCORES, HIDDEN = 4, 3, 5
FEATURES = {
    f"u{length}": np.random.default_rng(length).standard_normal((length, WIDTH)).astype(np.float32)
    for length in (7, 12, 3, 4)
}


def _turned(b: GraphBuilder, value: str) -> str:
    return str(b.add("Transpose", value, perm=[0, 2, 1]))


def _convolved(b: GraphBuilder, value: str, outputs: int = SCORES) -> str:
    return str(b.add("Conv", value, b.weights(outputs, WIDTH, 3, scale=0.4), pads=[1, 1]))


def plane() -> onnx.ModelProto:
    """x [B, 1, T, D] of a network of images, a 3x3 kernel: a frame needs its neighbours."""
    b = GraphBuilder(1)
    y = b.add("Conv", "x", b.weights(1, 1, 3, 3, scale=1.0), pads=[1, 1, 1, 1])
    b.name_result(b.add("Squeeze", y, b.constant([1])), "y")
    return b.model([("x", "float", ["B", 1, "T", WIDTH])], [("y", ["B", "T", WIDTH])])


def channels_last() -> onnx.ModelProto:
    """x [B, T, D, 1] as Keras has it."""
    b = GraphBuilder(2)
    x = _turned(b, b.add("Squeeze", "x", b.constant([3])))
    b.name_result(_turned(b, _convolved(b, x)), "y")
    return b.model([("x", "float", ["B", "T", WIDTH, 1])], [("y", ["B", "T", SCORES])])


def classes_before_time() -> onnx.ModelProto:
    """y [B, C, T]."""
    b = GraphBuilder(3)
    b.name_result(_turned(b, b.add("MatMul", "x", b.weights(WIDTH, SCORES))), "y")
    return b.model([("x", "float", ["B", "T", WIDTH])], [("y", ["B", SCORES, "T"])])


def two_heads() -> onnx.ModelProto:
    """y [B, 2, T, C]."""
    b = GraphBuilder(4)
    b.name_result(b.add("MatMul", b.add("Unsqueeze", "x", b.constant([1])), b.weights(2, WIDTH, SCORES)), "y")
    return b.model([("x", "float", ["B", "T", WIDTH])], [("y", ["B", 2, "T", SCORES])])


def masked() -> onnx.ModelProto:
    """A mask [B, T] beside x [B, T, D]."""
    b = GraphBuilder(5)
    x = b.add("Mul", "x", b.add("Unsqueeze", "mask", b.constant([2])))
    b.name_result(b.add("MatMul", x, b.weights(WIDTH, SCORES)), "y")
    inputs: list[Any] = [("x", "float", ["B", "T", WIDTH]), ("mask", "float", ["B", "T"])]
    return b.model(inputs, [("y", ["B", "T", SCORES])])


def time_last() -> onnx.ModelProto:
    """x [B, D, T] to y [B, C, T]."""
    b = GraphBuilder(6)
    b.name_result(_convolved(b, "x"), "y")
    return b.model([("x", "float", ["B", WIDTH, "T"])], [("y", ["B", SCORES, "T"])])


def nemo() -> onnx.ModelProto:
    """audio_signal [B, D, T] and length [B] to logprobs [B, T, C]."""
    b = GraphBuilder(7)
    frames = b.add("Gather", b.add("Shape", "audio_signal"), b.constant(2))
    numbers = b.add("Range", b.constant(0), frames, b.constant(1))
    inside = b.add("Cast", b.add("Less", numbers, b.add("Unsqueeze", "length", b.constant([1]))), to=TensorProto.FLOAT)
    x = _convolved(b, b.add("Mul", "audio_signal", b.add("Unsqueeze", inside, b.constant([1]))))
    b.name_result(b.add("LogSoftmax", _turned(b, x), axis=-1), "logprobs")
    inputs: list[Any] = [("audio_signal", "float", ["B", WIDTH, "T"]), ("length", "int64", ["B"])]
    return b.model(inputs, [("logprobs", ["B", "T", SCORES])])


def lstm_states() -> onnx.ModelProto:
    """x [N, T, D], h0 and c0 [1, N, H] to out [N, T, C], hn and cn."""
    b = GraphBuilder(8)
    weights = [b.weights(1, 4 * HIDDEN, size, scale=0.6) for size in (WIDTH, HIDDEN)]
    weights.append(b.weights(1, 8 * HIDDEN, scale=0.3))
    x = b.add("Transpose", "x", perm=[1, 0, 2])
    y, hn, cn = b.add("LSTM", x, *weights, "", "h0", "c0", outputs=3, hidden_size=HIDDEN)
    b.name_result(hn, "hn")
    b.name_result(cn, "cn")
    y = b.add("Transpose", b.add("Squeeze", y, b.constant([1])), perm=[1, 0, 2])
    b.name_result(b.add("MatMul", y, b.weights(HIDDEN, SCORES)), "out")
    state: Any = [1, "N", HIDDEN]
    inputs: list[Any] = [("x", "float", ["N", "T", WIDTH]), ("h0", "float", state), ("c0", "float", state)]
    return b.model(inputs, [("out", ["N", "T", SCORES]), ("hn", state), ("cn", state)])


def wenet() -> onnx.ModelProto:
    """chunk [1, T, D], offset and att_cache [1, 1, TC, D] to output [1, T, D] and r_att_cache [1, 1, TC + T, D]."""
    b = GraphBuilder(9)
    cache = b.add("Concat", "att_cache", b.add("Unsqueeze", "chunk", b.constant([0])), axis=2)
    mean = b.add("Squeeze", b.add("ReduceMean", cache, axes=[2], keepdims=0), b.constant([0]))
    moved = b.add("Add", "chunk", b.add("Cast", "offset", to=TensorProto.FLOAT))
    b.name_result(b.add("Add", moved, mean), "output")
    b.name_result(cache, "r_att_cache")
    inputs: list[Any] = [
        ("chunk", "float", [1, "T", WIDTH]),
        ("offset", "int64", []),
        ("att_cache", "float", [1, 1, "TC", WIDTH]),
    ]
    return b.model(inputs, [("output", [1, "T", WIDTH]), ("r_att_cache", [1, 1, "TC2", WIDTH])])


def judged(model: onnx.ModelProto, feed: Callable[[Array], Mapping[str, Array]]) -> dict[str, Array]:
    """The first output for each utterance by onnxruntime, which gets the inputs that ``feed`` makes of features."""
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return {key: session.run(None, dict(feed(features)))[0] for key, features in FEATURES.items()}


def saved(model: onnx.ModelProto, path: Any) -> str:
    """The path, where the model is now."""
    onnx.save(model, path)
    return str(path)
