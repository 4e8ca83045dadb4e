"""Only the command line and the settings name options: the library speaks of settings."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "ov_asr_score"
ROOMS = {"cli", "settings"}
# Not names of our options: CSS, values, flags of other programs, the end of a key, and a command line to copy.
EXCEPTIONS = {
    "audio/lists/decoding_commands.py": ("-",),
    "report/html/charts.py": ("var(--",),
    "report/html/page.py": ("--share", "-inf"),
    "report/html/transcript_page.py": ("--c:", "--lane"),
    "report/schemas.py": ("-inf",),
    "word_errors/kaldi_lines.py": ("-nan",),
    "transcript/json_form.py": ("-inf",),
    "decoding/graph_server.py": ("-c",),
    "fst/graph_file.py": ("fstconvert", "fstmap ", "--fst_type=", "mkgraph_lookahead"),
    "kaldi_io/files/config_file.py": ("--name=value",),
    "kaldi_io/files/input.py": ("-c",),
    "kaldi_io/files/output.py": ("-c",),
    "kaldi_model/info_settings.py": ("-rms",),
    "job/inspection/inspect_kaldi.py": ("ov-asr-score ", "-i ", " -o "),
}
OPTION = re.compile(r"(?<![\w-])(--[a-z][a-z-]+|-[a-z]{1,3}\b(?! ?[a-z]))")
MODULES = {path.relative_to(PACKAGE).as_posix(): path for path in sorted(PACKAGE.rglob("*.py"))}


def texts(path: Path) -> Iterator[str]:
    """The string constants of a module but for its docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    statements = (node.value for node in ast.walk(tree) if isinstance(node, ast.Expr))
    documents = {id(value) for value in statements if isinstance(value, ast.Constant)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documents:
            yield node.value


@pytest.mark.parametrize("name", [name for name in MODULES if name.split("/")[0] not in ROOMS])
def test_no_option_is_named(name: str) -> None:
    allowed = EXCEPTIONS.get(name, ())
    named = [text for text in texts(MODULES[name]) if OPTION.search(text) and not any(each in text for each in allowed)]
    assert named == []


def test_options_of_the_command_line_are_found() -> None:
    assert any(OPTION.search(text) for text in texts(MODULES["cli/failures.py"]))
