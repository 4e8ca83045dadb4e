"""Matrices within objects that begin with tokens, such as states and statistics, in double precision.

Within an object, a binary matrix has no ``\\0B`` of its own: the whole object is binary or text.
"""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.kaldi_io.matrices.matrix import BINARY_MARK, encode_array, read_array
from ov_asr_score.kaldi_io.matrices.stream import KaldiStream, open_stream
from ov_asr_score.text import clipped

_NOT_BLANK = re.compile(rb"\S")
_CLOSING = re.compile(rb"\]")
_ROW_END = re.compile(rb"[\n;]")
_TYPES = {"FM": "<f4", "DM": "<f8"}


def begins_binary(stream: KaldiStream) -> bool:
    """Whether the object at the stream's position is binary; its mark ``\\0B`` is read."""
    if stream.peek(2) != BINARY_MARK:
        return False
    stream.read(2)
    return True


def expect_token(stream: KaldiStream, token: str) -> None:
    """Read ``token`` and the blank behind it; blanks before it are skipped. Raises TableFormatError for another."""
    stream.read_before(_NOT_BLANK)
    start = stream.offset
    found = stream.read_token()
    if found != token:
        raise stream.error(token, clipped(found), offset=start)


def read_inner_matrix(stream: KaldiStream, *, binary: bool) -> NDArray[np.float64]:
    """The matrix at the stream's position, float64 [T, D]; an empty one is [0, 0].

    Raises TableFormatError. Source: matrix/kaldi-matrix.cc, ``Matrix::Read``.
    """
    return _read_binary(stream) if binary else _read_text(stream)


def encode_inner_matrix(matrix: NDArray[np.float64], *, text: bool) -> bytes:
    """The bytes of a float64 matrix [T, D] within an object, binary or text."""
    data = b"".join(encode_array(np.ascontiguousarray(matrix, np.float64), text=text))
    return data if text else data[len(BINARY_MARK) :]


def load_doubles(rxfilename: str, *, allow_commands: bool = False) -> NDArray[np.float64]:
    """The matrix in a file of its own, float64 [T, D]; text is read in double precision, as Kaldi reads statistics.

    Raises FileAccessError, SpecifierError, TableFormatError.
    """
    with open_stream(rxfilename, allow_commands=allow_commands) as stream:
        if stream.peek(2) != BINARY_MARK:
            return _read_text(stream)
        start = stream.offset
        array = read_array(stream)
        if array.ndim != 2:
            raise stream.error("a matrix", "a vector", offset=start)
        with np.errstate(invalid="ignore"):  # of damaged numbers; what needs finite ones says so
            return np.asarray(array, np.float64)


def _read_binary(stream: KaldiStream) -> NDArray[np.float64]:
    start = stream.offset
    kind = stream.read_token()
    if kind not in _TYPES:
        raise stream.error("a matrix (FM or DM)", clipped(kind), offset=start)
    rows, columns = stream.read_int32(), stream.read_int32()
    if rows < 0 or columns < 0:
        raise stream.error("a size of 0 or more", f"{rows} x {columns}", offset=start)
    kind_of_number = np.dtype(_TYPES[kind])
    data = stream.read_bytes(rows * columns * kind_of_number.itemsize)
    with np.errstate(invalid="ignore"):  # NaN that signals
        return np.frombuffer(data, kind_of_number).reshape(rows, columns).astype(np.float64)


def _read_text(stream: KaldiStream) -> NDArray[np.float64]:
    stream.read_before(_NOT_BLANK)
    start = stream.offset
    if stream.peek(1) != b"[":
        found = clipped(stream.peek(30)) if stream.peek(1) else "the end of the file"
        raise stream.error("'[' at the beginning of a matrix", found)
    stream.read(1)
    body = stream.read_before(_CLOSING)
    if not stream.peek(1):
        raise stream.error("']' at the end of a matrix", "the end of the file", "the file is truncated")
    stream.read(1)
    rows = [words for line in _ROW_END.split(body) if (words := line.split())]
    if not rows:
        return np.zeros((0, 0))
    for index, row in enumerate(rows):
        if len(row) != len(rows[0]):
            raise stream.error(f"{len(rows[0])} numbers in row {index}", str(len(row)), offset=start)
    return np.array([[_number(stream, word, start) for word in row] for row in rows])


def _number(stream: KaldiStream, word: bytes, start: int) -> float:
    try:
        if b"_" not in word:
            return float(word)
    except ValueError:
        pass
    raise stream.error("a number", clipped(word), offset=start)
