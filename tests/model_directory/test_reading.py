"""Which layout a folder has, and what is said of those that have none."""

from __future__ import annotations

from pathlib import Path

import pytest

from ov_asr_score.errors import FileAccessError
from ov_asr_score.model_directory.reading import LAYOUTS, read_model_directory, survey_model_directory
from tests.model_directory.layouts.places import lay_out, lay_out_online


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


def test_a_survey_tells_of_what_cannot_be_used(tmp_path: Path) -> None:
    folder = lay_out_online(tmp_path / "model")
    (folder / "final.mdl").unlink()
    found = survey_model_directory(folder)
    assert found.directory is None
    assert "final.mdl (acoustic model)" in str(found.problem)
    roles = {each.path: each.role for each in found.files}
    assert (roles["final.mdl"], roles["graph/HCLG.fst"]) == ("missing", "used")
