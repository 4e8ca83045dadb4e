from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.errors import TableFormatError
from ov_asr_score.kaldi_io.matrices.inner_matrix import (
    begins_binary,
    encode_inner_matrix,
    expect_token,
    load_doubles,
    read_inner_matrix,
)
from ov_asr_score.kaldi_io.matrices.stream import KaldiStream

MATRIX = np.array([[0.1, 2, -3e300], [1 / 3, 0, 1e-300]])


def stream_of(data: bytes) -> KaldiStream:
    return KaldiStream(io.BytesIO(data), "state")


@pytest.mark.parametrize("text", [False, True])
@pytest.mark.parametrize("matrix", [MATRIX, MATRIX[:1], np.zeros((0, 0))])
def test_what_is_written_is_read(matrix: np.ndarray, text: bool) -> None:
    stream = stream_of(encode_inner_matrix(matrix, text=text) + b"</End> ")
    np.testing.assert_array_equal(read_inner_matrix(stream, binary=not text), matrix)
    expect_token(stream, "</End>")


def test_single_precision_is_read_too() -> None:
    data = b"FM " + struct.pack("<BiBi", 4, 1, 4, 2) + struct.pack("<2f", 0.5, 3)
    assert read_inner_matrix(stream_of(data), binary=True).tolist() == [[0.5, 3]]
    assert read_inner_matrix(stream_of(b"[ 1 2;3 4 ]"), binary=False).tolist() == [[1, 2], [3, 4]]


def test_files_of_one_matrix(tmp_path: Path) -> None:
    path = tmp_path / "stats"
    path.write_bytes(b" [\n  0.1 0.2\n  1e9 3 ]\n")
    assert load_doubles(str(path)).tolist() == [[0.1, 0.2], [1e9, 3]]
    path.write_bytes(b"\0B" + encode_inner_matrix(MATRIX, text=False))
    np.testing.assert_array_equal(load_doubles(str(path)), MATRIX)
    path.write_bytes(b"\0BDV " + struct.pack("<Bid", 4, 1, 2.5))
    with pytest.raises(TableFormatError, match="at byte 0: expected a matrix, found a vector"):
        load_doubles(str(path))


def test_marks_and_tokens() -> None:
    stream = stream_of(b"\0B<A> <B> ")
    assert begins_binary(stream)
    expect_token(stream, "<A>")
    with pytest.raises(TableFormatError, match="state: at byte 6: expected <C>, found '<B>'"):
        expect_token(stream, "<C>")
    assert not begins_binary(stream_of(b"<A> "))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"[ 1 2\n3 ]", "at byte 0: expected 2 numbers in row 1, found 1"),
        (b"[ 1 x ]", "expected a number, found 'x'"),
        (b"[ 1_0 ]", "expected a number, found '1_0'"),
        (b"[ 1 2", "expected ']' at the end of a matrix, found the end of the file"),
        (b" <A> ", r"at byte 1: expected '\[' at the beginning of a matrix, found '<A> '"),
        (b"", "found the end of the file"),
    ],
)
def test_what_is_no_text(data: bytes, message: str) -> None:
    with pytest.raises(TableFormatError, match=message):
        read_inner_matrix(stream_of(data), binary=False)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"CM " + bytes(40), "expected a matrix"),
        (b"DM " + struct.pack("<BiBi", 4, -1, 4, 2), "expected a size of 0 or more, found -1 x 2"),
        (b"DM " + struct.pack("<BiBi", 4, 1 << 30, 4, 1 << 30), "the file is truncated"),
    ],
)
def test_what_is_not_binary(data: bytes, message: str) -> None:
    with pytest.raises(TableFormatError, match=message):
        read_inner_matrix(stream_of(data), binary=True)


def test_every_cut_is_refused() -> None:
    data = encode_inner_matrix(MATRIX, text=False)
    for length in range(len(data)):
        with pytest.raises(TableFormatError):
            read_inner_matrix(stream_of(data[:length]), binary=True)
