"""Small ONNX models with states, lengths and masks as toolkits export them, and their scores by onnxruntime."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from ov_asr_score.openvino_api import ov

WIDTH, HIDDEN, SCORES = 4, 5, 3
RANDOM = np.random.default_rng(3)
WEIGHTS = {
    "W": RANDOM.standard_normal((WIDTH, HIDDEN)) / 2,
    "R": RANDOM.standard_normal((HIDDEN, HIDDEN)) / 2,
    "P": RANDOM.standard_normal((HIDDEN, SCORES)),
    "Q": RANDOM.standard_normal((WIDTH, SCORES)),
    "lstm_W": RANDOM.standard_normal((1, 4 * HIDDEN, WIDTH)) / 2,
    "lstm_R": RANDOM.standard_normal((1, 4 * HIDDEN, HIDDEN)) / 2,
    "lstm_B": RANDOM.standard_normal((1, 8 * HIDDEN)) / 2,
}
FLOAT, INT = int(TensorProto.FLOAT), int(TensorProto.INT64)

Shape = Sequence[Any]  # numbers, and names of free lengths
Port = tuple[str, Shape] | tuple[str, Shape, int]


def onnx_model(
    nodes: Sequence[Any], inputs: Sequence[Port], outputs: Sequence[Port], **constants: Sequence[int] | int | float
) -> onnx.ModelProto:
    """A model of these nodes; those of ``WEIGHTS`` and ``constants`` that they read are its initializers."""
    read = {name for node in nodes for name in node.input}
    values = {name: value.astype(np.float32) for name, value in WEIGHTS.items() if name in read}
    values |= {
        name: np.array(value, np.float32 if isinstance(value, float) else np.int64) for name, value in constants.items()
    }
    ports = [
        [helper.make_tensor_value_info(port[0], port[2] if len(port) > 2 else FLOAT, port[1]) for port in ports]
        for ports in (inputs, outputs)
    ]
    weights = [numpy_helper.from_array(value, name) for name, value in values.items()]
    graph = helper.make_graph(list(nodes), "graph", ports[0], ports[1], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return model


def lstm_model(batch: int | str = "N", names: Sequence[str] = ("h0", "c0", "hn", "cn")) -> onnx.ModelProto:
    """x [N,T,4] with the states of torch.nn.LSTM(batch_first=True), [1,N,5]."""
    h0, c0, hn, cn = names
    nodes = [
        helper.make_node("Transpose", ["x"], ["xt"], perm=[1, 0, 2]),
        helper.make_node("LSTM", ["xt", "lstm_W", "lstm_R", "lstm_B", "", h0, c0], ["y", hn, cn], hidden_size=HIDDEN),
        helper.make_node("Squeeze", ["y", "one"], ["ys"]),
        helper.make_node("Transpose", ["ys"], ["yt"], perm=[1, 0, 2]),
        helper.make_node("MatMul", ["yt", "P"], ["out"]),
    ]
    state: Shape = [1, batch, HIDDEN]
    inputs: list[Port] = [("x", [batch, "T", WIDTH]), (h0, state), (c0, state)]
    return onnx_model(nodes, inputs, [("out", [batch, "T", SCORES]), (hn, state), (cn, state)], one=[1])


def cell_model(
    batch: int | str = 1, names: Sequence[str] = ("h_in", "h_out"), counter: Sequence[str] = ()
) -> onnx.ModelProto:
    """x [N,4], one frame, and a state [N,5]: h' = tanh(x W + h R), scores h' P (+ the number of frames before)."""
    before, after = names
    nodes = [
        helper.make_node("MatMul", ["x", "W"], ["xw"]),
        helper.make_node("MatMul", [before, "R"], ["hr"]),
        helper.make_node("Add", ["xw", "hr"], ["sum"]),
        helper.make_node("Tanh", ["sum"], [after]),
        helper.make_node("MatMul", [after, "P"], ["scores" if counter else "out"]),
    ]
    inputs: list[Port] = [("x", [batch, WIDTH]), (before, [batch, HIDDEN])]
    outputs: list[Port] = [("out", [batch, SCORES]), (after, [batch, HIDDEN])]
    if counter:
        nodes += [
            helper.make_node("Add", [counter[0], "one"], [counter[1]]),
            helper.make_node("Cast", [counter[0]], ["count"], to=FLOAT),
            helper.make_node("Add", ["scores", "count"], ["out"]),
        ]
        inputs.append((counter[0], [batch, 1], INT))
        outputs.append((counter[1], [batch, 1], INT))
    return onnx_model(nodes, inputs, outputs, **({"one": [1]} if counter else {}))


def wenet_model(frames: int | str = "T", limit: int = 0) -> onnx.ModelProto:
    """chunk [1,T,4] with wenet's offset and att_cache [1,1,C,4]: chunk + offset + the mean of all that went before.

    With ``limit`` the cache keeps that many frames.
    """
    nodes = [
        helper.make_node("Unsqueeze", ["chunk", "zero"], ["chunk4"]),
        helper.make_node("Concat", ["att_cache", "chunk4"], ["seen"], axis=2),
        helper.make_node("ReduceMean", ["seen"], ["mean"], axes=[2], keepdims=0),
        helper.make_node("Squeeze", ["mean", "zero"], ["mean3"]),
        helper.make_node("Cast", ["offset"], ["position"], to=FLOAT),
        helper.make_node("Add", ["chunk", "position"], ["moved"]),
        helper.make_node("Add", ["moved", "mean3"], ["output"]),
    ]
    constants: dict[str, Sequence[int]] = {"zero": [0]}
    if limit:
        nodes.append(helper.make_node("Slice", ["seen", "start", "end", "axis"], ["r_att_cache"]))
        constants |= {"start": [-limit], "end": [1 << 40], "axis": [2]}
    else:
        nodes.append(helper.make_node("Identity", ["seen"], ["r_att_cache"]))
    inputs: list[Port] = [("chunk", [1, frames, WIDTH]), ("offset", [], INT), ("att_cache", [1, 1, "C", WIDTH])]
    outputs: list[Port] = [("output", [1, frames, WIDTH]), ("r_att_cache", [1, 1, "C2", WIDTH])]
    return onnx_model(nodes, inputs, outputs, **constants)


def wenet_encoder(*, branches: bool) -> onnx.ModelProto:
    """All the inputs of wenet's streaming encoder, with a batch: attention, a convolution over two more frames, a mask.

    The cache keeps ``required_cache_size`` frames; with ``branches`` all of them if that is negative.
    """
    nodes = [
        helper.make_node("Unsqueeze", ["chunk", "zero"], ["chunk4"]),
        helper.make_node("Concat", ["att_cache", "chunk4"], ["seen"], axis=2),
        helper.make_node("Shape", ["seen"], ["seen_shape"]),
        helper.make_node("Gather", ["seen_shape", "two"], ["num_seen"]),
    ]
    superfluous = [
        helper.make_node("Sub", ["num_seen", "required_cache_size"], ["too_many"]),
        helper.make_node("Max", ["too_many", "zero"], ["some"]),
    ]
    if branches:
        ends = [helper.make_tensor_value_info(name, INT, [1]) for name in ("none", "some")]
        all_kept = helper.make_graph([helper.make_node("Identity", ["zero"], ["none"])], "all", [], ends[:1])
        some_kept = helper.make_graph(superfluous, "some", [], ends[1:])
        nodes += [
            helper.make_node("Less", ["required_cache_size", "zero"], ["is_negative"]),
            helper.make_node("If", ["is_negative"], ["start"], then_branch=all_kept, else_branch=some_kept),
        ]
    else:
        nodes += [*superfluous, helper.make_node("Identity", ["some"], ["start"])]
    nodes += [
        helper.make_node("Slice", ["seen", "start", "end", "two"], ["r_att_cache"]),
        helper.make_node("ReduceMean", ["seen"], ["mean"], axes=[2], keepdims=0),
        helper.make_node("Squeeze", ["mean", "zero"], ["mean3"]),
        helper.make_node("Transpose", ["chunk"], ["turned"], perm=[0, 2, 1]),
        helper.make_node("Unsqueeze", ["turned", "zero"], ["turned4"]),
        helper.make_node("Concat", ["cnn_cache", "turned4"], ["wide"], axis=3),
        helper.make_node("Slice", ["wide", "minus_two", "end", "three"], ["r_cnn_cache"]),
        helper.make_node("ReduceMean", ["wide"], ["wide_mean"], axes=[3], keepdims=0),
        helper.make_node("Add", ["wide_mean", "mean3"], ["means"]),
        helper.make_node("Cast", ["offset"], ["position"], to=FLOAT),
        helper.make_node("Add", ["chunk", "position"], ["moved"]),
        helper.make_node("Add", ["moved", "means"], ["sum"]),
        helper.make_node("Cast", ["att_mask"], ["mask_f"], to=FLOAT),
        helper.make_node("Transpose", ["mask_f"], ["mask_t"], perm=[0, 2, 1]),
        helper.make_node("Mul", ["sum", "mask_t"], ["output"]),
    ]
    inputs: list[Port] = [
        ("chunk", ["B", "T", WIDTH]),
        ("offset", [], INT),
        ("required_cache_size", [], INT),
        ("att_cache", [1, 1, "C", WIDTH]),
        ("cnn_cache", [1, "B", WIDTH, 2]),
        ("att_mask", ["B", 1, "T"], int(TensorProto.BOOL)),
    ]
    outputs: list[Port] = [
        ("output", ["B", "T", WIDTH]),
        ("r_att_cache", [1, 1, "C2", WIDTH]),
        ("r_cnn_cache", [1, "B", WIDTH, 2]),
    ]
    constants = {"zero": [0], "two": [2], "three": [3], "minus_two": [-2], "end": [1 << 40]}
    return onnx_model(nodes, inputs, outputs, **constants)


def length_model(name: str = "x_lens", shape: Shape = ("N",), kind: int = INT) -> onnx.ModelProto:
    """x [N,T,4] and its number of frames: scores x Q times that number."""
    nodes = [
        helper.make_node("MatMul", ["x", "Q"], ["xq"]),
        helper.make_node("Cast", [name], ["length_f"], to=FLOAT),
        helper.make_node("Reshape", ["length_f", "column"], ["length3"]),
        helper.make_node("Mul", ["xq", "length3"], ["out"]),
    ]
    inputs: list[Port] = [("x", ["N", "T", WIDTH]), (name, shape, kind)]
    return onnx_model(nodes, inputs, [("out", ["N", "T", SCORES])], column=[-1, 1, 1])


def mask_model(
    name: str = "mask", shape: Shape = ("N", "T"), kind: int = FLOAT, *, hides: bool = False
) -> onnx.ModelProto:
    """x [N,T,4] and a mask: x Q where it is one, or with ``hides`` where it is zero."""
    nodes = [
        helper.make_node("Cast", [name], ["mask_f"], to=FLOAT),
        helper.make_node("Sub", ["unit", "mask_f"], ["kept"])
        if hides
        else helper.make_node("Identity", ["mask_f"], ["kept"]),
        helper.make_node("Reshape", ["kept", "column"], ["mask3"]),
        helper.make_node("Mul", ["x", "mask3"], ["masked"]),
        helper.make_node("MatMul", ["masked", "Q"], ["out"]),
    ]
    inputs: list[Port] = [("x", ["N", "T", WIDTH]), (name, shape, kind)]
    constants: dict[str, Any] = {"column": [1, -1, 1]} | ({"unit": 1.0} if hides else {})
    return onnx_model(nodes, inputs, [("out", ["N", "T", SCORES])], **constants)


def read_onnx(model: onnx.ModelProto, folder: Path, name: str = "model.onnx") -> ov.Model:
    """The model as OpenVINO reads it, from a file in ``folder``."""
    path = folder / name
    onnx.save(model, path)
    return ov.Core().read_model(path)


def run_onnx(model: onnx.ModelProto, feeds: Mapping[str, Any], output: str | None = None) -> NDArray[np.float32]:
    """An output (None: the first) by onnxruntime."""
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    result: NDArray[np.float32] = session.run([output or session.get_outputs()[0].name], dict(feeds))[0]
    return result


def features(length: int, seed: int = 0) -> NDArray[np.float32]:
    """Frames [T, 4]."""
    return np.random.default_rng(seed).standard_normal((length, WIDTH)).astype(np.float32)


def request_of(model: ov.Model) -> Any:
    """An infer request of the model on the CPU, in float32."""
    return ov.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"}).create_infer_request()


def first_output(request: Any, *arrays: Any) -> NDArray[np.float32]:
    """A copy of the first output for these inputs."""
    request.infer(dict(enumerate(arrays)))
    return np.array(request.get_output_tensor(0).data)


def icefall_encoder() -> onnx.ModelProto:
    """x [N,T,4] with states as icefall exports them: the last frames [6,N,4], and how many went before, [N]."""
    nodes = [
        helper.make_node("Transpose", ["x"], ["turned"], perm=[1, 0, 2]),
        helper.make_node("Concat", ["cached_key_0", "turned"], ["keys"], axis=0),
        helper.make_node("Slice", ["keys", "minus_six", "end", "zero"], ["new_cached_key_0"]),
        helper.make_node("ReduceMean", ["keys"], ["mean"], axes=[0], keepdims=1),
        helper.make_node("Add", ["turned", "mean"], ["sum"]),
        helper.make_node("Transpose", ["sum"], ["back"], perm=[1, 0, 2]),
        helper.make_node("Shape", ["x"], ["shape"]),
        helper.make_node("Gather", ["shape", "one"], ["frames"]),
        helper.make_node("Add", ["processed_lens", "frames"], ["new_processed_lens"]),
        helper.make_node("Cast", ["processed_lens"], ["before"], to=FLOAT),
        helper.make_node("Reshape", ["before", "column"], ["before3"]),
        helper.make_node("Add", ["back", "before3"], ["encoder_out"]),
    ]
    inputs: list[Port] = [("x", ["N", "T", WIDTH]), ("cached_key_0", [6, "N", WIDTH]), ("processed_lens", ["N"], INT)]
    outputs: list[Port] = [
        ("encoder_out", ["N", "T", WIDTH]),
        ("new_cached_key_0", [6, "N", WIDTH]),
        ("new_processed_lens", ["N"], INT),
    ]
    constants = {"minus_six": [-6], "end": [1 << 40], "zero": [0], "one": [1], "column": [-1, 1, 1]}
    return onnx_model(nodes, inputs, outputs, **constants)


def nemo_encoder() -> onnx.ModelProto:
    """audio_signal [N,4,T] with the length and the caches of NeMo's streaming encoders."""
    nodes = [
        helper.make_node("Transpose", ["audio_signal"], ["x"], perm=[0, 2, 1]),
        helper.make_node("Gather", ["cache_last_channel", "first"], ["cache"], axis=1),
        helper.make_node("Concat", ["cache", "x"], ["seen"], axis=1),
        helper.make_node("Slice", ["seen", "minus_six", "end", "one"], ["kept"]),
        helper.make_node("Unsqueeze", ["kept", "one"], ["layer"]),
        helper.make_node("Concat", ["layer", "layer"], ["cache_last_channel_next"], axis=1),
        helper.make_node("Add", ["cache_last_channel_len", "length"], ["all"]),
        helper.make_node("Min", ["all", "six"], ["cache_last_channel_len_next"]),
        helper.make_node("ReduceMean", ["seen"], ["mean"], axes=[1], keepdims=1),
        helper.make_node("Add", ["x", "mean"], ["sum"]),
        helper.make_node("Cast", ["cache_last_channel_len"], ["before"], to=FLOAT),
        helper.make_node("Reshape", ["before", "column"], ["before3"]),
        helper.make_node("Add", ["sum", "before3"], ["moved"]),
        helper.make_node("Transpose", ["moved"], ["outputs"], perm=[0, 2, 1]),
        helper.make_node("Identity", ["length"], ["encoded_lengths"]),
    ]
    cache: Shape = ["N", 2, 6, WIDTH]
    inputs: list[Port] = [
        ("audio_signal", ["N", WIDTH, "T"]),
        ("length", ["N"], INT),
        ("cache_last_channel", cache),
        ("cache_last_channel_len", ["N"], INT),
    ]
    outputs: list[Port] = [
        ("outputs", ["N", WIDTH, "T"]),
        ("encoded_lengths", ["N"], INT),
        ("cache_last_channel_next", cache),
        ("cache_last_channel_len_next", ["N"], INT),
    ]
    constants: dict[str, Any] = {"first": 0, "minus_six": [-6], "end": [1 << 40], "one": [1], "six": [6]}
    return onnx_model(nodes, inputs, outputs, column=[-1, 1, 1], **constants)
