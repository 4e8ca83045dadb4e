"""Large tables of symbols inside of automata, kept as they are in the file: a symbol is looked up where it lies.

Half a million words as Python's texts take more memory than the language model that they belong to, and a second to
make.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.kaldi_io.matrices.stream import KaldiStream

LONGEST_NAME = 1 << 16
"""Bytes of a symbol; more are damage."""

_FEWEST = 1000  # smaller tables are a dictionary
_USUAL_BYTES = 32  # of an entry


@dataclass(frozen=True, slots=True, eq=False)
class PackedTexts(Mapping[int, str]):
    """Symbols by their numbers; bytes that are no UTF-8 as ``surrogateescape`` has them.

    ``data`` holds them one after the other: the number of bytes in 4 bytes, the symbol, its number in 8 bytes.
    """

    data: NDArray[np.uint8]
    numbers: NDArray[np.int64]  # ascending
    starts: NDArray[np.int64]  # where the symbol of each number begins in ``data``

    def __getitem__(self, number: int) -> str:
        """The symbol of that number. Raises KeyError."""
        place = int(np.searchsorted(self.numbers, number))
        if place == len(self.numbers) or self.numbers[place] != number:
            raise KeyError(number)
        start = int(self.starts[place])
        length = int.from_bytes(self.data[start - 4 : start].tobytes(), "little")
        return self.data[start : start + length].tobytes().decode("utf-8", "surrogateescape")

    def __iter__(self) -> Iterator[int]:
        """All numbers, ascending."""
        return iter(self.numbers.tolist())

    def __len__(self) -> int:
        """How many there are."""
        return len(self.numbers)


def read_packed_texts(stream: KaldiStream, count: int, like: PackedTexts | None) -> PackedTexts | None:
    """The ``count`` entries of a table at the stream's place, or ``like`` if they are the same bytes.

    ``None``, and the stream where it was, if it cannot be read in this way: the file is not a plain one, or the table
    small or damaged.
    """
    if stream.size is None or count < _FEWEST:
        return None
    offset = stream.offset
    left = stream.size - offset
    if like is not None and len(like.data) <= left:
        if np.array_equal(stream.read_bytes(len(like.data)), like.data):
            return like
        stream.seek(offset)
    size = min(left, count * _USUAL_BYTES)
    while True:
        data = stream.read_bytes(size)
        stream.seek(offset)
        starts, end = _starts(data, count)
        if len(starts) == count or size == left or not end:
            break
        size = min(left, 2 * size)
    if len(starts) < count:
        return None
    stream.seek(offset + end)
    return _packed(data[:end], starts)


def _starts(data: NDArray[np.uint8], count: int) -> tuple[NDArray[np.int64], int]:
    """Where the symbols begin, fewer than ``count`` if there is not enough, and the end of the last entry.

    The end is 0 where a length is none.
    """
    length_at = struct.Struct("<i").unpack_from
    content = data.data
    starts = array("q")
    add = starts.append
    place, last = 0, len(data) - 12
    for _ in range(count):
        if place > last:
            break
        (length,) = length_at(content, place)
        if not 0 <= length <= LONGEST_NAME:
            return np.empty(0, np.int64), 0
        if place + length > last:
            break
        add(place + 4)
        place += 12 + length
    return np.frombuffer(starts, np.int64), place


def _packed(data: NDArray[np.uint8], starts: NDArray[np.int64]) -> PackedTexts:
    """The entries that count, of those that have a symbol or a number twice; see symbols.py for the rule."""
    ends = np.append(starts[1:] - 12, len(data) - 8)
    numbers = data[ends[:, None] + np.arange(8)].view("<i8")[:, 0]
    content = data.tobytes()
    symbols = [content[begin:end] for begin, end in zip(starts.tolist(), ends.tolist(), strict=True)]
    if len(set(symbols)) < len(symbols):  # the first place of each
        places = dict(zip(reversed(symbols), reversed(range(len(symbols))), strict=True))
        kept = np.sort(np.fromiter(places.values(), np.int64, len(places)))
        numbers, starts = numbers[kept], starts[kept]
    in_order = numbers == np.arange(len(numbers))
    run = len(numbers) if in_order.all() else int(np.argmin(in_order))
    later = np.flatnonzero(numbers[run:] >= run) + run
    kept = np.concatenate([np.arange(run), later[np.argsort(numbers[later], kind="stable")]])
    is_last = np.ones(len(kept), bool)
    is_last[:-1] = numbers[kept[1:]] != numbers[kept[:-1]]
    kept = kept[is_last]
    return PackedTexts(data.copy(), numbers[kept], starts[kept])
