"""The API reference builds without a warning, and has an entry for every public name."""

from __future__ import annotations

import inspect
import re
import runpy
import subprocess
import sys
from dataclasses import dataclass, fields
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

import pytest

from tests.command_line import ROOT

SCRIPT = ROOT / "docs" / "build_api_reference.py"
BUILDER: dict[str, Any] = runpy.run_path(str(SCRIPT), run_name="builder")
PAGES: tuple[str, ...] = BUILDER["PAGES"]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages, built in a process of their own: it loads every lazy name."""
    folder = tmp_path_factory.mktemp("reference")
    command = [sys.executable, str(SCRIPT), str(folder)]
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    return folder


def test_public_rooms_have_pages() -> None:
    assert {"ov_asr_score", "ov_asr_score.kaldi_io", "ov_asr_score.errors"} <= set(PAGES)


@pytest.mark.parametrize("page", PAGES)
def test_every_public_name_has_an_entry(page: str, built: Path) -> None:
    text = (built / f"{page.replace('.', '/')}.html").read_text(encoding="utf-8")
    entries = set(re.findall(r'<section id="([^"]+)"', text))
    names = BUILDER["public_names"](import_module(page))
    assert names
    assert set(names) <= entries


def test_reports_have_pages(built: Path) -> None:
    text = (built / "ov_asr_score.html").read_text(encoding="utf-8")
    for name in ("RunReport", "SuiteReport", "BenchReport", "LayerComparison"):
        assert re.search(rf'<a href="[^"]+#{name}">', text), name


def test_other_modules_have_no_page(built: Path) -> None:
    pages = {str(path.relative_to(built).with_suffix("")).replace("/", ".") for path in built.rglob("*.html")}
    assert pages == {"index", *PAGES}


def test_missing_docstring_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("example")
    monkeypatch.setitem(sys.modules, "example", module)
    source = """
from dataclasses import dataclass

def told(): "Something."
def silent(): pass
class Told: "Something."
class Silent: pass
@dataclass
class SilentData: x: int
def _private(): pass
number = 1
"""
    exec(source, vars(module))
    assert BUILDER["public_names"](module) == ["told", "silent", "Told", "Silent", "SilentData"]
    assert BUILDER["undocumented_names"](module) == ["silent", "Silent", "SilentData"]


@dataclass(frozen=True)
class Help:
    help: str


@dataclass
class Example:
    """An example."""

    commented: int  # in frames
    silent: int
    setting: Annotated[int, Help("How many.")] = 3


# as in modules of settings, which do not postpone their annotations
Example.__annotations__["setting"] = fields(Example)[2].type = Annotated[int, Help("How many.")]


def test_fields_are_described() -> None:
    assert BUILDER["describe_fields"](Example) == {"commented": "in frames", "setting": "How many."}
    assert Example.__annotations__["setting"] is int
    assert "Help" not in str(inspect.signature(Example))


def test_pages_contain_field_descriptions(built: Path) -> None:
    text = (built / "ov_asr_score.html").read_text(encoding="utf-8")
    assert re.search(r'<section id="KaldiOptions">', text)
    report = next(path for path in built.rglob("*.html") if 'id="RunTotals.load_seconds"' in path.read_text())
    assert "reading and compiling the model" in re.sub(
        r'<div class="pdoc-code.*?</div>', "", report.read_text(), flags=re.S
    )
