"""Kinds of model files told by their first bytes."""

from __future__ import annotations

from pathlib import Path

import pytest

from ov_asr_score.errors import FileAccessError
from ov_asr_score.ov_model.file_kind import ModelKind, kind_name, read_model_kind


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.xml", b'<?xml version="1.0"?><net name="a"/>', "ir"),
        ("a.txt", b"\xef\xbb\xbf \n<net />", "ir"),
        ("a.xml", b"", "unknown"),
        ("a.xml", b"\1\2", "ir"),
        ("a.blob", b"GNAM\x08\x02", "gna-blob"),
        ("a.xml", b"GNAM\x08\x02", "gna-blob"),
        ("a", b"RR_UPCVO\x01", "cpu-blob"),
        ("a", b"\x30" + bytes(47) + b'<?xml version="1.0"?>\n<cnndata>', "cpu-blob"),
        ("a", b"\x30" + bytes(46) + b'<?xml version="1.0"?>\n<cnndata>', "unknown"),
        ("final.mdl", b"\0B<TransitionModel> ", "kaldi"),
        ("final.raw", b"<Nnet3> \n", "kaldi"),
        ("final.nnet", b"\0B<Nnet> ", "kaldi"),
        ("a.onnx", b"\x08\x08\x12", "onnx"),
        ("a", b"\x08\x08\x12", "onnx"),
        ("a.onnx", b"\1\2", "onnx"),
        ("lfs.onnx", b"version https://git-lfs.github.com/spec/v1\n", "unknown"),
        ("page.xml", b"<!DOCTYPE html>\n", "unknown"),
        ("other.xml", b"<?xml version='1.0'?><project/>", "unknown"),
        ("lat.ark", b"utt1 \xd6\xfd\xb2\x7e", "unknown"),
        ("text.ark", b"utt1  [\n 1 2 ]\n", "unknown"),
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


@pytest.mark.parametrize(
    ("kind", "name"), [("ir", "OpenVINO IR"), ("gna-blob", "exported blob for GNA"), ("unknown", "exported blob")]
)
def test_kinds_in_words(kind: ModelKind, name: str) -> None:
    assert kind_name(kind) == name
