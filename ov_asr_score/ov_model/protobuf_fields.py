"""Fields of a protobuf message in memory, without their meaning (protobuf.dev, "Encoding").

Tests: tests/ov_model/test_axis_names.py, tests/ov_model/test_whole_files.py
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator

_VARINT, _EIGHT_BYTES, _BYTES, _FOUR_BYTES = 0, 1, 2, 5


class FieldError(ValueError):
    """Bytes are no fields of a message; the message says from which byte on."""


def protobuf_fields(data: mmap.mmap, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Number, first byte and end of each field of bytes from ``start`` to ``end``; numbers are jumped over.

    Raises FieldError where these are not fields.
    """
    position = start
    while position < end:
        begin = position
        key, position = _varint(data, position, end)
        kind = key & 7
        if not key >> 3:
            raise FieldError(f"at byte {begin}: expected a field of protobuf, found {bytes(data[begin:position])!r}")
        if kind == _BYTES:
            length, position = _varint(data, position, end)
            if position + length > end:
                raise FieldError(
                    f"at byte {begin}: field {key >> 3} has {length} bytes, found {end - position}; the file is cut "
                    "off or damaged"
                )
            yield key >> 3, position, position + length
            position += length
        elif kind == _VARINT:
            _, position = _varint(data, position, end)
        elif kind in (_EIGHT_BYTES, _FOUR_BYTES):
            position += 8 if kind == _EIGHT_BYTES else 4
        else:
            raise FieldError(f"at byte {begin}: expected a field of protobuf, found one of kind {kind}")
    if position > end:
        raise FieldError(f"at byte {end}: the last field is cut off")


def _varint(data: mmap.mmap, position: int, end: int) -> tuple[int, int]:
    """The number at ``position``, and the position behind it."""
    value = 0
    for shift in range(0, 70, 7):
        if position + shift // 7 >= end:
            raise FieldError(f"at byte {position}: expected a number, found the end; the file is cut off")
        byte = data[position + shift // 7]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position + shift // 7 + 1
    raise FieldError(f"at byte {position}: expected a number, found more than ten bytes of one")
