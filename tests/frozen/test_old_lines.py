"""Old command lines mean what they meant: the values that a command gets, and the bytes that it writes."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from tests.frozen.command_line import ROOT, parse, run_main, working_folder
from tests.frozen.old_lines import LINES, RUNS


@pytest.mark.parametrize(("old", "today"), LINES)
def test_old_line_has_the_values_of_todays(old: str, today: str) -> None:
    assert parse(shlex.split(old)) == parse(shlex.split(today), old=False)


@pytest.mark.parametrize(("old", "today"), LINES)
def test_todays_line_needs_no_translation(old: str, today: str) -> None:
    assert parse(shlex.split(today)) == parse(shlex.split(today), old=False)


@pytest.mark.parametrize(("old", "today"), RUNS)
def test_old_line_writes_the_bytes_of_todays(old: str, today: str, tmp_path: Path) -> None:
    written = []
    for name, line in (("old", old), ("today", today)):
        folder = tmp_path / name
        folder.mkdir()
        words = shlex.split(line.format(models=ROOT / "models", data=ROOT / "data"))
        with working_folder(folder):
            finished = run_main(*words, "--quiet")
        assert (finished.code, finished.stdout, finished.stderr) == (0, "", "")
        written.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert list(written[0]) == ["s.ark"]
    assert written[0] == written[1]
