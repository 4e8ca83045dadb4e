"""Kaldi's sparse matrices (``SM``, rows of ``SV``; matrix/sparse-matrix.cc), read as full matrices."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.kaldi_io.matrices.stream import KaldiStream

PAIR = np.dtype([("index_size", "u1"), ("index", "<i4"), ("value_size", "u1"), ("value", "<f4")])
MOST_DENSE_BYTES = 1 << 30

SparseRow = tuple[int, NDArray[np.integer], NDArray[np.floating]]
"""Dimension, indices and values of one row."""


def read_sparse(stream: KaldiStream) -> NDArray[np.float32]:
    """Matrix [T, D] float32 that follows the token ``SM``. Raises TableFormatError."""
    start = stream.offset
    rows = [_read_row(stream) for _ in range(_read_count(stream))]
    return dense_matrix(stream, rows, start)


def skip_sparse(stream: KaldiStream) -> tuple[int, int]:
    """Skip the matrix that follows the token ``SM``; its shape. Raises TableFormatError."""
    num_rows, dimension = _read_count(stream), 0
    for _ in range(num_rows):
        dimension = _read_row(stream)[0]
    return num_rows, dimension


def dense_matrix(stream: KaldiStream, rows: Sequence[SparseRow], start: int) -> NDArray[np.float32]:
    """Matrix [T, D] float32 with the values of all rows, zero elsewhere; ``start`` is the offset that errors name.

    Raises TableFormatError for rows of different dimension, indices outside it, and more than 1 GiB.
    """
    dimension = rows[0][0] if rows else 0
    if len(rows) * dimension * 4 > MOST_DENSE_BYTES:
        raise stream.error("a sparse matrix below 1 GiB when full", f"{len(rows)} x {dimension}", offset=start)
    matrix = np.zeros((len(rows), dimension), np.float32)
    for number, (row_dimension, indices, values) in enumerate(rows):
        inside = len(indices) == len(values) and bool(((indices >= 0) & (indices < dimension)).all())
        if row_dimension != dimension or not inside:
            found = f"dimension {row_dimension} or an index outside it"
            raise stream.error(f"indices below {dimension} in row {number}", found, offset=start)
        matrix[number, indices] = values
    return matrix


def _read_count(stream: KaldiStream) -> int:
    count = stream.read_int32()
    if count < 0:
        raise stream.error("a count of 0 or more", str(count))
    return count


def _read_row(stream: KaldiStream) -> SparseRow:
    if stream.peek(3) != b"SV ":
        raise stream.error("a sparse vector SV", repr(stream.peek(3).decode("latin-1")))
    stream.read(3)
    dimension, count = _read_count(stream), _read_count(stream)
    pairs = stream.read_bytes(count * PAIR.itemsize).view(PAIR)
    if not ((pairs["index_size"] == 4) & (pairs["value_size"] == 4)).all():
        raise stream.error("indices and float32 values of four bytes", "other sizes")
    return dimension, pairs["index"], pairs["value"]
