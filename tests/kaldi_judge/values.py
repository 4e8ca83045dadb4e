"""A model file as a list of values, and its text and binary forms.

Source: base/io-funcs.cc, base/io-funcs-inl.h, matrix/kaldi-matrix.cc.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Word:
    """A token as in ``<Nnet>``, or a name."""

    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the nodes of nnet3, which is text in binary files, too."""

    text: str


@dataclass(frozen=True, slots=True)
class Truth:
    """``T`` or ``F``."""

    value: bool


@dataclass(frozen=True, slots=True)
class Whole:
    """An integer."""

    value: int


@dataclass(frozen=True, slots=True)
class Number:
    """A float; ``double``: written with eight bytes."""

    value: float
    double: bool = False


@dataclass(frozen=True, slots=True)
class Wholes:
    """A vector of integers."""

    values: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Pairs:
    """A vector of pairs of integers."""

    values: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A vector of floats."""

    values: tuple[float, ...]
    double: bool = False


@dataclass(frozen=True, slots=True)
class Grid:
    """A matrix of floats."""

    rows: tuple[tuple[float, ...], ...]
    double: bool = False


@dataclass(frozen=True, slots=True)
class Passage:
    """Bytes that are not taken apart: a transition model, or a value in a spelling of its own."""

    text: bytes
    binary: bytes


Value: TypeAlias = Word | Line | Truth | Whole | Number | Wholes | Pairs | Row | Grid | Passage
Values: TypeAlias = list[Value]

BINARY_MARK = b"\0B"


def as_bytes(values: Sequence[Value], *, binary: bool) -> bytes:
    """The file that holds ``values``."""
    if binary:
        return BINARY_MARK + b"".join(map(_binary, values))
    return b"".join(map(_text, values))


def _text(value: Value) -> bytes:
    match value:
        case Word():
            return value.text.encode() + b" "
        case Line():
            return value.text.encode() + b"\n"
        case Truth():
            return b"T " if value.value else b"F "
        case Whole():
            return b"%d " % value.value
        case Number():
            return f"{value.value:.9g} ".encode()
        case Wholes():
            return f"[ {_joined(map(str, value.values))}]\n".encode()
        case Pairs():
            return f"[ {_joined(f'{first},{second}' for first, second in value.values)}]\n".encode()
        case Row():
            return f" [ {_joined(f'{number:.9g}' for number in value.values)}]\n".encode()
        case Grid():
            if not value.rows:
                return b" [ ]\n"
            rows = "".join("\n  " + _joined(f"{number:.9g}" for number in row) for row in value.rows)
            return f" [{rows}]\n".encode()
        case Passage():
            return value.text


def _joined(words: Iterable[str]) -> str:
    return "".join(f"{word} " for word in words)


def _binary(value: Value) -> bytes:
    match value:
        case Word():
            return value.text.encode() + b" "
        case Line():
            return value.text.encode() + b"\n"
        case Truth():
            return b"T" if value.value else b"F"
        case Whole():
            return _integer(value.value)
        case Number():
            return b"\x08" + struct.pack("<d", value.value) if value.double else b"\x04" + _floats([value.value])
        case Wholes():
            return b"\x04" + struct.pack(f"<i{len(value.values)}i", len(value.values), *map(wrapped, value.values))
        case Pairs():
            flat = [wrapped(number) for pair in value.values for number in pair]
            return b"\x04" + struct.pack(f"<i{len(flat)}i", len(value.values), *flat)
        case Row():
            head = b"DV " if value.double else b"FV "
            return head + _integer(len(value.values)) + _floats(value.values, value.double)
        case Grid():
            head = b"DM " if value.double else b"FM "
            columns = len(value.rows[0]) if value.rows else 0
            numbers = [number for row in value.rows for number in row]
            return head + _integer(len(value.rows)) + _integer(columns) + _floats(numbers, value.double)
        case Passage():
            return value.binary


def wrapped(number: int) -> int:
    """The number as an int32, as C++ cuts it."""
    return (number + 2**31) % 2**32 - 2**31


def _integer(number: int) -> bytes:
    return b"\x04" + struct.pack("<i", wrapped(number))


def _floats(numbers: Sequence[float], double: bool = False) -> bytes:
    if double:
        return struct.pack(f"<{len(numbers)}d", *numbers)
    largest = 3.4028234e38
    kept = [math.copysign(math.inf, number) if abs(number) > largest else number for number in numbers]
    return struct.pack(f"<{len(numbers)}f", *kept)
