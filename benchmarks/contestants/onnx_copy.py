"""The feed-forward benchmark model in onnxruntime, if onnxruntime and onnx are installed."""

from __future__ import annotations

import time
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from benchmarks.measuring.turns import Contestant
from benchmarks.models.subjects import ONNXRUNTIME, Subject
from ov_asr_score.kaldi_model.loading import load_network

ROWS = 512


def write_onnx(path: Path, subject: Subject) -> Path:
    """``path``, the same network as ONNX: alternating Gemm and Sigmoid. Needs the package onnx."""
    from onnx import TensorProto, helper, numpy_helper, save_model

    nodes, weights, value = [], [], "input"
    for component in load_network(subject.path).components.values():
        if component.type == "SigmoidComponent":
            nodes.append(helper.make_node("Sigmoid", [value], [component.name]))
        else:
            names = [f"{component.name}.weights", f"{component.name}.bias"]
            arrays = [component.fields["LinearParams"], component.fields["BiasParams"]]
            weights += [
                numpy_helper.from_array(np.asarray(array, np.float32), name)
                for array, name in zip(arrays, names, strict=True)
            ]
            nodes.append(helper.make_node("Gemm", [value, *names], [component.name], transB=1))
        value = component.name
    ports = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["rows", width])
        for name, width in (("input", subject.dim), (value, subject.outputs))
    ]
    graph = helper.make_graph(nodes, subject.name, ports[:1], ports[1:], weights)
    save_model(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), str(path))
    return path


def onnxruntime(subject: Subject, folder: Path, cores: int) -> Contestant | None:
    """onnxruntime fed from memory with large batches; None if it is not installed."""
    if not find_spec("onnxruntime") or not find_spec("onnx"):
        return None
    import onnxruntime as runtime

    options = runtime.SessionOptions()
    options.intra_op_num_threads = cores
    # Threads that spin between its turns would take cores away from the others.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    path = write_onnx(folder / f"{subject.name}.onnx", subject)
    session = runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    rows = np.random.default_rng(1).standard_normal((ROWS, subject.dim)).astype(np.float32)
    session.run(None, {"input": rows})

    def run() -> tuple[float, float]:
        started, frames = time.perf_counter(), 0
        while time.perf_counter() - started < 1:
            session.run(None, {"input": rows})
            frames += ROWS
        return frames, time.perf_counter() - started

    return Contestant(ONNXRUNTIME, run)
