"""A path to a model, or an error that says what to do."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import openvino as ov
import pytest
from onnx import TensorProto, helper, numpy_helper

from ov_asr_score.errors import FileAccessError, ModelFormatError, OvAsrScoreError, UnsupportedModelError
from ov_asr_score.ov_model.ir_file import read_openvino_model
from tests.places import ROOT

MODELS = ROOT / "models"


def test_an_ir() -> None:
    assert [port.get_any_name() for port in read_openvino_model(MODELS / "two_inputs.xml").inputs] == [
        "features",
        "ivector",
    ]
    assert len(read_openvino_model(str(MODELS / "lstm_mem.xml")).get_sinks()) > 0


def test_an_onnx_file(tmp_path: Path) -> None:
    ports = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", 3]) for name in "xy"]
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "g", ports[:1], ports[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, str(tmp_path / "relu.onnx"))
    assert read_openvino_model(tmp_path / "relu.onnx").outputs[0].get_any_name() == "y"
    content = (tmp_path / "relu.onnx").read_bytes()
    for damaged in (content[: len(content) // 2], b"\xff" * 40):
        (tmp_path / "damaged.onnx").write_bytes(damaged)
        with pytest.raises(ModelFormatError, match="OpenVINO cannot read this model") as caught:
            read_openvino_model(tmp_path / "damaged.onnx")
        assert "\n" not in str(caught.value)
    (tmp_path / "empty.onnx").write_bytes(b"")
    with pytest.raises(UnsupportedModelError, match=r"empty.onnx: is empty; expected a Kaldi, OpenVINO IR or ONNX"):
        read_openvino_model(tmp_path / "empty.onnx")


def test_an_onnx_file_by_another_name(tmp_path: Path) -> None:
    shutil.copy(MODELS / "conv_ctc.onnx", tmp_path / "model.bin")
    assert read_openvino_model(tmp_path / "model.bin").outputs[0].get_any_name() == "logprobs"


def test_onnx_weights_in_a_file_beside_it(tmp_path: Path) -> None:
    ports = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", 64]) for name in "xy"]
    weights = numpy_helper.from_array(np.arange(4096, dtype=np.float32).reshape(64, 64), "w")
    node = helper.make_node("MatMul", ["x", "w"], ["y"])
    graph = helper.make_graph([node], "g", ports[:1], ports[1:], [weights])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    path = tmp_path / "m.onnx"
    onnx.save(model, str(path), save_as_external_data=True, location="m.data", size_threshold=16)
    compiled = ov.Core().compile_model(read_openvino_model(path), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    np.testing.assert_array_equal(compiled([np.eye(64, dtype=np.float32)])[0], numpy_helper.to_array(weights))
    (tmp_path / "m.data").unlink()
    with pytest.raises(ModelFormatError, match=r"m.onnx: OpenVINO cannot read this model: .*m.data") as caught:
        read_openvino_model(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"\1\2", b"\x08\x08:\xff\1ab", b"\xff" * 40, b"<net", b"<?xml?>", b"<net></net>"])
@pytest.mark.parametrize("suffix", [".onnx", ".xml", ""])
def test_no_other_front_end_is_asked(content: bytes, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"model{suffix}"
    path.write_bytes(content)
    program = (
        "import sys\nfrom ov_asr_score.ov_model.ir_file import read_openvino_model\nread_openvino_model(sys.argv[1])"
    )
    ran = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=False)
    # Other front ends write warnings to standard error by themselves, before anything that Python could catch.
    assert ran.stderr.startswith("Traceback (most recent call last):\n")
    assert "absl" not in ran.stderr and "GraphDef" not in ran.stderr
    assert re.search(r"errors\.\w+: \S*model", ran.stderr)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.blob", b"GNAM\x08", "is an exported blob, not a model; use import_model"),
        ("a.blob", b"RR_UPCVO", "is an exported blob, not a model"),
        ("final.mdl", b"\0B<TransitionModel> ", "is a Kaldi model"),
        ("a.bin", b"\x00\x01", "is neither a Kaldi model nor an OpenVINO IR"),
        ("feats.ark", b"utt1 \0BFM ", "is a Kaldi archive, not a model; are model and inputs exchanged"),
    ],
)
def test_other_kinds_of_file(name: str, content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UnsupportedModelError, match=message):
        read_openvino_model(tmp_path / name)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FileAccessError, match=r"missing.xml"):
        read_openvino_model(tmp_path / "missing.xml")


@pytest.mark.parametrize(
    ("old", "new"),
    [('type="MatMul"', 'type="NoSuchLayer"'), ('version="11"', 'version="99"'), ("<edges>", "<edge>"),
     ('shape="1,40"', 'shape="1,41"'), ("layers>", "players>")],
)  # fmt: skip
def test_an_ir_that_openvino_refuses_is_told_in_one_line(old: str, new: str, tmp_path: Path) -> None:
    for suffix in (".xml", ".bin"):
        shutil.copy(MODELS / f"two_inputs{suffix}", tmp_path)
    path = tmp_path / "two_inputs.xml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(OvAsrScoreError, match=r"two_inputs.xml: ") as caught:
        read_openvino_model(path)
    assert "\n" not in str(caught.value)
