from __future__ import annotations

import io

import numpy as np
import pytest

from ov_asr_score.errors import TableFormatError
from ov_asr_score.kaldi_io.matrices.matrix import encode_array, read_array
from ov_asr_score.kaldi_io.matrices.stream import KaldiStream
from ov_asr_score.kaldi_io.tables.archive import archive_entries, check_key, read_key

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
        (b"PK\3\4abc ", "use npz:<file>"),
        (b"\x93NUMPY\1\0v\0{", "use npy:<file>"),
        (b"\0B<TransitionModel> <Topology> ", "this is a Kaldi model, not a table"),
        (b"\x01\x02 ", "expected the key of an utterance"),
        (b"[ 1 2 ]", "expected the key of an utterance"),
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
