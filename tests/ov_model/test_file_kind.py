"""Kinds of model files told by their first bytes, and IRs that are not whole."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ov_asr_score.errors import FileAccessError, ModelFormatError
from ov_asr_score.ov_model.file_kind import ModelKind, check_ir_files, kind_name, read_model_kind

MODELS = Path(__file__).parents[2] / "models"


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.xml", b'<?xml version="1.0"?><net name="a"/>', "ir"),
        ("a.txt", b"\xef\xbb\xbf \n<net />", "ir"),
        ("a.xml", b"", "ir"),
        ("a.blob", b"GNAM\x08\x02", "gna-blob"),
        ("a.xml", b"GNAM\x08\x02", "gna-blob"),
        ("a", b"RR_UPCVO\x01", "cpu-blob"),
        ("a", b"\x30" + bytes(47) + b'<?xml version="1.0"?>\n<cnndata>', "cpu-blob"),
        ("a", b"\x30" + bytes(46) + b'<?xml version="1.0"?>\n<cnndata>', "unknown"),
        ("final.mdl", b"\0B<TransitionModel> ", "kaldi"),
        ("final.raw", b"<Nnet3> \n", "kaldi"),
        ("final.nnet", b"\0B<Nnet> ", "kaldi"),
        ("a.onnx", b"\x08\x08\x12", "onnx"),
        ("a.ark", b"utt1 \0BFM \4", "table"),
        ("a.bin", b"\x00\x01\x02", "unknown"),
        ("a", b"", "unknown"),
    ],
)
def test_kinds(name: str, content: bytes, kind: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    assert read_model_kind(tmp_path / name) == kind


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.xml", tmp_path):
        with pytest.raises(FileAccessError):
            read_model_kind(path)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    for suffix in (".xml", ".bin"):
        shutil.copy(MODELS / f"two_inputs{suffix}", tmp_path)
    return tmp_path / "two_inputs.xml"


def test_a_whole_ir(model: Path) -> None:
    check_ir_files(model)


def test_damaged_xml(model: Path) -> None:
    text = model.read_text()
    model.write_text(text[: len(text) // 2])
    with pytest.raises(ModelFormatError, match=r"two_inputs.xml: line \d+, column \d+: expected well-formed XML"):
        check_ir_files(model)
    model.write_text(text.replace('offset="0"', 'offset="x"', 1))
    with pytest.raises(ModelFormatError, match="expected whole numbers for offset and size"):
        check_ir_files(model)
    model.write_text("<notes/>")
    with pytest.raises(ModelFormatError, match=r"expected <net> .* found <notes>"):
        check_ir_files(model)


def test_weights_that_are_missing_or_cut_off(model: Path) -> None:
    weights = model.with_suffix(".bin")
    content = weights.read_bytes()
    weights.write_bytes(content[:-1])
    with pytest.raises(ModelFormatError, match=rf"two_inputs.bin: expected at least {len(content)} bytes .* found"):
        check_ir_files(model)
    weights.unlink()
    with pytest.raises(ModelFormatError, match=r"the weights file two_inputs.bin is missing"):
        check_ir_files(model)


@pytest.mark.parametrize(
    ("kind", "name"), [("ir", "OpenVINO IR"), ("gna-blob", "exported blob for GNA"), ("unknown", "exported blob")]
)
def test_kinds_in_words(kind: ModelKind, name: str) -> None:
    assert kind_name(kind) == name
