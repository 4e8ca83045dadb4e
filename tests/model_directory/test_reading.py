"""Which layout a folder has, and what is said of those that have none."""

from __future__ import annotations

from pathlib import Path

import pytest

from ov_asr_score.errors import FileAccessError, UnsupportedModelError
from ov_asr_score.model_directory.reading import LAYOUTS, read_model_directory, survey_model_directory
from tests.model_directory.layouts.places import lay_out, lay_out_online, lay_out_vosk_2


def test_no_layout_at_all(tmp_path: Path) -> None:
    lay_out(tmp_path, {"am/final.mdl": "final.mdl"})
    with pytest.raises(FileAccessError) as caught:
        read_model_directory(tmp_path)
    message = str(caught.value)
    assert "the nearest is vosk 2, for which conf/model.conf is missing" in message
    assert all(each.name in message for each in LAYOUTS)
    assert "\n" not in message


@pytest.mark.parametrize("name", ["nothing", "file"])
def test_no_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(FileAccessError, match="expected a folder with a model, found "):
        read_model_directory(tmp_path / name)


def test_archives_are_to_be_unpacked(tmp_path: Path) -> None:
    (tmp_path / "vosk-model-small.zip").write_bytes(b"PK")
    with pytest.raises(FileAccessError, match="found an archive; unpack it and give the folder that was in it"):
        read_model_directory(tmp_path / "vosk-model-small.zip")


@pytest.mark.parametrize("inside", ["vosk-model", "unpacked/vosk-model"])
def test_a_model_in_the_folder_is_named(tmp_path: Path, inside: str) -> None:
    lay_out_vosk_2(tmp_path / inside)
    with pytest.raises(FileAccessError, match=rf"found {inside} \(vosk 2\) in it; give that folder"):
        read_model_directory(tmp_path)


@pytest.mark.parametrize(
    ("names", "what"),
    [
        (("mfcc.conf", "final.ext.raw", "mean.vec", "transform.mat"), "a model of speakers"),
        (("am-onnx/encoder.onnx", "am-onnx/decoder.int8.onnx", "am-onnx/joiner.onnx", "am/jit.pt"), "a transducer"),
        (("model.onnx", "dictionary", "config.json"), "a model that speaks"),
    ],
)
def test_other_models_of_the_same_authors(tmp_path: Path, names: tuple[str, ...], what: str) -> None:
    lay_out(tmp_path, dict.fromkeys(names, "x\n"))
    with pytest.raises(UnsupportedModelError, match=f"is {what}"):
        read_model_directory(tmp_path)


POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:7e52\nsize 94\n"


@pytest.mark.parametrize("checks", [True, False])
@pytest.mark.parametrize("name", ["am/final.mdl", "graph/HCLG.fst", "ivector/final.ie", "conf/model.conf"])
def test_pointers_in_the_place_of_files(tmp_path: Path, name: str, checks: bool) -> None:
    lay_out(lay_out_vosk_2(tmp_path), {name: POINTER, "rnnlm/final.raw": POINTER})
    with pytest.raises(FileAccessError, match=rf"{name}: is a Git LFS pointer, not the file itself; run git lfs pull$"):
        read_model_directory(tmp_path, checks=checks)


def test_a_web_page_in_the_place_of_files(tmp_path: Path) -> None:
    page = "<!DOCTYPE html>\n<html>\n"
    lay_out(lay_out_vosk_2(tmp_path), {"am/final.mdl": page, "graph/HCLG.fst": page})
    with pytest.raises(FileAccessError, match=r"is a web page \(HTML\), .* \(2 files of the model are\)$"):
        read_model_directory(tmp_path)


def test_pointers_that_nobody_needs(tmp_path: Path) -> None:
    lay_out(lay_out_vosk_2(tmp_path), {"rnnlm/final.raw": POINTER, "README": POINTER})
    assert read_model_directory(tmp_path).layout == "vosk 2"


def test_files_behind_an_error_were_not_looked_at(tmp_path: Path) -> None:
    files = survey_model_directory(lay_out(lay_out_vosk_2(tmp_path), {"conf/model.conf": "--beam=x\n"})).files
    assert {each.path: each.use for each in files}["graph/HCLG.fst"] == "not looked at"


def test_a_survey_tells_of_what_cannot_be_used(tmp_path: Path) -> None:
    folder = lay_out_online(tmp_path / "model")
    (folder / "final.mdl").unlink()
    found = survey_model_directory(folder)
    assert found.directory is None
    assert "final.mdl (acoustic model)" in str(found.problem)
    roles = {each.path: each.role for each in found.files}
    assert (roles["final.mdl"], roles["graph/HCLG.fst"]) == ("missing", "used")
