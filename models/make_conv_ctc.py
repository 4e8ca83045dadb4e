"""Make models/conv_ctc.onnx and data/conv_ctc/: a small network as NeMo exports them, and its scores by onnxruntime.

    python models/make_conv_ctc.py

Inputs are ``audio_signal`` [N, 40, T] and ``length`` [N]; convolutions over time take every second frame, and the
output ``logprobs`` is [N, T / 2, 12]. Frames from ``length`` on are masked. Weights come from a seed. It takes the MFCC
of data/kaldi/hires.ark. Needs onnx and onnxruntime.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import kaldiio
import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

ROOT = Path(__file__).resolve().parent.parent
FEATURES, HIDDEN, CLASSES = 40, 24, 12


def make_model() -> onnx.ModelProto:
    """Mask, convolution with stride 2, ReLU, convolution, log-softmax over the classes."""
    random = np.random.default_rng(14)
    constants: dict[str, NDArray[Any]] = {
        "w1": (random.standard_normal((HIDDEN, FEATURES, 5)) / 60).astype(np.float32),
        "b1": random.standard_normal(HIDDEN).astype(np.float32),
        "w2": (random.standard_normal((CLASSES, HIDDEN, 3)) / 4).astype(np.float32),
        "b2": random.standard_normal(CLASSES).astype(np.float32),
        "last": np.array(2, np.int64),
        "zero": np.array(0, np.int64),
        "one": np.array(1, np.int64),
        "axis0": np.array([0], np.int64),
        "axis1": np.array([1], np.int64),
    }
    node = helper.make_node
    nodes = [
        node("Shape", ["audio_signal"], ["shape"]),
        node("Gather", ["shape", "last"], ["frames"], axis=0),
        node("Range", ["zero", "frames", "one"], ["places"]),
        node("Unsqueeze", ["places", "axis0"], ["places_row"]),
        node("Unsqueeze", ["length", "axis1"], ["length_column"]),
        node("Less", ["places_row", "length_column"], ["is_speech"]),
        node("Cast", ["is_speech"], ["speech"], to=TensorProto.FLOAT),
        node("Unsqueeze", ["speech", "axis1"], ["mask"]),
        node("Mul", ["audio_signal", "mask"], ["masked"]),
        node("Conv", ["masked", "w1", "b1"], ["conv1"], pads=[2, 2], strides=[2]),
        node("Relu", ["conv1"], ["hidden"]),
        node("Conv", ["hidden", "w2", "b2"], ["conv2"], pads=[1, 1]),
        node("Transpose", ["conv2"], ["logits"], perm=[0, 2, 1]),
        node("LogSoftmax", ["logits"], ["logprobs"], axis=-1),
    ]
    signal = helper.make_tensor_value_info("audio_signal", TensorProto.FLOAT, ["N", FEATURES, "T"])
    length = helper.make_tensor_value_info("length", TensorProto.INT64, ["N"])
    scores = helper.make_tensor_value_info("logprobs", TensorProto.FLOAT, ["N", "T_out", CLASSES])
    weights = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "conv_ctc", [signal, length], [scores], weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def main() -> None:
    """Write the model, and the scores that onnxruntime gives for each utterance by itself."""
    path = ROOT / "models" / "conv_ctc.onnx"
    onnx.save(make_model(), str(path))
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    scores = {}
    for key, matrix in kaldiio.load_ark(str(ROOT / "data" / "kaldi" / "hires.ark")):
        request = {"audio_signal": matrix.T[np.newaxis], "length": np.array([len(matrix)], np.int64)}
        scores[key] = session.run(["logprobs"], request)[0][0]
    folder = ROOT / "data" / "conv_ctc"
    folder.mkdir(exist_ok=True)
    kaldiio.save_ark(str(folder / "logprobs.ark"), scores)


if __name__ == "__main__":
    main()
