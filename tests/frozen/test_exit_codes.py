"""Exit codes, the files of a finished or failed command, and the one line that says what is wrong."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from tests.frozen.command_line import run_main, working_folder
from tests.frozen.exit_codes import DATA, GIVEN, LINES, MODELS, Line, prepare

# bench takes too long, quantize needs NNCF
_FINISHED = {
    "score",
    "compare",
    "copy-table",
    "table-info",
    "merge",
    "check",
    "convert",
    "inspect",
    "devices",
    "cache",
} | {
    "compare-layers",
    "compare-profiles",
}


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.words)
def test_exit_code_files_and_errors(line: Line, tmp_path: Path) -> None:
    prepare(tmp_path)
    with working_folder(tmp_path):
        finished = run_main(*shlex.split(line.words.format(models=MODELS, data=DATA)))
    assert finished.code == line.code, finished.stdout + finished.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*GIVEN, *line.written])
    assert "Traceback" not in finished.stdout + finished.stderr
    if line.page:
        assert "Usage: ov-asr-score" in finished.stdout + finished.stderr
    elif line.code in (2, 3):
        assert finished.stderr.startswith("error: ")
        assert finished.stderr.count("\n") == 1


def test_every_command_is_in_the_table() -> None:
    commands = {line.words.split()[0] for line in LINES if line.words and line.code == 0}
    assert commands >= _FINISHED
    assert {line.code for line in LINES} == {0, 1, 2, 3}
