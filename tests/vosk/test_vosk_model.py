"""Where models are found."""

from __future__ import annotations

from pathlib import Path

import pytest

from ov_asr_score.errors import FileAccessError, UsageError
from ov_asr_score.vosk.vosk_model import find_model


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("vosk-model-small-en-us-0.15", "vosk-model-fr-0.22", "mine"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("VOSK_MODEL_PATH", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path / "nobody"))
    return tmp_path


def test_by_language_and_by_name(models: Path) -> None:
    assert find_model(lang="en-us") == models / "vosk-model-small-en-us-0.15"
    assert find_model(lang="fr") == models / "vosk-model-fr-0.22"
    assert find_model("mine") == models / "mine"


def test_none(models: Path) -> None:
    with pytest.raises(
        FileAccessError, match=r"^vosk-model-de or vosk-model-small-de: expected a model of that name in"
    ):
        find_model(lang="de")
    with pytest.raises(FileAccessError, match=r"^vosk-model-fr: .* not downloaded: unpack one there, or give its path"):
        find_model("vosk-model-fr")
    with pytest.raises(UsageError, match=r"Model: expected the path of a model directory, found none"):
        find_model()
