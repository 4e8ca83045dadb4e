"""Kaldi's text forms: matrices and vectors in brackets, sparse matrices, and lines of plain numbers.

The forms are those of ``Matrix::Read``, ``Vector::Read`` (matrix/kaldi-matrix.cc, kaldi-vector.cc), of sparse-matrix.cc
and of ``BasicVectorHolder`` (util/kaldi-holder-inl.h). kaldiio refuses several of them: ``;`` between rows, ``[]``,
CRLF, and vectors whose first number has no point.
"""

from __future__ import annotations

import logging
import re
from decimal import Decimal, InvalidOperation
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.kaldi_io.matrices.sparse import dense_matrix
from ov_asr_score.kaldi_io.matrices.stream import LINE_END, KaldiStream
from ov_asr_score.text import clipped

logger = logging.getLogger(__name__)

BRACKET = re.compile(rb"\]")
ROW_END = re.compile(rb"[\n;]")
INTEGER = re.compile(rb"[+-]?\d{1,10}")
SPARSE_ROW = re.compile(rb"\s*dim=(\d{1,10})\s*\[([^\]\[]*)\]\s*")
SCRIPT_LINE = re.compile(rb"\S+:\d+(\[\S*\])?|\S*[/.]\S*|.*\|")
KEY_FIRST = re.compile(rb"\S+ *(\0B|\[)|\S+\0B")
FLOAT32_TIE_MASK = np.uint64((1 << 29) - 1)
FLOAT32_TIE = np.uint64(1 << 28)


def read_text(stream: KaldiStream) -> NDArray[Any]:
    """The matrix or vector in text at the stream's position, up to the end of its line.

    ``[ … ]`` with a line break or ``;`` inside is a matrix [T, D] float32, without one a vector [D] float32, empty a
    matrix [0, 0]; ``rows=…`` is a sparse matrix, returned as [T, D] float32; a line without brackets is a vector [D],
    int32 if all its numbers are integers, else float32. From a stream that ``wants_matrices`` brackets always hold a
    matrix, as Kaldi's programs read it that take features. Raises TableFormatError.
    """
    start = stream.offset
    if _begins_with_bracket(stream):
        values, body = _read_bracketed(stream, start), b""
    else:
        body = _read_line(stream)
        values = _parse_sparse(stream, body, start) if body.startswith(b"rows=") else _parse_line(stream, body, start)
    return values


def skip_text(stream: KaldiStream) -> None:
    """Skip what ``read_text`` would read, without parsing numbers. Raises TableFormatError."""
    if _begins_with_bracket(stream):
        _read_through_bracket(stream)
    else:
        _read_line(stream)


def format_text(array: NDArray[Any]) -> bytes:
    """Text of a matrix or vector of floats, or of a vector of integers, that Kaldi reads.

    Every number has the fewest digits from which the same float32 or float64 is read (Kaldi's seven are not always
    enough). Infinity and NaN are ``inf`` and ``nan``; Kaldi cannot read ``-inf``, not even its own.
    """
    if array.dtype.kind == "i":
        return b"".join(b"%d " % number for number in array.tolist()) + b"\n"
    if array.size == 0:
        return b" [ ]\n"
    if array.ndim == 1:
        return b" [ " + _format_row(array) + b"]\n"
    return b" [" + b"".join(b"\n  " + _format_row(row) for row in array) + b"]\n"


def read_bracketed_rows(stream: KaldiStream) -> list[list[bytes]]:
    """The words of each row between the brackets that follow, rows without any left out; for numbers of float64.

    The line break behind them is consumed too. Raises TableFormatError without a closing bracket.
    """
    body = _read_through_bracket(stream)
    return [words for line in ROW_END.split(body) if (words := line.split())]


def parse_floats(words: list[bytes]) -> NDArray[np.float32]:
    """Numbers rounded to float32 once, as ``strtof`` does. Raises ValueError."""
    if any(b"_" in word for word in words):
        raise ValueError("a number does not contain '_'")
    wide = np.array(words, dtype=np.float64) if words else np.empty(0)
    with np.errstate(over="ignore"):
        narrow = wide.astype(np.float32)
    # float64 may lie exactly half-way between two float32 values: only then do the digits decide.
    for place in np.flatnonzero((wide.view(np.uint64) & FLOAT32_TIE_MASK) == FLOAT32_TIE):
        exact, rounded = Decimal(words[place].decode()), Decimal(float(wide[place]))
        if exact != rounded:
            narrow[place] = np.float32(np.nextafter(wide[place], np.inf if exact > rounded else -np.inf))
    return narrow


def _begins_with_bracket(stream: KaldiStream) -> bool:
    """True if a matrix or vector in brackets follows. White space before it is skipped, as Kaldi does."""
    length = 1
    while (ahead := stream.peek(length)).isspace() and len(ahead) == length:
        length += 1
    if ahead[-1:] != b"[":
        return False
    stream.read(length - 1)
    return True


def _read_line(stream: KaldiStream) -> bytes:
    """The line at the stream's position; only integers may be the last of a file without a line break, as in Kaldi."""
    start = stream.offset
    line = stream.read_before(LINE_END)
    if stream.peek(1):
        stream.read(1)
        return line.strip()
    if not line.strip() or not all(INTEGER.fullmatch(word) for word in line.split()):
        # Otherwise a file truncated within a number would go unnoticed.
        raise stream.error("a line break", "the end of the file", "the file is truncated, or lacks its last line break")
    logger.warning(
        "%s: the last line has no line break; if the file was cut, so is its last number", stream.place(start)
    )
    return line.strip()


def _read_through_bracket(stream: KaldiStream) -> bytes:
    """The text between the brackets; the line break after them is consumed too."""
    stream.read(1)
    body = stream.read_before(BRACKET)
    if not stream.peek(1):
        raise stream.error("']' at the end of a matrix or vector", "the end of the file", "the file is truncated")
    stream.read(1)
    line_end = stream.peek(1)
    if line_end == b"\r":
        stream.read(1)
        line_end = stream.peek(1)
    if line_end == b"\n":
        stream.read(1)
    return body


def _read_bracketed(stream: KaldiStream, start: int) -> NDArray[np.float32]:
    body = _read_through_bracket(stream)
    rows = [words for line in ROW_END.split(body) if (words := line.split())]
    if not rows:
        return np.empty((0, 0), np.float32)
    for index, row in enumerate(rows):
        if len(row) != len(rows[0]):
            raise stream.error(f"{len(rows[0])} numbers in row {index}", str(len(row)), offset=start)
    values = _numbers(stream, [word for row in rows for word in row], start)
    return values.reshape(len(rows), -1) if ROW_END.search(body) or stream.wants_matrices else values


def _parse_line(stream: KaldiStream, line: bytes, start: int) -> NDArray[Any]:
    words = line.split()
    if all(INTEGER.fullmatch(word) for word in words):
        integers = np.array([int(word) for word in words], np.int64)
        narrow = integers.astype(np.int32)
        if np.array_equal(narrow, integers):
            return narrow
    advice = ""
    if SCRIPT_LINE.fullmatch(line):
        advice = "if this is a script file, use scp:<file>"
    elif KEY_FIRST.match(line):
        advice = "this looks like a key; a line of a script needs <file>:<offset>, and keys must not contain blanks"
    return _numbers(stream, words, start, advice)


def _parse_sparse(stream: KaldiStream, line: bytes, start: int) -> NDArray[np.float32]:
    head, _, rest = line.partition(b" ")
    rows: list[tuple[int, NDArray[np.int64], NDArray[np.float32]]] = []
    place = 0
    while match := SPARSE_ROW.match(rest, place):
        words = match[2].split()
        indices = _numbers(stream, words[0::2], start).astype(np.int64)
        rows.append((int(match[1]), indices, _numbers(stream, words[1::2], start)))
        place = match.end()
    if place != len(rest) or head != b"rows=%d" % len(rows):
        raise stream.error("rows=<n> and n times dim=<d> [ … ]", clipped(rest[place:] or head), offset=start)
    return dense_matrix(stream, rows, start)


def _numbers(stream: KaldiStream, words: list[bytes], start: int, advice: str = "") -> NDArray[np.float32]:
    try:
        return parse_floats(words)
    except (ValueError, InvalidOperation):
        bad = next((word for word in words if not _is_number(word)), b"")
        raise stream.error("a number", clipped(bad), advice, offset=start) from None


def _is_number(word: bytes) -> bool:
    try:
        parse_floats([word])
    except (ValueError, InvalidOperation):
        return False
    return True


def _format_row(row: NDArray[Any]) -> bytes:
    words = row.astype(np.str_).tolist()
    return (" ".join(words) + " ").encode()
