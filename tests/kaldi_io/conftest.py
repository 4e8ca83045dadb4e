"""Tables written by Kaldi (see data/README.md), and the folder that their scripts are relative to."""

from __future__ import annotations

from pathlib import Path

import pytest

DATA = Path(__file__).parent / "data"


@pytest.fixture
def readers(monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder of the tables; the working folder is the one above it, as their scripts need it."""
    monkeypatch.chdir(DATA)
    return DATA / "readers"
