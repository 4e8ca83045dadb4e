from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.ov_model import model_file as opening
from ov_asr_score.ov_model.cache_folder import LIMIT_VARIABLE, cache_contents
from tests.command_line import run
from tests.kaldi_texts import WIDTH, acoustic_nnet3, spliced_nnet3, spliced_scores, write_model
from tests.tiny_model import write_table

FEATURES = {"utt1": np.random.default_rng(1).standard_normal((7, WIDTH)).astype(np.float32)}


@pytest.fixture
def arguments(folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
    """A command line whose conversion is kept, although it takes no time."""
    monkeypatch.setattr(opening, "is_worth_keeping", lambda path, seconds: True)
    monkeypatch.setenv("OV_ASR_SCORE_CACHE", "own/cache")
    model = write_model(folder / "final.mdl", acoustic_nnet3(spliced_nnet3()))
    write_table("reference.ark", {"utt1": spliced_scores(FEATURES["utt1"]).astype(np.float32)})
    features = write_table("feats.ark", FEATURES)
    return ("score", "-m", model, "-i", features, "-r", "reference.ark", "--max-error=1e-5", "--quiet")


def models_in(folder: str) -> int:
    return cache_contents(Path(folder)).models


def test_conversions_go_to_the_users_cache(arguments: tuple[str, ...]) -> None:
    for _ in range(2):
        assert run(*arguments).code == 0
        assert models_in("own/cache") == 1


def test_the_cache_folder_of_the_command_line_takes_both(arguments: tuple[str, ...], folder: Path) -> None:
    for _ in range(2):
        assert run(*arguments, "--cache-dir", "kept").code == 0
    assert models_in("kept/converted") == 1
    assert [path for path in (folder / "kept").iterdir() if path.is_file()]  # what the runtime keeps
    assert not (folder / "own").exists()
    outcome = run("cache", "--cache-dir", "kept", "--clear")
    assert outcome.code == 0
    assert models_in("kept/converted") == 0
    assert [path for path in (folder / "kept").iterdir() if path.is_file()]


def test_no_cache_keeps_nothing(arguments: tuple[str, ...], folder: Path) -> None:
    assert run(*arguments, "--no-cache").code == 0
    assert not (folder / "own").exists()
    outcome = run(*arguments, "--no-cache", "--cache-dir", "kept")
    assert outcome.code == 2
    assert outcome.error == "--cache-dir, --no-cache: expected one of them, found both"


def test_a_cache_that_cannot_be_written_is_a_note(arguments: tuple[str, ...], folder: Path) -> None:
    (folder / "own").write_text("")
    outcome = run(*arguments[:-1])
    assert outcome.code == 0
    assert "note: the converted model could not be kept in own/cache" in outcome.stdout


def test_the_command_shows_and_clears(arguments: tuple[str, ...]) -> None:
    empty = run("cache")
    assert empty.code == 0
    assert empty.stdout.splitlines() == [
        "Converted models",
        "  folder: own/cache",
        "  models: 0",
        "  size: 0 bytes",
        "  limit: 4,294,967,296 bytes",
    ]
    run(*arguments)
    run(*arguments, "--frames-per-chunk=3")
    lines = run("cache").stdout.splitlines()
    assert "  models: 2" in lines
    size = cache_contents(Path("own/cache")).size
    assert f"  size: {size:,} bytes" in lines
    cleared = run("cache", "--clear").stdout.splitlines()
    assert cleared == ["Removed", "  folder: own/cache", "  models: 2", f"  size: {size:,} bytes"]
    assert "  models: 0" in run("cache").stdout.splitlines()


def test_the_command_shows_the_limit_and_keeps_to_one(
    arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    run(*arguments)
    size = cache_contents(Path("own/cache")).size
    checksums = next(Path("own/cache").glob("*/checksums.json"))
    then = datetime(2024, 5, 6, 7, 8, 9).timestamp()
    os.utime(checksums, (then, then))
    monkeypatch.setenv(LIMIT_VARIABLE, "2G")
    lines = run("cache").stdout.splitlines()
    assert "  limit: 2,147,483,648 bytes" in lines
    assert "  oldest use: 2024-05-06 07:08:09" in lines
    run(*arguments, "--frames-per-chunk=3")
    trimmed = run("cache", "--limit", str(cache_contents(Path("own/cache")).size - 1)).stdout.splitlines()
    assert trimmed == ["Removed", "  folder: own/cache", "  models: 1", f"  size: {size:,} bytes"]
    assert models_in("own/cache") == 1
    assert not checksums.exists()
    assert run("cache", "--limit", "0").code == 0
    assert models_in("own/cache") == 0


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (("--limit", "much"), "--limit 'much': expected a size, as in 500M or 2G"),
        (("--limit", "1G", "--clear"), "--clear, --limit: expected one of them, found both"),
    ],
)
def test_wrong_use(options: tuple[str, ...], error: str) -> None:
    outcome = run("cache", *options)
    assert (outcome.code, outcome.error) == (2, error)


def test_without_a_home_nothing_is_kept(arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("no home")

    monkeypatch.delenv("OV_ASR_SCORE_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", homeless)
    assert run(*arguments).code == 0
    outcome = run("cache")
    assert outcome.code == 3
    assert outcome.error == "no home folder is known; set OV_ASR_SCORE_CACHE, or give --cache-dir"
