"""Reading, skipping and writing one matrix or vector, in an archive or in a file of its own.

Binary objects begin with ``\\0B``; then ``FM``/``DM`` (float32/float64 matrix, row by row), ``FV``/``DV`` (vector),
``CM…`` (see compressed.py), ``SM`` (see sparse.py), or the byte 4 of a vector of int32. All else is text (see
text_format.py). Sources: matrix/kaldi-matrix.cc, kaldi-vector.cc, util/kaldi-holder-inl.h (``BasicVectorHolder``).

A stream that ``may_hold_numbers`` is read for objects of one number, too (``BasicHolder``: the byte 4 and an int32 or
float32, the byte 8 and a float64), as vectors of one value. Elsewhere they would pass for vectors that are cut off. The
bits of 0 are those of an empty vector, which they stay; below 2^23 they are an integer, which no normal float32 has;
below 2^28 they are refused, for they may be a large integer or a tiny float32.

kaldiio decodes the binary matrices and vectors of floats, which features and scores are. Everything else is decoded and
written here, where kaldiio differs from Kaldi or is slower (docs/tables.md).
"""

from __future__ import annotations

import re
import struct
from typing import Any, Protocol

import kaldiio.matio
import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import TableFormatError, UsageError
from ov_asr_score.kaldi_io.matrices.compressed import (
    ALL_COMPRESSION_METHODS,
    encode_compressed,
    peek_compressed_shape,
    read_compressed,
    skip_compressed,
)
from ov_asr_score.kaldi_io.matrices.sparse import read_sparse, skip_sparse
from ov_asr_score.kaldi_io.matrices.stream import KaldiStream, open_stream
from ov_asr_score.kaldi_io.matrices.text_format import format_text, read_text, skip_text
from ov_asr_score.text import clipped

BINARY_MARK = b"\0B"
ELEMENT_BYTES = {"FM": 4, "DM": 8, "FV": 4, "DV": 8}
COMPRESSED_TOKENS = ("CM", "CM2", "CM3")
INTEGER = np.dtype([("size", "u1"), ("value", "<i4")])


_LEAST_UNCLEAR = 1 << 23  # below, the bits of a float32 are no normal number
_LEAST_FLOAT = 1 << 28  # from here on they are one of at least 2.5e-29, and counts of anything are smaller


class ByteSink(Protocol):
    """Anything with a ``write`` method for bytes."""

    def write(self, data: Any, /) -> object:
        """Write all of ``data``; the result is not used."""


def read_array(stream: KaldiStream) -> NDArray[Any]:
    """The matrix or vector at the stream's position, binary or text, which the stream then is behind.

    Matrices are [T, D] float32 (``FM``, ``CM…``, ``SM``, text) or float64 (``DM``), vectors [D] float32, float64 or
    int32; all are C-contiguous and writable. Raises TableFormatError naming file, context and byte.
    """
    if stream.peek(2) != BINARY_MARK:
        return read_text(stream)
    kind = _peek_kind(stream)
    if kind in ELEMENT_BYTES:
        return _read_plain(stream, kind)
    if not kind and stream.may_hold_numbers and (number := _peek_number(stream)) is not None:
        _check_number(stream, number)
        stream.read(len(BINARY_MARK) + 1 + number.itemsize)
        return number
    stream.read(len(BINARY_MARK) + (len(kind) + 1 if kind else 0))
    if kind in COMPRESSED_TOKENS:
        return read_compressed(stream, kind)
    if kind == "SM":
        return read_sparse(stream)
    return _read_integers(stream)


def skip_array(stream: KaldiStream) -> None:
    """Skip what ``read_array`` would read, by the sizes in its header. Raises TableFormatError."""
    if stream.peek(2) != BINARY_MARK:
        skip_text(stream)
        return
    kind = _peek_kind(stream)
    if kind in ELEMENT_BYTES:
        shape, header_bytes = _peek_shape(stream, kind)
        stream.skip(header_bytes + _payload_bytes(kind, shape))
        return
    if not kind and stream.may_hold_numbers and (number := _peek_number(stream)) is not None:
        stream.skip(len(BINARY_MARK) + 1 + number.itemsize)
        return
    stream.read(len(BINARY_MARK) + (len(kind) + 1 if kind else 0))
    if kind in COMPRESSED_TOKENS:
        skip_compressed(stream, kind)
    elif kind == "SM":
        skip_sparse(stream)
    else:
        stream.skip(INTEGER.itemsize * _read_length(stream))


def peek_num_rows(stream: KaldiStream) -> int | None:
    """Rows of the binary matrix at the stream's position, from its header; None for all other objects.

    Raises TableFormatError.
    """
    if stream.peek(2) != BINARY_MARK:
        return None
    kind = _peek_kind(stream)
    if kind in ("FM", "DM"):
        return _peek_shape(stream, kind)[0][0]
    if kind in COMPRESSED_TOKENS:
        shape = peek_compressed_shape(stream, len(BINARY_MARK) + len(kind) + 1)
        return None if shape is None else shape[0]
    return None


def peek_object_kind(stream: KaldiStream) -> str:
    """``FM``, ``CM2``, …, ``integers``, ``number`` or ``text``, of the object at the stream's position.

    Raises TableFormatError.
    """
    if stream.peek(2) != BINARY_MARK:
        return "text"
    kind = _peek_kind(stream)
    if kind:
        return kind
    return "number" if stream.may_hold_numbers and _peek_number(stream) is not None else "integers"


def skip_to_shape(stream: KaldiStream) -> tuple[int, ...]:
    """The shape of the binary object at the stream's position, which is skipped. Raises TableFormatError."""
    kind = peek_object_kind(stream)
    header_bytes = len(BINARY_MARK) + len(kind) + 1
    shape: tuple[int, ...]
    if kind == "SM":
        stream.read(header_bytes)
        return skip_sparse(stream)
    if kind in ELEMENT_BYTES:
        shape = _peek_shape(stream, kind)[0]
    elif kind in COMPRESSED_TOKENS:
        shape = peek_compressed_shape(stream, header_bytes) or ()
    else:
        length = stream.peek(len(BINARY_MARK) + 5)[len(BINARY_MARK) + 1 :]
        shape = (1 if kind == "number" else int.from_bytes(length, "little", signed=True),)
    skip_array(stream)
    return shape


def encode_array(
    array: NDArray[Any], *, text: bool = False, compression_method: int | None = None
) -> list[bytes | memoryview]:
    """The bytes of a matrix [T, D] or vector [D], in pieces to be written one after the other: binary, or text.

    float64 stays (``DM``, ``DV``), one-dimensional int32 is written as integers, all other numbers as float32.
    C-contiguous arrays are not copied (kaldiio's writer does copy them).
    ``compression_method`` 1 to 7 applies to matrices; an empty matrix is written as ``FM``, because Kaldi cannot read
    its own empty compressed one. Raises TableFormatError (not a matrix or vector of real numbers; NaN or infinity with
    compression) and UsageError (unknown method).
    """
    if compression_method is not None and compression_method not in ALL_COMPRESSION_METHODS:
        raise UsageError(f"compression method {compression_method}: expected 1 to 7")
    values = _writable_values(array)
    if text:
        return [format_text(values)]
    if values.dtype.kind == "i":
        integers = np.empty(len(values), INTEGER)
        integers["size"], integers["value"] = 4, values
        return [BINARY_MARK + struct.pack("<Bi", 4, len(values)) + integers.tobytes()]
    if compression_method is not None and values.ndim == 2:
        if values.size:
            return [BINARY_MARK + encode_compressed(values, compression_method)]
        values = values.astype(np.float32)
    if values.ndim == 2 and not values.size:
        values = values.reshape(0, 0)  # Kaldi refuses an empty matrix unless both its sizes are 0
    token = ("F" if values.dtype.itemsize == 4 else "D") + ("M" if values.ndim == 2 else "V")
    sizes = b"".join(struct.pack("<Bi", 4, size) for size in values.shape)
    head = BINARY_MARK + token.encode() + b" " + sizes
    return [head, values.data.cast("B")] if values.size else [head]


def write_array(
    file: ByteSink, array: NDArray[Any], *, text: bool = False, compression_method: int | None = None
) -> None:
    """Write the pieces that ``encode_array`` returns. Raises what it raises."""
    for piece in encode_array(array, text=text, compression_method=compression_method):
        file.write(piece)


def load_array(rxfilename: str, *, allow_commands: bool = False) -> NDArray[Any]:
    """The matrix or vector in a file of its own (``final.vec``, ``cmvn.mat``) or at ``archive:offset``.

    Raises FileAccessError, SpecifierError, TableFormatError.
    """
    with open_stream(rxfilename, allow_commands=allow_commands) as stream:
        return read_array(stream)


class _HeaderAndPayload:
    """The file that kaldiio reads an object from: the header as bytes, the payload as writable memory of its own.

    kaldiio's array is a view of that memory, so it is writable without another copy.
    """

    def __init__(self, stream: KaldiStream, header_bytes: int) -> None:
        self._stream = stream
        self._payload_start = stream.offset + header_bytes

    def read(self, count: int) -> bytes | memoryview:
        if self._stream.offset < self._payload_start:
            data = self._stream.read(count)
            return b" " if count == 1 and data.isspace() else data  # any white space ends Kaldi's tokens
        return self._stream.read_bytes(count).data


def _peek_kind(stream: KaldiStream) -> str:
    """Token after ``\\0B``, empty for integers and one number. Raises TableFormatError for anything else."""
    ahead = stream.peek(6)[2:]
    if ahead[:1] == b"\4" or (stream.may_hold_numbers and ahead[:1] == b"\10"):
        return ""
    match = re.match(rb"([FD][MV]|CM[23]?|SM)\s", ahead)
    if not match:
        found = clipped(ahead) if ahead else "the end of the file"
        raise stream.error("FM, DM, FV, DV, CM, CM2, CM3, SM or integers", found)
    return match[1].decode()


def _peek_number(stream: KaldiStream) -> NDArray[Any] | None:
    """The number that stands alone behind ``\\0B``, as a vector of one value; None for a vector of integers."""
    ahead = stream.peek(12)[2:]
    if ahead[:1] == b"\10":
        return np.frombuffer(ahead[1:9], np.float64).copy() if len(ahead) >= 9 else None
    if len(ahead) < 5 or ahead[5:6] == b"\4":
        return None
    value = np.frombuffer(ahead[1:5], np.int32)
    if value[0] == 0:
        return None
    is_integer = abs(int(value[0])) < _LEAST_UNCLEAR
    return value.copy() if is_integer else value.view(np.float32).copy()


def _check_number(stream: KaldiStream, number: NDArray[Any]) -> None:
    """Raise TableFormatError for a float32 whose bits are those of an integer that may be meant."""
    if number.dtype == np.float32 and _LEAST_UNCLEAR <= int(number.view(np.int32)[0]) < _LEAST_FLOAT:
        found = f"four bytes that are the integer {number.view(np.int32)[0]} or the float {number[0]:g}"
        raise stream.error("an integer or a float", found, "write the table as text")


def _peek_shape(stream: KaldiStream, kind: str) -> tuple[tuple[int, ...], int]:
    """Shape in the header of an uncompressed matrix or vector, and the bytes of that header."""
    dimensions = 2 if kind.endswith("M") else 1
    header_bytes = 5 + 5 * dimensions
    header = stream.peek(header_bytes)
    if len(header) < header_bytes:
        raise stream.error(f"{header_bytes} bytes of a header", str(len(header)), "the file is truncated")
    fields = struct.unpack_from("<" + "Bi" * dimensions, header, 5)
    sizes, shape = fields[0::2], fields[1::2]
    if any(size != 4 for size in sizes):
        raise stream.error("a byte 4 before every size", str(sizes[0] if sizes[0] != 4 else sizes[-1]))
    if min(shape) < 0 or (dimensions == 2 and shape[0] > 0 and shape[1] == 0):
        raise stream.error(f"sizes of 1 or more after {kind}", " x ".join(map(str, shape)), "the header is damaged")
    return shape, header_bytes


def _payload_bytes(kind: str, shape: tuple[int, ...]) -> int:
    return ELEMENT_BYTES[kind] * (shape[0] * shape[1] if len(shape) == 2 else shape[0])


def _read_plain(stream: KaldiStream, kind: str) -> NDArray[Any]:
    shape, header_bytes = _peek_shape(stream, kind)
    num_bytes = _payload_bytes(kind, shape)
    stream.check_left(header_bytes + num_bytes)
    if num_bytes == 0:
        stream.read(header_bytes)
        return np.empty(shape, np.float32 if ELEMENT_BYTES[kind] == 4 else np.float64)
    # The sizes are checked by now: kaldiio would take any from a damaged header, and its own checks are asserts.
    array: NDArray[Any] = kaldiio.matio.read_matrix_or_vector(_HeaderAndPayload(stream, header_bytes))
    return array


def _read_length(stream: KaldiStream) -> int:
    length = stream.read_int32()
    if length < 0:
        raise stream.error("a length of 0 or more", str(length), "the header is damaged")
    return length


def _read_integers(stream: KaldiStream) -> NDArray[np.int32]:
    start = stream.offset
    items = stream.read_bytes(INTEGER.itemsize * _read_length(stream)).view(INTEGER)
    if not (items["size"] == 4).all():
        raise stream.error("integers of four bytes", "other sizes", offset=start)
    return np.ascontiguousarray(items["value"], np.int32)


def _writable_values(array: NDArray[Any]) -> NDArray[Any]:
    if array.ndim not in (1, 2) or array.dtype.kind not in "fiub":
        raise TableFormatError(f"expected a matrix or vector of real numbers, found {array.ndim}-D {array.dtype}")
    if array.dtype == np.int32 and array.ndim == 1:
        return array
    dtype = np.float64 if array.dtype == np.float64 else np.float32
    return np.ascontiguousarray(array, dtype)
