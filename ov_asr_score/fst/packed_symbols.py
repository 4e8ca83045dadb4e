"""Large tables of symbols inside of automata, kept as they are in the file: a symbol is looked up where it lies.

Half a million words as Python's texts take more memory than the language model that they belong to, and a second to
make.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import ItemsView, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.kaldi_io.matrices.stream import KaldiStream

LONGEST_NAME = 1 << 16
"""Bytes of a symbol; more are damage."""

_FEWEST = 1000  # smaller tables are a dictionary
_USUAL_BYTES = 32  # of an entry
_BLOCK = 1 << 17
_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_MASKS = np.array([(1 << 8 * count) - 1 for count in range(9)], np.uint64)  # of the first bytes of a number


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

    def beginning_with(self, first: bytes) -> NDArray[np.int64]:
        """The numbers of the symbols that begin with this byte, ascending."""
        numbers = self.numbers[self.data[self.starts] == first[0]]
        found = [number for number in numbers.tolist() if self[number]]  # an empty symbol begins with none
        return np.array(found, np.int64)

    def items(self) -> ItemsView[int, str]:
        """All of them, faster than one by one."""
        content = self.data.tobytes()
        texts = {}
        for number, start in zip(self.numbers.tolist(), self.starts.tolist(), strict=True):
            length = int.from_bytes(content[start - 4 : start], "little")
            texts[number] = content[start : start + length].decode("utf-8", "surrogateescape")
        return texts.items()

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
        if np.array_equal(stream.map_bytes(len(like.data)), like.data):
            return like
        stream.seek(offset)
    size = min(left, count * _USUAL_BYTES)
    while True:
        data = stream.map_bytes(size)
        stream.seek(offset)
        starts, end = _likely_starts(data, count)
        if not end:
            starts, end = _starts(data, count)
        if len(starts) == count or size == left or not end:
            break
        size = min(left, 2 * size)
    if len(starts) < count:
        return None
    return packed_entries(stream.map_bytes(end), starts)


def _likely_starts(data: NDArray[np.uint8], count: int) -> tuple[NDArray[np.int64], int]:
    """What `_starts` gives, found without a step for each entry; the end is 0 where that cannot be.

    A length below 256 has three zeros behind it, and five in front of it, of a number below 2^24.
    """
    places = [np.arange(1)]  # of lengths; the first has nothing in front of it
    found = 1
    for begin in range(0, len(data), _BLOCK):
        if found >= count:
            break
        is_zero = data[begin : begin + _BLOCK + 8] == 0
        two = is_zero[:-1] & is_zero[1:]
        three = two[:-1] & is_zero[2:]
        five = three[:-2] & two[3:]
        places.append(np.flatnonzero(five[:-4] & ~is_zero[5:-3] & three[6:]) + (begin + 5))
        found += len(places[-1])
    at = np.concatenate(places)[:count]
    if len(at) < count:
        return at, 0
    lengths = data[at].astype(np.int64)
    end = int(at[-1] + lengths[-1]) + 12
    if data[1:4].any() or (at[1:] != at[:-1] + lengths[:-1] + 12).any() or end > len(data):
        return at, 0
    return at + 4, end


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


def packed_entries(data: NDArray[np.uint8], starts: NDArray[np.int64]) -> PackedTexts:
    """The entries that count, of those that have a symbol or a number twice; see symbols.py for the rule."""
    ends = np.append(starts[1:] - 12, len(data) - 8)
    numbers = _eights(data)[ends].view(np.int64)
    hashes = np.sort(_hashes(data, starts, ends))
    if (hashes[1:] == hashes[:-1]).any():
        content = data.tobytes()
        symbols = [content[begin:end] for begin, end in zip(starts.tolist(), ends.tolist(), strict=True)]
        if len(set(symbols)) < len(symbols):  # the first place of each
            places = dict(zip(reversed(symbols), reversed(range(len(symbols))), strict=True))
            kept = np.sort(np.fromiter(places.values(), np.int64, len(places)))
            numbers, starts = numbers[kept], starts[kept]
    in_order = numbers == np.arange(len(numbers))
    if in_order.all():
        return PackedTexts(data, numbers, starts)
    run = int(np.argmin(in_order))
    later = np.flatnonzero(numbers[run:] >= run) + run
    kept = np.concatenate([np.arange(run), later[np.argsort(numbers[later], kind="stable")]])
    is_last = np.ones(len(kept), bool)
    is_last[:-1] = numbers[kept[1:]] != numbers[kept[:-1]]
    kept = kept[is_last]
    return PackedTexts(data, numbers[kept], starts[kept])


def _eights(data: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """The number in the 8 bytes from each place on."""
    return np.ndarray((len(data) - 7,), "<u8", data, strides=(1,))


def _hashes(data: NDArray[np.uint8], starts: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.uint64]:
    """A number for each symbol; equal ones have the same. Behind every symbol lie 8 bytes."""
    eights = _eights(data)
    hashes = np.zeros(len(starts), np.uint64)
    own = np.flatnonzero(ends > starts)
    places, left = starts[own], (ends - starts)[own]
    while own.size:
        mixed = (hashes[own] ^ (eights[places] & _MASKS[np.minimum(left, 8)])) * _FACTOR
        hashes[own] = mixed ^ (mixed >> np.uint64(32))
        goes_on = left > 8
        own, places, left = own[goes_on], places[goes_on] + 8, left[goes_on] - 8
    return hashes


class PackedNumbers(Mapping[str, int]):
    """The numbers of packed symbols, found by the first letters of these."""

    def __init__(self, texts: PackedTexts) -> None:
        """Order the symbols of ``texts``."""
        self._texts = texts
        eights = _eights(texts.data)
        lengths = (eights[texts.starts - 4] & _MASKS[4]).astype(np.int64)
        keys = eights[texts.starts] & _MASKS[np.minimum(lengths, 8)]
        self._order = np.argsort(keys, kind="stable").astype(np.int32)
        self._keys = keys[self._order]

    def __getitem__(self, text: str) -> int:
        """The number of that symbol. Raises KeyError."""
        key = np.uint64(int.from_bytes(text.encode("utf-8", "surrogateescape")[:8], "little"))
        begin, end = np.searchsorted(self._keys, key), np.searchsorted(self._keys, key, "right")
        for place in self._order[begin:end].tolist():
            number = int(self._texts.numbers[place])
            if self._texts[number] == text:
                return number
        raise KeyError(text)

    def __iter__(self) -> Iterator[str]:
        """All symbols, by their numbers."""
        return (self._texts[number] for number in self._texts)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._texts)
