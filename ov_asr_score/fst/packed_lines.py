"""Large tables of symbols in text, such as words.txt of a large model, brought into the form of those in automata."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.fst.packed_symbols import PackedTexts, packed_entries

FEWEST_LINES = 1 << 16
_MOST_DIGITS = 18  # of a number
_TAB, _LINE_END, _SPACE = b"\t\n "


def pack_lines(content: bytes) -> PackedTexts | None:
    """The table in lines of a symbol, a space or tab, and digits; None for other or fewer lines, and for odd ones."""
    if content.count(b"\n") < FEWEST_LINES:
        return None
    data = np.frombuffer(content if content.endswith(b"\n") else content + b"\n", np.uint8)
    ends = np.flatnonzero(data == _LINE_END)
    separators = np.flatnonzero((data == _TAB) | (data == _SPACE))
    begins = np.append(0, ends[:-1] + 1)
    if len(separators) != len(ends) or (separators <= begins).any() or (separators >= ends - 1).any():
        return None
    if np.count_nonzero(data < _SPACE) != len(ends) + np.count_nonzero(data == _TAB):  # control characters
        return None
    numbers = _numbers(data, separators + 1, ends)
    return None if numbers is None else _entries(data, begins, separators, numbers)


def _numbers(data: NDArray[np.uint8], begins: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.int64] | None:
    """The numbers that stand there; None if one of them is none, or very large."""
    lengths = ends - begins
    if int(lengths.max()) > _MOST_DIGITS:
        return None
    numbers = np.zeros(len(begins), np.int64)
    for place in range(int(lengths.max())):
        own = np.flatnonzero(lengths > place)
        digits = data[begins[own] + place] - np.uint8(ord("0"))
        if (digits > 9).any():
            return None
        numbers[own] = 10 * numbers[own] + digits
    return numbers


def _entries(
    data: NDArray[np.uint8], begins: NDArray[np.int64], ends: NDArray[np.int64], numbers: NDArray[np.int64]
) -> PackedTexts:
    """Of each symbol its length in 4 bytes, its bytes, and its number in 8 bytes."""
    lengths = ends - begins
    starts = np.cumsum(lengths + 12) - lengths - 8
    packed = np.zeros(int(starts[-1] + lengths[-1]) + 8, np.uint8)
    packed[_within(starts, starts + lengths, len(packed))] = data[_within(begins, ends, len(data))]
    fours = np.ndarray((len(packed) - 3,), "<i4", packed, strides=(1,))
    fours[starts - 4] = lengths
    eights = np.ndarray((len(packed) - 7,), "<i8", packed, strides=(1,))
    eights[starts + lengths] = numbers
    return packed_entries(packed, starts)


def _within(begins: NDArray[np.int64], ends: NDArray[np.int64], count: int) -> NDArray[np.bool_]:
    """Which of ``count`` places lie between a beginning and its end."""
    steps = np.zeros(count + 1, np.int8)
    steps[begins] = 1
    steps[ends] -= 1
    return np.cumsum(steps[:-1], dtype=np.int8).view(bool)
