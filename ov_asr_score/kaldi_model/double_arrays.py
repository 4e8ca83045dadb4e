"""Vectors and packed symmetric matrices in double precision, as extractors and statistics hold them within objects.

``token_reader.py`` reads the arrays of acoustic models, which are single; matrices are read by
``kaldi_io/matrices/inner_matrix.py``. Sources: matrix/kaldi-vector.cc, packed-matrix.cc (``Read``, ``Write``).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.kaldi_io.matrices.inner_matrix import begins_binary
from ov_asr_score.kaldi_io.matrices.stream import open_stream
from ov_asr_score.kaldi_io.matrices.text_format import read_bracketed_rows
from ov_asr_score.kaldi_model.token_reader import ModelReader
from ov_asr_score.text import clipped

DoubleArray: TypeAlias = NDArray[np.float64]

_TYPES: dict[str, np.dtype[np.float32] | np.dtype[np.float64]] = {"F": np.dtype("<f4"), "D": np.dtype("<f8")}


@contextmanager
def open_reader(path: str | os.PathLike[str], *, allow_commands: bool = False) -> Iterator[ModelReader]:
    """Reader of a file with one object of Kaldi's, behind the mark of binary files if it has one (``ReadKaldiObject``).

    Raises FileAccessError and SpecifierError, as ``open_stream`` does.
    """
    with open_stream(os.fspath(path), allow_commands=allow_commands) as stream:
        yield ModelReader(stream, begins_binary(stream))


def read_double_vector(reader: ModelReader) -> DoubleArray:
    """Vector, float64 [D]. Raises TableFormatError, ModelFormatError."""
    reader.skip_blanks()
    return _read_binary(reader, "V") if reader.binary else _read_text(reader)


def read_packed(reader: ModelReader) -> DoubleArray:
    """The lower triangle of a symmetric matrix, row by row: float64 [n · (n + 1) / 2].

    Raises TableFormatError, ModelFormatError.
    """
    reader.skip_blanks()
    if reader.binary:
        return _read_binary(reader, "P")
    offset = reader.offset
    numbers = _read_text(reader)
    size = packed_size(len(numbers))
    if size * (size + 1) // 2 != len(numbers):
        raise reader.error("as many numbers as a triangle has", str(len(numbers)), offset=offset)
    return numbers


def packed_size(count: int) -> int:
    """Rows of the symmetric matrix whose lower triangle has ``count`` elements."""
    return int((np.sqrt(8 * count + 1) - 1) / 2 + 0.5)


def unpacking_index(size: int) -> NDArray[np.intp]:
    """Where in the packed lower triangle the elements of the whole matrix are: [size · size], row by row."""
    rows, columns = np.indices((size, size))
    low, high = np.minimum(rows, columns), np.maximum(rows, columns)
    return np.asarray(high * (high + 1) // 2 + low, np.intp).reshape(-1)


@cache
def first_column_of_packed(size: int) -> NDArray[np.intp]:
    """Where in a packed lower triangle the first column is [D]."""
    rows = np.arange(size, dtype=np.intp)
    return rows * (rows + 1) // 2


@cache
def diagonal_of_packed(size: int) -> NDArray[np.intp]:
    """Where in a packed lower triangle the diagonal is [D]."""
    rows = np.arange(size, dtype=np.intp)
    return rows * (rows + 3) // 2


def _read_binary(reader: ModelReader, shape: str) -> DoubleArray:
    """Elements of a vector (V) or a packed matrix (P)."""
    offset = reader.offset
    token = reader.read_token()
    if len(token) != 2 or token[0] not in _TYPES or token[1] != shape:
        raise reader.error(f"F{shape} or D{shape}", clipped(token), "the file is damaged", offset=offset)
    size = reader.stream.read_int32()
    if size < 0:
        raise reader.error("a size of 0 or more", str(size), "the file is damaged", offset=offset)
    dtype = _TYPES[token[0]]
    count = size if shape == "V" else size * (size + 1) // 2
    data = reader.stream.read_bytes(count * dtype.itemsize)
    with np.errstate(invalid="ignore"):  # NaN that signals
        return data.view(dtype).astype(np.float64)


def _read_text(reader: ModelReader) -> DoubleArray:
    """All numbers between brackets, whatever lines they stand in."""
    offset = reader.offset
    ahead = reader.stream.peek(20)
    if ahead[:1] != b"[":
        raise reader.error("'['", clipped(ahead) if ahead else "the end of the file")
    words = [word for row in read_bracketed_rows(reader.stream) for word in row]
    try:
        if any(b"_" in word for word in words):
            raise ValueError
        return np.array(words, np.float64) if words else np.zeros(0)
    except ValueError:
        bad = next((word for word in words if not _is_number(word)), b"")
        raise reader.error("a number", clipped(bad), offset=offset) from None


def _is_number(word: bytes) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return b"_" not in word
