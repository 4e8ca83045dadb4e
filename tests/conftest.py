"""Fixtures of all tests: a wide console without colours, and a separate folder."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings

from ov_asr_score.user_cache import user_cache
from tests.places import ROOT
from tests.tiny_model import save_tiny_model

# compiled code is kept between runs of tests
if (cache := user_cache()) is not None:
    os.environ.setdefault("NUMBA_CACHE_DIR", str(cache))

# the same examples every time, so that a test that passes here passes everywhere
settings.register_profile("fixed", derandomize=True, deadline=None)
settings.load_profile("fixed")


def pytest_sessionstart(session: pytest.Session) -> None:
    """Compile the search before the tests, once for all their processes, as it takes its time and is told."""
    if hasattr(session.config, "workerinput") or importlib.util.find_spec("numba") is None:
        return
    script = "from tests.decoding.token_passing.compile_search import compile_search; compile_search()"
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=True)


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
