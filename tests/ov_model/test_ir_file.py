"""A path to a model, or an error that says what to do."""

from __future__ import annotations

import shutil
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

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
    for damaged in (content[: len(content) // 2], b"", b"\xff" * 40):
        (tmp_path / "damaged.onnx").write_bytes(damaged)
        with pytest.raises(ModelFormatError, match="OpenVINO cannot read this model") as caught:
            read_openvino_model(tmp_path / "damaged.onnx")
        assert "\n" not in str(caught.value)


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
