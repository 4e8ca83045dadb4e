"""CONTRIBUTING.md and SECURITY.md name only what there is: files, make targets, modules, links."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.test_workflows import make_targets, named_targets

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = ("CONTRIBUTING.md", "SECURITY.md")
TEXTS = {name: (ROOT / name).read_text(encoding="utf-8") for name in DOCUMENTS}
CONTRIBUTING = TEXTS["CONTRIBUTING.md"]
PACKAGE = ROOT / "ov_asr_score"


def code(text: str) -> list[str]:
    """What stands between backticks, and lines of code."""
    fenced = re.compile(r"^ *```\w*\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
    blocks, rest = fenced.findall(text), fenced.sub("", text)
    assert rest.count("`") % 2 == 0
    return [*(line for block in blocks for line in block.splitlines()), *re.findall(r"`([^`]+)`", rest)]


def paths(text: str) -> set[str]:
    """Paths within the repository, but patterns and those with a part in capitals, which the reader chooses."""
    words = {word for piece in code(text) for word in piece.split()}
    folders = ("ov_asr_score/", "tests/", "docs/", "models/", "data/", "benchmarks/", ".github/")
    return {word for word in words if word.startswith(folders) and not re.search(r"[*<>]|\b[A-Z]{4,}\b", word)}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_resolve(name: str) -> None:
    targets = re.findall(r"\]\(([^)#:]+)\)", TEXTS[name])
    assert targets
    assert [target for target in targets if not (ROOT / target).exists()] == []


def test_paths_exist() -> None:
    found = paths(CONTRIBUTING)
    assert len(found) > 15
    assert sorted(path for path in found if not (ROOT / path).exists()) == []


def test_make_targets_exist() -> None:
    named = named_targets("\n".join(code(CONTRIBUTING)))
    assert {"demo", "test", "fast", "docs", "schemas"} <= named
    assert named <= make_targets()


def test_modules_to_run_exist() -> None:
    modules = re.findall(r"python -m ((?:ov_asr_score|tests|benchmarks)[\w.]*)", CONTRIBUTING)
    assert modules
    assert [module for module in modules if find_spec(module) is None] == []


def test_tests_of_all_rooms_are_listed() -> None:
    rooms = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()}
    table = CONTRIBUTING.partition("| you changed |")[2].partition("\n\n")[0]
    assert rooms - set(re.findall(r"`(\w+)`", table)) == set()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_lines_are_short(name: str) -> None:
    assert [line for line in TEXTS[name].splitlines() if len(line) > 120 and not line.startswith("|")] == []
