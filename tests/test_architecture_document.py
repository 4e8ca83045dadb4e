"""docs/architecture.md: modules and folders that it names exist, and its levels are those of test_layering.py."""

from __future__ import annotations

import re

import pytest

from tests.test_layering import LEVELS, PACKAGE, ROOT

DOCUMENT = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
ROOT_PATHS = ("docs/", "tests/", "ov_asr_score/")

PATHS = sorted({path for path in re.findall(r"`([\w./]+/[\w./]*)`", DOCUMENT) if not path.startswith("<")})


@pytest.mark.parametrize("path", PATHS)
def test_paths_exist(path: str) -> None:
    folder = ROOT if path.startswith(ROOT_PATHS) else ROOT / PACKAGE
    assert (folder / path).exists()


def test_levels() -> None:
    section = DOCUMENT.partition("## Levels")[2].partition("\n## ")[0]
    documented = {
        room: int(level)
        for level, rooms in re.findall(r"^\| (\d+) \| ((?:`\w+` ?)+)\|", section, re.MULTILINE)
        for room in re.findall(r"`(\w+)`", rooms)
    }
    assert documented == {room: level for room, level in LEVELS.items() if room != "__main__"}


@pytest.mark.parametrize("anchor", re.findall(r"\]\(([\w./]+\.md)\)", DOCUMENT))
def test_links_resolve(anchor: str) -> None:
    assert (ROOT / "docs" / anchor).exists()
