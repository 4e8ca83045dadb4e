"""Tests of a module are found by its name: tests/<path>/test_<module>.py, or a line ``Tests: <path>`` names them.

The line stands in the docstring of the module, with paths from the root of the repository, separated by commas.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.test_layering import MODULES, PACKAGE, ROOT, part_of

# Rooms in which every module has tests by its name.
ROOMS = (
    *("errors", "lazy_names", "openvino_api", "ports", "profiling", "sizes", "text", "user_cache"),
    *("comparison", "convert", "device", "gna", "kaldi_io", "kaldi_model", "library", "ov_model", "report", "scoring"),
    *("settings", "cli", "egs", "audio", "features", "ivector", "frontend", "word_errors"),
    *("fst", "lattice", "decoding", "transcript", "model_directory", "toml"),
)


def named_tests(docstring: str) -> list[str]:
    """The paths behind ``Tests:`` in a docstring."""
    line = re.search(r"^Tests: (.+)$", docstring, re.MULTILINE)
    return [path.strip() for path in line[1].split(",")] if line else []


@pytest.mark.parametrize(
    "name", [name for name, path in MODULES.items() if part_of(name) in ROOMS and path.stem != "__init__"]
)
def test_module_has_tests(name: str) -> None:
    module = MODULES[name].relative_to(ROOT / PACKAGE)
    twin = Path("tests") / module.parent / f"test_{module.name}"
    named = named_tests(ast.get_docstring(ast.parse(MODULES[name].read_text(encoding="utf-8"))) or "")
    assert named or (ROOT / twin).is_file(), f"no {twin}, and no line 'Tests:' in the docstring of {name}"
    assert not named or not (ROOT / twin).is_file(), f"{name} has both {twin} and a line 'Tests:'"
    for path in named:
        assert (ROOT / path).exists(), f"{name} names {path}, which does not exist"


def test_named_tests() -> None:
    assert named_tests("Summary.\n\nTests: tests/a.py, tests/b.py") == ["tests/a.py", "tests/b.py"]
    assert named_tests("Summary of Tests: none.") == []
