"""The values that examples are made of: frame numbers of rows, matrices of any kind, and vectors of bytes.

Sources: nnet3/nnet-common.cc (``ReadIndexVector``), matrix/sparse-matrix.cc (``GeneralMatrix::Read``),
nnet3/nnet-example-utils.cc (``ReadVectorAsChar``). All functions raise ModelFormatError and TableFormatError, which
name the file, the example and the byte.
"""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.egs.example import IndexArray, Labels, SparseLabels
from ov_asr_score.kaldi_io.matrices.sparse import PAIR
from ov_asr_score.kaldi_model.network import FloatArray
from ov_asr_score.kaldi_model.token_reader import ModelReader
from ov_asr_score.text import clipped

MOST_ROWS = 10_000_000
"""Kaldi reads no sparse matrix with more rows."""

_INDEX = np.dtype(
    [("mark", "i1"), ("n_size", "u1"), ("n", "<i4"), ("t_size", "u1"), ("t", "<i4"), ("x_size", "u1"), ("x", "<i4")]
)
_MARK = 127
_LARGEST_STEP = 124
_PIECE = 1 << 16
_SPARSE_ROW = np.dtype([("token", "S3"), ("dim_size", "u1"), ("dim", "<i4"), ("count_size", "u1"), ("count", "<i4")])
_COUNT_IN_TEXT = re.compile(r"(rows|dim)=(\d{1,10})")


def read_indexes(reader: ModelReader) -> IndexArray:
    """The numbers n, t, x of each row, int32 [N, 3]."""
    reader.expect_token("<I1V>")
    start = reader.offset
    count = reader.read_int()
    if count < 0:
        raise reader.error("a number of rows of 0 or more", str(count), offset=start)
    if reader.binary:
        return _read_packed(reader, count)
    # Every row takes some bytes: a damaged count ends with the file, before much is allocated for it.
    rows: list[tuple[int, int, int]] = []
    for _ in range(count):
        reader.expect_token("<I1>")
        rows.append((reader.read_int(), reader.read_int(), reader.read_int()))
    return np.array(rows, np.int32).reshape(-1, 3)


def _read_packed(reader: ModelReader, count: int) -> IndexArray:
    """Rows of one byte, the distance to the t before, or of a byte 127 and all three numbers."""
    stream = reader.stream
    pieces: list[NDArray[np.int64]] = []
    last = np.zeros(3, np.int64)
    done = 0
    while done < count:
        offset = stream.offset
        head = stream.peek(min(count - done, _PIECE))
        if not head:
            raise reader.error(f"{count} rows", str(done), "the file is truncated", offset=offset)
        if head[0] == _MARK:
            piece = _whole_indexes(reader, count - done)
        else:
            steps = np.frombuffer(head, np.int8).astype(np.int64)
            far = np.flatnonzero(np.abs(steps) > _LARGEST_STEP)
            run = int(far[0]) if len(far) else len(steps)
            if not run:
                raise reader.error("a step below 125 or the byte 127", str(steps[0]), offset=offset)
            stream.read(run)
            piece = np.repeat(last[None], run, axis=0)
            piece[:, 1] += np.cumsum(steps[:run])
        pieces.append(piece)
        last = piece[-1]
        done += len(piece)
    indexes = np.concatenate(pieces) if pieces else np.empty((0, 3), np.int64)
    narrow = indexes.astype(np.int32)
    if not np.array_equal(narrow, indexes):
        raise reader.error("frames of 32 bits", "others", "the file is damaged")
    return narrow


def _whole_indexes(reader: ModelReader, most: int) -> NDArray[np.int64]:
    """As many rows of 16 bytes as follow each other, one at least."""
    stream = reader.stream
    head = stream.peek(min(most * _INDEX.itemsize, _PIECE))
    rows = np.frombuffer(head, _INDEX, len(head) // _INDEX.itemsize)
    sizes = (rows["n_size"] == 4) & (rows["t_size"] == 4) & (rows["x_size"] == 4)
    bad = np.flatnonzero((rows["mark"] != _MARK) | ~sizes)
    count = int(bad[0]) if len(bad) else len(rows)
    if not count:
        raise reader.error("three numbers of four bytes behind the byte 127", "others", "the file is damaged")
    stream.read(count * _INDEX.itemsize)
    return np.stack([rows[name][:count] for name in ("n", "t", "x")], axis=1).astype(np.int64)


def read_general_matrix(reader: ModelReader) -> Labels:
    """A full, compressed or sparse matrix: float32 [N, D], or SparseLabels."""
    stream = reader.stream
    if not reader.binary:
        reader.skip_blanks()
    first = stream.peek(1)
    if first != (b"S" if reader.binary else b"r"):
        return reader.read_matrix()
    return _read_sparse(reader) if reader.binary else _read_sparse_in_text(reader)


def _read_sparse(reader: ModelReader) -> SparseLabels:
    reader.expect_token("SM")
    start, stream = reader.offset, reader.stream
    count = reader.read_int()
    if not 0 <= count < MOST_ROWS:
        raise reader.error(f"0 to {MOST_ROWS - 1} rows", str(count), "the file is damaged", offset=start)
    dims: list[int] = []
    lengths: list[NDArray[np.int64]] = []
    pieces: list[NDArray[np.void]] = []
    done = 0
    while done < count:
        offset = stream.offset
        head = stream.peek(_SPARSE_ROW.itemsize)
        if len(head) < _SPARSE_ROW.itemsize or not head.startswith(b"SV "):
            raise reader.error("a sparse vector SV", clipped(head), "the file is damaged", offset=offset)
        row = np.frombuffer(head, _SPARSE_ROW, 1)[0]
        length = int(row["count"])
        if (row["dim_size"], row["count_size"]) != (4, 4) or not 0 <= length <= int(row["dim"]):
            found = f"{length} values in {int(row['dim'])} columns"
            raise reader.error("at most one value per column", found, "the file is damaged", offset=offset)
        alike = _rows_alike(reader, head, length, count - done)
        pieces.append(alike.reshape(-1))
        dims.append(int(row["dim"]))
        lengths.append(np.full(len(alike), length))
        done += len(alike)
    pairs = np.concatenate(pieces) if pieces else np.empty(0, PAIR)
    if len(pairs) and not ((pairs["index_size"] == 4) & (pairs["value_size"] == 4)).all():
        raise reader.error("columns and float32 values of four bytes", "other sizes", offset=start)
    return _sparse_labels(reader, dims, lengths, pairs["index"], pairs["value"], start)


def _rows_alike(reader: ModelReader, head: bytes, length: int, most: int) -> NDArray[np.void]:
    """The pairs [rows, length] of the sparse vectors that follow and begin with the same bytes, one at least."""
    stream = reader.stream
    dtype = np.dtype([("head", f"V{len(head)}"), ("pairs", PAIR, (length,))])
    count = max(1, min(most, _PIECE // dtype.itemsize))
    ahead = stream.peek(count * dtype.itemsize) if count > 1 else b""
    rows = np.frombuffer(ahead, dtype, len(ahead) // dtype.itemsize)
    other = np.flatnonzero(rows["head"] != np.void(head))
    count = max(int(other[0]) if len(other) else len(rows), 1)
    data = stream.read_bytes(count * dtype.itemsize)
    return np.ascontiguousarray(data.view(dtype)["pairs"].reshape(count, length))


def _read_sparse_in_text(reader: ModelReader) -> SparseLabels:
    start = reader.offset
    dims: list[int] = []
    lengths: list[NDArray[np.int64]] = []
    columns: list[int] = []
    values: list[float] = []
    for _ in range(_read_count_in_text(reader, "rows", MOST_ROWS)):
        dims.append(_read_count_in_text(reader, "dim", 1 << 31))
        reader.expect_token("[")
        before = len(columns)
        while reader.peek_token()[:1] != "]":
            columns.append(reader.read_int())
            values.append(reader.read_float())
        reader.skip_blanks()
        reader.stream.read(1)
        lengths.append(np.array([len(columns) - before]))
    with np.errstate(over="ignore"):
        narrow = np.array(values, np.float64).astype(np.float32)
    return _sparse_labels(reader, dims, lengths, np.array(columns, np.int64), narrow, start)


def _read_count_in_text(reader: ModelReader, name: str, limit: int) -> int:
    offset = reader.offset
    word = reader.read_token()
    match = _COUNT_IN_TEXT.fullmatch(word)
    if match is None or match[1] != name or int(match[2]) >= limit:
        raise reader.error(f"{name}=<number>", clipped(word), "the file is damaged", offset=offset)
    return int(match[2])


def _sparse_labels(
    reader: ModelReader,
    dims: list[int],
    lengths: list[NDArray[np.int64]],
    columns: NDArray[np.integer],
    values: NDArray[np.float32],
    start: int,
) -> SparseLabels:
    dim = dims[0] if dims else 0
    if any(other != dim for other in dims):
        raise reader.error(f"rows of {dim} columns", f"one of {next(d for d in dims if d != dim)}", offset=start)
    if len(columns) and (int(columns.min()) < 0 or int(columns.max()) >= dim):
        raise reader.error(f"columns below {dim}", "others", "the file is damaged", offset=start)
    starts = np.concatenate([[0], *lengths]) if lengths else np.zeros(1)
    return SparseLabels(dim, np.cumsum(starts).astype(np.int64), columns.astype(np.int64), values)


def read_byte_vector(reader: ModelReader) -> FloatArray:
    """Values from 0 to 1 that were written as a byte each, float32 [D]; in text a vector."""
    if not reader.binary:
        return reader.read_vector()
    offset, stream = reader.offset, reader.stream
    size = stream.peek(1)
    if size != b"\1":
        raise reader.error("a byte 1 before a vector of bytes", clipped(size), "the file is damaged", offset=offset)
    stream.read(1)
    count = int.from_bytes(stream.read(4), "little", signed=True)
    if count < 0:
        raise reader.error("a length of 0 or more", str(count), "the file is damaged", offset=offset)
    return stream.read_bytes(count).astype(np.float32) * np.float32(1.0 / 255.0)
