"""The changes of tables, and tables that Kaldi's programs judged, whose results are written here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.errors import OvAsrScoreError
from ov_asr_score.kaldi_io.tables.sequential import read_table
from tests.kaldi_judge.tables import ChangedTable, _drops_the_rest, changed_table, start_archives

F2X2 = b"\0BFM \4\2\0\0\0\4\2\0\0\0" + np.array([1, 2, 3, 4], "<f4").tobytes()
F2 = b"\0BFV \4\2\0\0\0" + np.array([1, 2], "<f4").tobytes()

READ_BY_KALDI = [
    ("copy-feats", b"u " + F2X2, b" u  x.ark:2 \r\n", [[1, 2], [3, 4]]),
    ("copy-feats", b"u " + F2X2, b"u x.ark:2[ 0:+0]\n", [[1, 2]]),
    ("copy-feats", b"u " + F2X2, b"u x.ark:02[00:4,1:1]\n", [[2], [4]]),
    ("copy-feats", b"u " + F2X2.replace(b"FM ", b"FM\n"), None, [[1, 2], [3, 4]]),
    ("copy-feats", b"u [ 1 2 ]", None, [[1, 2]]),
    ("copy-feats", b"u\n\n[ 1 2 ; 3 4 ] ", None, [[1, 2], [3, 4]]),
    ("copy-vector", b"u " + F2, b"u x.ark:2[2:4]\n", []),
    ("copy-vector", b"u " + F2, b"u x.ark:2[1:4]\n", [2]),
    ("copy-vector", b"u []", b"u x.ark:2[0:1]\n", []),
    ("copy-int-vector", b"u 1 -2 3", None, [1, -2, 3]),
    ("copy-int-vector", b"u \n", None, []),
]
"""Program, archive, script, and what Kaldi's copy holds."""

DROPPED_BY_KALDI = [
    (b"u 1 2\nv", None),
    (b"u " + F2X2, b"u x.ark:2\n\nv x.ark:2\n"),
    (b"u " + F2X2, b"u x.ark:2\nv\n"),
    (b"u " + F2X2, b"u x.ark:2\nv x.ark:2[]\n"),
    (b"u " + F2X2, b"u x.ark:2\nv x.ark:2[0:0][0:0]\n"),
]
"""Tables of whose first utterance Kaldi makes a copy, and ends with success."""


@pytest.mark.parametrize(("program", "archive", "script", "values"), READ_BY_KALDI)
def test_what_kaldi_reads_is_read(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    program: str,
    archive: bytes,
    script: bytes | None,
    values: list[float] | list[list[float]],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("x.ark").write_bytes(archive)
    Path("x.scp").write_bytes(script or b"")
    table = "ark:x.ark" if script is None else "scp:x.scp"
    ((key, array),) = read_table(table, wants_matrices=program == "copy-feats")
    assert (key, array.tolist()) == ("u", values)


@pytest.mark.parametrize(("archive", "script"), DROPPED_BY_KALDI)
def test_what_kaldi_drops_without_a_word_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, archive: bytes, script: bytes | None
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("x.ark").write_bytes(archive)
    Path("x.scp").write_bytes(script or b"")
    with pytest.raises(OvAsrScoreError):
        list(read_table("ark:x.ark" if script is None else "scp:x.scp"))


def test_changes_are_the_same_for_one_seed_and_differ_otherwise() -> None:
    tables = [changed_table(1, number) for number in range(200)]
    assert tables == [changed_table(1, number) for number in range(200)]
    assert tables != [changed_table(2, number) for number in range(200)]
    assert {table.program for table in tables} == {"copy-feats", "copy-vector", "copy-int-vector"}
    starts = {archive for _, archive in start_archives()}
    assert sum(table.archive in starts and table.script is None for table in tables) < 60


def test_what_counts_as_dropped() -> None:
    script = ChangedTable("copy-feats", b"", b"u\n", "script")
    assert _drops_the_rest(script, b"WARNING We got an invalid line in the scp file.", "")
    assert not _drops_the_rest(script, b"", "x.scp: line 1")
    archive = ChangedTable("copy-feats", b"u", None, "cut")
    assert _drops_the_rest(archive, b"", "x.ark: expected a blank after the key, found the end of the file")
