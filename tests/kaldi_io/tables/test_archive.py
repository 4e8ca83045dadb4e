from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.errors import TableFormatError
from ov_asr_score.kaldi_io.foreign import TABLE, describe_start
from ov_asr_score.kaldi_io.matrices.matrix import encode_array, read_array
from ov_asr_score.kaldi_io.matrices.stream import KaldiStream
from ov_asr_score.kaldi_io.specifier import parse_read_specifier
from ov_asr_score.kaldi_io.tables.archive import archive_entries, check_key, read_key
from ov_asr_score.kaldi_io.tables.entries import find_entries
from ov_asr_score.kaldi_io.tables.random_access import open_table
from ov_asr_score.kaldi_io.tables.sequential import read_table
from tests.kaldi_io.foreign.foreign_files import FOREIGN_FILES

MATRIX = np.array([[1, 2], [3, 4]], np.float32)
OBJECT = b"".join(encode_array(MATRIX))


def stream_of(data: bytes) -> KaldiStream:
    return KaldiStream(io.BytesIO(data), "x.ark")


@pytest.mark.parametrize("between", [b" ", b"\t", b"", b"  ", b"   "])
def test_blanks_between_key_and_binary_object(between: bytes) -> None:
    """Kaldi writes one blank; the old speech_sample writes none (from NPZ), or its keys end with one."""
    stream = stream_of((b"utt1" + between + OBJECT) * 2)
    for _ in range(2):
        assert read_key(stream) == "utt1"
        np.testing.assert_array_equal(read_array(stream), MATRIX)
    assert read_key(stream) is None


def test_binary_and_text_may_be_mixed() -> None:
    stream = stream_of(b"a " + OBJECT + b"b  [\n 1 2\n 3 4 ]\nc 1 2 3\nd\t[ 5 ]\n e " + OBJECT)
    table = {key: read_array(stream) for key, _ in archive_entries(stream)}
    assert list(table) == ["a", "b", "c", "d", "e"]
    np.testing.assert_array_equal(table["b"], table["e"])
    assert table["c"].dtype == np.int32


def test_entries_that_are_not_read_are_skipped() -> None:
    data = b"a " + OBJECT + b"b  [\n 1 2\n 3 4 ]\nc 1 2 3\n"
    entries = list(archive_entries(stream_of(data)))
    assert [key for key, _ in entries] == ["a", "b", "c"]
    assert [data[offset:][:3] for _, offset in entries] == [b"\0BF", b" [\n", b"1 2"]


def test_key_of_any_bytes_comes_back() -> None:
    key = read_key(stream_of(b"\xff\xfe\xc3\xa4 " + OBJECT))
    assert key is not None
    assert key.encode("utf-8", "surrogateescape") == b"\xff\xfe\xc3\xa4"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"utt1", "the file is truncated"),
        (b"\0BFM ", "expected the key of an utterance"),
        (b"\x01\x02 ", "expected the key of an utterance"),
        (b"[ 1 2 ]", r"is one vector \(such as counts of classes\), not a table; to use it as one, "),
        (b"x" * 10000 + b" ", "this is not an archive"),
        (b"utt1\0XFM ", "expected a blank after the key"),
    ],
)
def test_what_is_no_key_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(TableFormatError, match=message):
        read_key(stream_of(data))


def test_error_names_utterance_and_byte() -> None:
    stream = stream_of(b"utt1 " + OBJECT + b"utt2 \0BFX ")
    with pytest.raises(TableFormatError, match=r"x\.ark: utterance 'utt2' at byte 41: expected FM"):
        list(archive_entries(stream))


@pytest.mark.parametrize("key", ["utt1", "äöü", "a/b", "\udcff", "file", "x\u00a0y", "[1]"])
def test_good_keys(key: str) -> None:
    check_key(key)


@pytest.mark.parametrize("key", ["", " ", "a b", "a\tb", " a", "a\n", "a\0", "\x7f", "[", "[]"])
def test_bad_keys_are_refused(key: str) -> None:
    with pytest.raises(TableFormatError):
        check_key(key)


READ_AS_LINES = (
    *("empty", "symbols", "fst-text", "pdf", "sphere", "options", "program", "ubm-text", "topology", "info", "link"),
)
"""What is so short here that its lines pass for keys and integers."""

PASSED_OVER = ["lfs", "page", "wav", "npy", "torch", "matrix", "tree", "ubm", "ivector-extractor"]
"""What fails without its values being read, too."""


def check_said(path: Path, name: str, read: Callable[[], object], source: str) -> None:
    content, _ = FOREIGN_FILES[name]
    path.write_bytes(content)
    with pytest.raises(TableFormatError) as caught:
        read()
    assert str(caught.value) == f"{source}: {describe_start(content, source, TABLE)}"


@pytest.mark.parametrize("name", [name for name in FOREIGN_FILES if name not in READ_AS_LINES])
def test_what_is_no_archive_is_said(tmp_path: Path, name: str) -> None:
    path = tmp_path / "x"
    check_said(path, name, lambda: list(read_table(f"ark:{path}")), str(path))
    command = f"cat {path} |"
    check_said(path, name, lambda: list(read_table(f"ark:{command}", allow_commands=True)), command)


@pytest.mark.parametrize("name", PASSED_OVER)
def test_what_is_no_archive_is_said_where_it_is_passed_over(tmp_path: Path, name: str) -> None:
    path = tmp_path / "x"
    specifier = parse_read_specifier(f"ark:{path}")
    check_said(path, name, lambda: list(find_entries([specifier], None, allow_missing=False)), str(path))
    check_said(path, name, lambda: open_table(specifier).get("none"), str(path))


def test_damage_behind_the_first_entry_is_no_other_kind_of_file(tmp_path: Path) -> None:
    path = tmp_path / "x.ark"
    path.write_bytes(b"utt0  [ 1 2 ]\nutt1  [ 1 two ]\n")
    with pytest.raises(TableFormatError, match="utterance 'utt1' at byte 19: expected a number, found 'two'"):
        list(read_table(f"ark:{path}"))
