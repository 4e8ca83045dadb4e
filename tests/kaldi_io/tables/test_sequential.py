from __future__ import annotations

import gzip
import io
import logging
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ov_asr_score.errors import FileAccessError, OvAsrScoreError, SpecifierError, TableFormatError
from ov_asr_score.kaldi_io.matrices.matrix import encode_array
from ov_asr_score.kaldi_io.tables.sequential import read_table

BASE_SHAPES = {"es_Annie-t0024": (57, 13), "flite_slt-t0017": (105, 13)}


def entry(key: str, array: NDArray[Any]) -> bytes:
    return key.encode() + b" " + b"".join(encode_array(array))


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Three utterances, a matrix of 2 x 2 each."""
    path = tmp_path / "x.ark"
    path.write_bytes(b"".join(entry(f"utt{i}", np.full((2, 2), i, np.float32)) for i in (1, 2, 3)))
    return path


def assert_same_table(first: str, second: str, *, allow_commands: bool = False) -> None:
    one, two = list(read_table(first, allow_commands=allow_commands)), list(read_table(second))
    assert [key for key, _ in one] == [key for key, _ in two]
    for (key, left), (_, right) in zip(one, two, strict=True):
        np.testing.assert_array_equal(left, right, err_msg=key)


@pytest.mark.parametrize("specifier", ["ark:readers/base.ark", "readers/base.ark", "ark:readers/base.ark.gz"])
@pytest.mark.usefixtures("readers")
def test_archives_of_kaldi(specifier: str) -> None:
    assert {key: matrix.shape for key, matrix in read_table(specifier)} == BASE_SHAPES


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("scp:readers/base.scp", "ark:readers/base.ark"),
        ("readers/base.scp", "ark:readers/base.ark.gz"),
        ("scp:readers/text2.scp", "ark:readers/text.ark"),
        ("scp:readers/ali.scp", "ark:readers/ali.ark"),
        ("scp:readers/vec_fv.scp", "ark:readers/vec_fv.ark"),
        ("scp:readers/ranges.scp", "ark:readers/ranges.expected.ark"),
        ("ark:readers/empty.ark", "ark:readers/empty.ark"),
    ],
)
@pytest.mark.usefixtures("readers")
def test_scripts_of_kaldi(first: str, second: str) -> None:
    assert_same_table(first, second)


@pytest.mark.usefixtures("readers")
def test_ranges_of_compressed_matrices() -> None:
    assert_same_table("scp:readers/ranges_cm2.scp", "ark:readers/ranges_cm2.expected.ark")


@pytest.mark.usefixtures("readers")
def test_double_vectors_and_matrices_stay_float64() -> None:
    floats = dict(read_table("ark:readers/base.ark"))
    for key, matrix in read_table("ark:readers/double.ark"):
        assert matrix.dtype == np.float64
        np.testing.assert_array_equal(matrix, floats[key])
    assert {vector.dtype for _, vector in read_table("ark:readers/vec_dv.ark")} == {np.dtype(np.float64)}


@pytest.mark.usefixtures("readers")
def test_empty_matrices() -> None:
    for name in ("empty.ark", "empty.txt.ark"):
        assert [m.shape for _, m in read_table(f"ark:readers/{name}")] == [(0, 0), (57, 13)]


@pytest.mark.usefixtures("readers")
def test_commands() -> None:
    assert_same_table("ark:cat readers/base.ark |", "ark:readers/base.ark", allow_commands=True)
    assert_same_table("ark:gunzip -c readers/base.ark.gz |", "ark:readers/base.ark", allow_commands=True)
    assert_same_table("scp:head -n 9 readers/base.scp |", "ark:readers/base.ark", allow_commands=True)


def test_script_with_a_command(readers: Path, tmp_path: Path) -> None:
    script = tmp_path / "pipe.scp"
    script.write_text("es_Annie-t0024 tail -c +16 readers/base.ark |\n")
    assert_same_table(f"scp:{script}", f"ark:{readers}/pipe.expected.ark", allow_commands=True)
    with pytest.raises(SpecifierError, match="set allow_commands"):
        list(read_table(f"scp:{script}"))
    script.write_text("a false |\nb cat no-such-file 2>/dev/null |\n")
    failed: list[str] = []
    list(read_table(f"scp:{script}", allow_commands=True, on_skip=lambda key, error: failed.append(f"{key} {error}")))
    assert len(failed) == 2
    assert all("exit status 1" in text for text in failed)


def test_standard_input(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(archive.read_bytes())))
    assert [key for key, _ in read_table("ark:-")] == ["utt1", "utt2", "utt3"]


def test_failing_command_is_an_error_at_the_end(archive: Path) -> None:
    table = read_table(f"ark:cat {archive}; exit 3 |", allow_commands=True)
    assert [next(table)[0] for _ in range(3)] == ["utt1", "utt2", "utt3"]
    with pytest.raises(FileAccessError, match="exit status 3"):
        next(table)


def test_reading_is_lazy_and_may_stop(archive: Path) -> None:
    archive.write_bytes(archive.read_bytes() + b"broken")
    table = read_table(f"ark:{archive}")
    assert next(table)[0] == "utt1"
    table.close()  # type: ignore[attr-defined]
    endless = read_table(f"ark:while cat {archive}; do :; done |", allow_commands=True)
    assert next(endless)[0] == "utt1"


def test_bad_specifier_is_refused_at_once() -> None:
    with pytest.raises(SpecifierError):
        read_table("ark,q:x")


def test_script_given_as_archive_and_the_other_way_round(readers: Path) -> None:
    with pytest.raises(TableFormatError, match="use scp:<file>"):
        list(read_table(f"ark:{readers}/base.scp"))
    with pytest.raises(TableFormatError, match="use ark:<file>"):
        list(read_table(f"scp:{readers}/base.ark"))


def test_damage_is_raised_without_on_skip(archive: Path) -> None:
    archive.write_bytes(archive.read_bytes()[:-1])
    table = read_table(f"ark:{archive}")
    assert [next(table)[0], next(table)[0]] == ["utt1", "utt2"]
    with pytest.raises(TableFormatError, match=r"x\.ark: utterance 'utt3' at byte 77: expected 31 bytes, found 30"):
        next(table)


def test_utterance_whose_end_is_known_is_skipped(tmp_path: Path) -> None:
    path = tmp_path / "x.ark"
    good = np.ones((1, 2), np.float32)
    path.write_bytes(entry("a", good) + b"b [ 1 x ]\nc 1 2 x\n" + entry("d", good))
    skipped: list[tuple[str, str]] = []
    table = read_table(f"ark:{path}", on_skip=lambda key, error: skipped.append((key, str(error))))
    assert [key for key, _ in table] == ["a", "d"]
    assert [key for key, _ in skipped] == ["b", "c"]
    assert "utterance 'b' at byte 27" in skipped[0][1]
    with pytest.raises(TableFormatError, match="utterance 'b'"):
        list(read_table(f"ark:{path}"))


@pytest.mark.parametrize("place", [6, 8, 12])
def test_archive_with_a_damaged_header_ends_there(archive: Path, place: int) -> None:
    data = bytearray(archive.read_bytes())
    data[36 + place - 1] = 0x7F
    archive.write_bytes(data)
    skipped: list[tuple[str, str]] = []
    table = read_table(f"ark:{archive}", on_skip=lambda key, error: skipped.append((key, str(error))))
    assert [key for key, _ in table] == ["utt1"]
    assert [key for key, _ in skipped] == ["utt2"]
    assert skipped[0][1].endswith("; nothing after it can be read")
    table = read_table(f"ark:{archive}")
    assert next(table)[0] == "utt1"
    with pytest.raises(TableFormatError):
        list(table)


def test_permissive_archive_ends_at_the_first_damage(archive: Path, caplog: pytest.LogCaptureFixture) -> None:
    archive.write_bytes(archive.read_bytes()[:-1])
    with caplog.at_level(logging.WARNING):
        assert [key for key, _ in read_table(f"ark,p:{archive}")] == ["utt1", "utt2"]
    assert "utt3" in caplog.text
    told: list[str] = []
    list(read_table(f"p,ark:{archive}", on_skip=lambda key, error: told.append(str(error))))
    assert len(told) == 1


def test_bad_script_lines_are_skipped_if_asked_for(archive: Path, tmp_path: Path) -> None:
    script = tmp_path / "x.scp"
    script.write_text(f"a {archive}:5\nb nowhere.ark:5\nc {archive}:6\nd {archive}:5[0:99]\ne {archive}:41\n")
    skipped: list[str] = []

    def note(key: str, error: OvAsrScoreError) -> None:
        skipped.append(key)

    assert [key for key, _ in read_table(f"scp:{script}", on_skip=note)] == ["a", "e"]
    assert skipped == ["b", "c", "d"]
    assert [key for key, _ in read_table(f"scp,p:{script}")] == ["a", "e"]
    with pytest.raises(FileAccessError, match="line 2: utterance 'b'"):
        list(read_table(f"scp:{script}"))


def test_missing_script_is_empty_only_if_permissive(tmp_path: Path) -> None:
    assert list(read_table(f"scp,p:{tmp_path}/none.scp")) == []
    with pytest.raises(FileAccessError):
        list(read_table(f"scp:{tmp_path}/none.scp"))


def test_text_archive_in_gzip(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(gzip.compress(b"a [ 1 2\n 3 4 ]\nb  [\n 5 ]\n"))
    assert [matrix.shape for _, matrix in read_table(str(path))] == [(2, 2), (1, 1)]


def test_same_key_may_come_twice_when_read_in_order(tmp_path: Path) -> None:
    path = tmp_path / "x.ark"
    path.write_bytes(b"a 1\na 2\n")
    assert [int(vector[0]) for _, vector in read_table(str(path))] == [1, 2]
