from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.command_line import run
from tests.tiny_model import write_table


def test_shards_are_joined(folder: Path) -> None:
    first = write_table("a.ark", {"u1": np.ones((2, 3), np.float32)})
    second = write_table("b.ark", {"u2": np.zeros((1, 3), np.float32)})
    outcome = run("merge", first, second, "-o", "x.ark")
    assert (outcome.code, outcome.stdout, outcome.stderr) == (0, "", "joined 2 entries of 2 tables\n")
    assert (folder / "x.ark").read_bytes() == (folder / "a.ark").read_bytes() + (folder / "b.ark").read_bytes()
    assert run("merge", first, second, "-o", "y.ark", "--quiet").stderr == ""


def test_errors_name_options(folder: Path) -> None:
    first = write_table("a.ark", {"u1": np.ones((2, 3), np.float32)})
    (folder / "order").write_text("u1\nu2\n")
    outcome = run("merge", first, "-o", "x.ark", "--order", "order")
    assert (outcome.code, outcome.error) == (3, "the shards lack 1 utterance: 'u2'; --allow-missing leaves them out")
    assert run("merge", first, "-o", "x.ark", "--order", "order", "--allow-missing").code == 0
    outcome = run("merge", first, "-o", "x.ark", "--allow-missing")
    assert (outcome.code, outcome.error) == (2, "--allow-missing: is for --order, which says what might be missing")


def test_shards_without_entries(folder: Path) -> None:
    (folder / "empty.ark").touch()
    outcome = run("merge", "empty.ark", "-o", "x.ark")
    assert (outcome.code, outcome.error) == (1, "the shards hold no entries; an empty table was written")
    assert (folder / "x.ark").read_bytes() == b""
