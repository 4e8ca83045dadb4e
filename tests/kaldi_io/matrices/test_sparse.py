from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.errors import TableFormatError
from ov_asr_score.kaldi_io.matrices.matrix import read_array, skip_array
from ov_asr_score.kaldi_io.matrices.stream import KaldiStream
from ov_asr_score.kaldi_io.tables.sequential import read_table


def row(dimension: int, *pairs: tuple[int, float]) -> bytes:
    head = b"SV " + struct.pack("<BiBi", 4, dimension, 4, len(pairs))
    return head + b"".join(struct.pack("<BiBf", 4, index, 4, value) for index, value in pairs)


def sparse(*rows: bytes, count: int | None = None) -> KaldiStream:
    data = b"\0BSM " + struct.pack("<Bi", 4, len(rows) if count is None else count) + b"".join(rows)
    return KaldiStream(io.BytesIO(data), "x")


def test_binary_and_text_of_kaldi_are_the_same(readers: Path) -> None:
    binary = dict(read_table(f"ark:{readers}/smat.ark"))
    text = dict(read_table(f"ark:{readers}/smat.txt"))
    assert list(binary) == list(text)
    for key, matrix in binary.items():
        assert matrix.shape[1] == 120
        np.testing.assert_allclose(matrix.sum(axis=1), 1)
        np.testing.assert_array_equal(text[key], matrix)


def test_rows_become_full() -> None:
    stream = sparse(row(4, (1, 0.5)), row(4), row(4, (0, 1.0), (3, 2.0)))
    np.testing.assert_array_equal(read_array(stream), [[0, 0.5, 0, 0], [0, 0, 0, 0], [1, 0, 0, 2]])
    assert read_array(sparse()).shape == (0, 0)


def test_skipping_ends_where_reading_ends() -> None:
    reading, skipping = (sparse(row(4, (1, 0.5)), row(4)) for _ in range(2))
    read_array(reading)
    skip_array(skipping)
    assert reading.offset == skipping.offset == reading.size


@pytest.mark.parametrize(
    "stream",
    [
        sparse(row(4, (4, 1.0))),
        sparse(row(4, (-1, 1.0))),
        sparse(row(4), row(5)),
        sparse(row(2**31 - 1)),
        sparse(row(4), count=2**31 - 1),
        sparse(count=-1),
        sparse(b"SX \4"),
        sparse(row(4, (1, 1.0)).replace(b"\4\1\0\0\0\4\0\0", b"\4\1\0\0\0\x08\0\0")),
        KaldiStream(io.BytesIO(b"rows=2 dim=3 [ 0 1 ] \n"), "x"),
        KaldiStream(io.BytesIO(b"rows=1 dim=3 [ 0 1 2 ] \n"), "x"),
        KaldiStream(io.BytesIO(b"rows=1 dim=3 [ 3 1 ] \n"), "x"),
        KaldiStream(io.BytesIO(b"rows=1 dim=2000000000 [ ] \n"), "x"),
    ],
)
def test_damage_is_refused(stream: KaldiStream) -> None:
    with pytest.raises(TableFormatError, match="x: at byte"):
        read_array(stream)
