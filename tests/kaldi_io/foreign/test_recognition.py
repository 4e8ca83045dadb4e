"""Files that are neither what was expected nor anything that can be read: what is said of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from ov_asr_score.kaldi_io.foreign import MODEL, START_BYTES, TABLE, describe_file, describe_start
from tests.kaldi_io.foreign.foreign_files import (
    FOREIGN_FILES,
    LFS_POINTER,
    READABLE_AS_MODELS,
    READABLE_AS_TABLES,
    WAV,
)


@pytest.mark.parametrize("name", FOREIGN_FILES)
@pytest.mark.parametrize("expected", [MODEL, TABLE, "priors"])
def test_files_that_are_neither_models_nor_tables(name: str, expected: str) -> None:
    content, what = FOREIGN_FILES[name]
    said = describe_start(content, name, expected, whole=True)
    if expected != TABLE or name not in ("wav", "wav-gz", "flac", "ogg", "mp3", "sphere", "sounds"):
        assert said.startswith(f"is {what}")
    else:
        assert said.startswith("this is a") and "features are expected" in said
    assert "\n" not in said and said.isprintable()


@pytest.mark.parametrize("name", READABLE_AS_TABLES)
def test_tables_are_foreign_only_where_something_else_is_expected(name: str) -> None:
    content, what = READABLE_AS_TABLES[name]
    assert describe_start(content, name, TABLE, whole=True) == ""
    assert describe_start(content, name, MODEL, whole=True).startswith(f"is {what}; expected a")


@pytest.mark.parametrize("name", READABLE_AS_MODELS)
def test_models_are_foreign_only_where_something_else_is_expected(name: str) -> None:
    content, what = READABLE_AS_MODELS[name]
    assert describe_start(content, name, MODEL, whole=True) == ""
    said = f"is {what}; expected {TABLE}; are model and inputs exchanged?"
    assert describe_start(content, name, TABLE, whole=True) == said


def test_sentences_as_a_whole() -> None:
    def said(name: str, expected: str) -> str:
        return describe_start(FOREIGN_FILES[name][0], name, expected, whole=True)

    assert said("lfs", MODEL) == said("lfs", TABLE) == "is a Git LFS pointer, not the file itself; run git lfs pull"
    assert said("ubm", MODEL) == (
        "is a Gaussian mixture (UBM), a Kaldi object that starts with <DiagGMM>; expected a neural network (nnet1, "
        "nnet2 or nnet3)"
    )
    assert said("matrix", TABLE) == (
        "is one matrix (such as an LDA transform, or CMVN statistics), not a table; to use it as one, write the line "
        "`<key> <file of the matrix>` into a file and give scp:<that file>"
    )
    assert said("wav", TABLE) == (
        "this is a sound file, features are expected; compute them first (ov-asr-score features)"
    )
    assert said("config", MODEL) == (
        "is a configuration of a network, which has no weights; expected a Kaldi, OpenVINO IR or ONNX model; give the "
        "trained model (final.mdl, final.raw)"
    )


def test_a_link_is_text_without_a_line_end_that_fills_the_file() -> None:
    assert "symbolic link" in describe_start(b"feats.1.ark", "feats.ark", TABLE, whole=True)
    assert describe_start(b"feats.1.ark", "feats.ark", TABLE) == ""
    assert describe_start(b"3", "frame_subsampling_factor", TABLE, whole=True) == ""


def test_unknown_bytes_are_not_described() -> None:
    assert describe_start(b"\1\2\3\4" * 100, "a.bin", MODEL) == ""
    assert describe_start(b"\x1f\x8b\1\2", "a.gz", MODEL) == ""


def test_the_file_is_read_and_never_refused(tmp_path: Path) -> None:
    path = tmp_path / "final.mdl"
    path.write_bytes(LFS_POINTER)
    assert describe_file(path, MODEL) == "is a Git LFS pointer, not the file itself; run git lfs pull"
    path.write_bytes(WAV + b"\0" * START_BYTES)
    assert describe_file(str(path), MODEL) == f"is a sound file; expected {MODEL}"
    assert describe_file(tmp_path / "missing", MODEL) == describe_file(tmp_path, MODEL) == ""
    assert describe_file("a\0b", MODEL) == ""
