"""Fixtures of all tests: a wide console without colours, and a separate folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

from tests.tiny_model import save_tiny_model

# the same examples every time, so that a test that passes here passes everywhere
settings.register_profile("fixed", derandomize=True, deadline=None)
settings.load_profile("fixed")


@pytest.fixture(autouse=True)
def wide_console(monkeypatch: pytest.MonkeyPatch) -> None:
    """Help and errors of Typer are not broken into lines of 80 columns, and hold no escape codes."""
    monkeypatch.setenv("COLUMNS", "240")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.delenv("OV_ASR_SCORE_TRACEBACK", raising=False)


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Converted models go to a cache of the tests, not to that of whoever runs them."""
    monkeypatch.setenv("OV_ASR_SCORE_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, which is the working folder of the test."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Path of the model of tests/tiny_model.py."""
    return save_tiny_model(tmp_path_factory.mktemp("tiny_model") / "tiny.xml")
