"""Rows and matrices of examples in all forms that Kaldi reads, and what is refused."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest

from ov_asr_score.egs.example import SparseLabels
from ov_asr_score.egs.example_values import read_byte_vector, read_general_matrix, read_indexes
from ov_asr_score.errors import OvAsrScoreError
from ov_asr_score.kaldi_io.matrices.stream import KaldiStream
from ov_asr_score.kaldi_model.token_reader import ModelReader


def reader(data: bytes, *, binary: bool = True) -> ModelReader:
    return ModelReader(KaldiStream(io.BytesIO(data), "egs"), binary)


def number(value: int) -> bytes:
    return b"\4" + struct.pack("<i", value)


def whole(n: int, t: int, x: int) -> bytes:
    return b"\x7f" + number(n) + number(t) + number(x)


@pytest.mark.parametrize(
    ("data", "rows"),
    [
        (b"", []),
        (b"\xf6\1\1", [(0, -10, 0), (0, -9, 0), (0, -8, 0)]),
        (b"\x7c\x84", [(0, 124, 0), (0, 0, 0)]),
        (whole(2, 500, 1) + b"\3\xfd" + whole(0, -500, 0) + whole(1, 0, 0), None),
        (whole(0, -(2**31), 0) + b"\1", [(0, -(2**31), 0), (0, 1 - 2**31, 0)]),
    ],
)
def test_indexes(data: bytes, rows: list[tuple[int, int, int]] | None) -> None:
    expected = [(2, 500, 1), (2, 503, 1), (2, 500, 1), (0, -500, 0), (1, 0, 0)] if rows is None else rows
    found = read_indexes(reader(b"<I1V> " + number(len(expected)) + data + b"X"))
    assert found.dtype == np.int32
    assert found.tolist() == [list(row) for row in expected]


def test_many_indexes() -> None:
    """More than are looked at in one piece."""
    count = 200_000
    steps = np.arange(count) % 250 - 124
    assert steps.max() > 124
    data = b"".join(b"\x01" if step > 124 else struct.pack("b", step) for step in steps.tolist())
    times = np.cumsum(np.where(steps > 124, 1, steps))
    source = reader(b"<I1V> " + number(count) + data + whole(1, 2, 3))
    np.testing.assert_array_equal(read_indexes(source)[:, 1], times)
    wide = b"".join(whole(n, 7, 0) for n in range(9000))
    assert read_indexes(reader(b"<I1V> " + number(9000) + wide))[:, 0].tolist() == list(range(9000))


def test_indexes_in_text() -> None:
    found = read_indexes(reader(b"<I1V> 2 <I1> 0 -3 0 <I1> 1 4 2 ", binary=False))
    assert found.tolist() == [[0, -3, 0], [1, 4, 2]]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (number(-1), "expected a number of rows of 0 or more, found -1"),
        (number(3) + b"\1\1", "expected 3 rows, found 2; the file is truncated"),
        (number(1) + b"\x7d", "expected a step below 125 or the byte 127, found 125"),
        (number(1) + b"\x80", "expected a step below 125 or the byte 127, found -128"),
        (number(1) + b"\x7f\5" + bytes(14), "expected three numbers of four bytes behind the byte 127"),
        (number(2) + whole(0, 2**31 - 1, 0) + b"\1", "expected frames of 32 bits"),
        (number(2**31 - 1) + b"\1", "expected 2147483647 rows, found 1"),
    ],
)
def test_bad_indexes(data: bytes, message: str) -> None:
    with pytest.raises(OvAsrScoreError) as caught:
        read_indexes(reader(b"<I1V> " + data))
    assert message in str(caught.value)


def sparse_row(dim: int, *pairs: tuple[int, float]) -> bytes:
    body = b"".join(number(column) + b"\4" + struct.pack("<f", value) for column, value in pairs)
    return b"SV " + number(dim) + number(len(pairs)) + body


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [[(3, 1.0)], [(0, 0.5)], [(4, 2.0)]],
        [[], [(1, 0.25), (2, 0.75)], [], [(0, 1.0)], [(1, 1.0)]],
        [[(number % 5, 1.0)] for number in range(5000)],
    ],
)
def test_sparse_matrix(rows: list[list[tuple[int, float]]]) -> None:
    data = b"SM " + number(len(rows)) + b"".join(sparse_row(5, *row) for row in rows)
    text = f"rows={len(rows)} " + "".join(
        "dim=5 [ " + "".join(f"{column} {value} " for column, value in row) + "] " for row in rows
    )
    for found in (read_general_matrix(reader(data)), read_general_matrix(reader(b" " + text.encode(), binary=False))):
        assert isinstance(found, SparseLabels)
        assert found.shape == (len(rows), 5 if rows else 0)
        assert found.starts.tolist() == [0, *np.cumsum([len(row) for row in rows]).tolist()]
        assert found.columns.tolist() == [column for row in rows for column, _ in row]
        assert found.values.tolist() == [value for row in rows for _, value in row]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"SM " + number(-1), "expected 0 to 9999999 rows, found -1"),
        (b"SM " + number(10_000_000), "expected 0 to 9999999 rows, found 10000000"),
        (b"SM " + number(1) + b"SX " + bytes(40), "expected a sparse vector SV, found"),
        (b"SM " + number(1) + b"SV " + number(2) + number(3), "expected at most one value per column, found 3 values"),
        (b"SM " + number(1) + sparse_row(3, (3, 1.0)), "expected columns below 3"),
        (b"SM " + number(1) + sparse_row(3, (-1, 1.0)), "expected columns below 3"),
        (b"SM " + number(2) + sparse_row(3, (2, 1.0)) + sparse_row(4), "expected rows of 3 columns, found one of 4"),
        (b"SM " + number(2) + sparse_row(3, (2, 1.0)), "expected a sparse vector SV"),
    ],
)
def test_bad_sparse_matrix(data: bytes, message: str) -> None:
    with pytest.raises(OvAsrScoreError) as caught:
        read_general_matrix(reader(data))
    assert message in str(caught.value)


def rows(data: bytes, *, binary: bool = True) -> object:
    found = read_general_matrix(reader(data, binary=binary))
    assert not isinstance(found, SparseLabels)
    return found.tolist()


def test_full_and_compressed_matrix() -> None:
    full = b"FM " + number(1) + number(2) + struct.pack("<2f", 1.5, -2)
    assert rows(full) == rows(b" [\n 1.5 -2 ]\n", binary=False) == [[1.5, -2]]
    assert rows(b"CM3 " + struct.pack("<ffii", 0.0, 255.0, 2, 2) + bytes([0, 1, 2, 255])) == [[0, 1], [2, 255]]


def test_byte_vector() -> None:
    found = read_byte_vector(reader(b"\1" + struct.pack("<i", 3) + bytes([0, 51, 255])))
    np.testing.assert_array_equal(found, np.array([0, 51, 255], np.float32) * np.float32(1 / 255))
    assert read_byte_vector(reader(b" [ 0.5 1 ]\n", binary=False)).tolist() == [0.5, 1]
    for data, message in ((b"\4", "expected a byte 1"), (b"\1\xff\xff\xff\xff", "expected a length of 0 or more")):
        with pytest.raises(OvAsrScoreError, match=message):
            read_byte_vector(reader(data))
