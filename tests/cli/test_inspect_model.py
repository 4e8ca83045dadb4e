from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.command_line import MODELS, run


def test_a_model_with_variables() -> None:
    outcome = run("inspect", MODELS / "tdnn_al.xml")
    assert (outcome.code, outcome.stderr) == (0, "")
    lines = [line.strip() for line in outcome.stdout.splitlines()]
    assert "kind: OpenVINO IR" in lines
    assert "input: [1,64] f32" in lines
    assert "memory: the last 6 frames" in lines
    assert "MatMul: 3" in lines


def test_verbose_lists_every_layer(tiny_model: str) -> None:
    assert "hidden: " not in run("inspect", tiny_model).stdout
    assert "hidden: " in run("inspect", tiny_model, "-v").stdout


def test_a_blob(tiny_model: str, folder: Path) -> None:
    assert run("score", "-m", tiny_model, "-wg", "tiny.blob", "--quiet").code == 0
    outcome = run("inspect", "tiny.blob")
    assert outcome.code == 0
    assert "kind: exported blob for CPU" in outcome.stdout
    assert "feats: [?,4] f32" in outcome.stdout


def test_an_onnx_model(folder: Path) -> None:
    onnx = pytest.importorskip("onnx")
    helper = onnx.helper
    ports = [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["N", 2]) for name in ("feats", "scores")]
    weights = onnx.numpy_helper.from_array(np.eye(2, dtype=np.float32), "weights")
    node = helper.make_node("MatMul", ["feats", "weights"], ["scores"])
    graph = helper.make_graph([node], "small", ports[:1], ports[1:], [weights])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), "small.onnx")
    outcome = run("inspect", "small.onnx")
    assert outcome.code == 0, outcome.stderr
    assert "kind: ONNX" in outcome.stdout
    assert "feats: [?,2] f32" in outcome.stdout


def test_something_else(folder: Path) -> None:
    Path("x.bin").write_bytes(b"nothing that anybody knows")
    outcome = run("inspect", "x.bin")
    assert outcome.code == 3
    assert outcome.error.startswith("x.bin: ")
