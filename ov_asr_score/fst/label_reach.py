"""Which output labels can be reached from each state of a lookahead graph, before another output comes between.

The sets of many states are the same, so that they are numbered, and each state has the number of its set.

Sources: OpenFst 1.7 (label-reachable.h, ``LabelReachableData::Read``; interval-set.h, ``IntInterval``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.fst.arc_columns import blocks
from ov_asr_score.fst.entry_places import SETS, entry_places, number_of_items, wrong_entry
from ov_asr_score.kaldi_io.matrices.stream import KaldiStream

_DAMAGED = "the graph is damaged"


@dataclass(frozen=True, slots=True, eq=False)
class LabelReach:
    """Sets of labels as intervals ``begin <= label < end``, ascending and apart from each other in each set.

    The intervals of set ``k`` are ``set_first[k]`` up to, not including, ``set_first[k + 1]``; there may be none.
    """

    set_of_state: NDArray[np.int32]  # [S]
    set_first: NDArray[np.int64]  # [K + 1]
    begins: NDArray[np.int32]  # [I]
    ends: NDArray[np.int32]  # [I]
    final_label: int  # stands in a set for: a final state can be reached; -1 if there is none
    num_intervals: int  # of all states, before equal sets were joined

    @property
    def num_sets(self) -> int:
        """Number of different sets."""
        return len(self.set_first) - 1


def read_label_reach(stream: KaldiStream, states: int) -> LabelReach:
    """The sets of all ``states`` at the stream's place; all up to the end of the file is read with them.

    Raises TableFormatError.
    """
    read_flag(stream)  # whether the labels are those of the input; the one who asks knows
    if read_flag(stream):  # the labels of the words before they were numbered anew, for other automata
        offset = stream.offset
        count = int.from_bytes(stream.read(8), "little", signed=True)
        if count < 0:
            raise stream.error("a number of labels", str(count), _DAMAGED, offset=offset)
        stream.skip(8 * count)
    final_label = int.from_bytes(stream.read(4), "little", signed=True)
    offset = stream.offset
    sets = int.from_bytes(stream.read(8), "little", signed=True)
    if sets != states or final_label < -1:
        found = f"{sets} sets and the final label {final_label}"
        raise stream.error(f"sets of labels of {states} states", found, _DAMAGED, offset=offset)
    offset = stream.offset
    size = stream.size
    data = np.frombuffer(stream.read_all(), np.uint8) if size is None else stream.map_bytes(size - offset)
    words = data[: len(data) & ~3].view("<i4")
    starts = _starts(stream, offset, words, states)
    return _numbered(stream, offset, words, starts, final_label)


def read_flag(stream: KaldiStream) -> bool:
    """A byte that is 0 or 1. Raises TableFormatError."""
    offset = stream.offset
    flag = stream.read(1)[0]
    if flag > 1:
        raise stream.error("a byte 0 or 1", str(flag), _DAMAGED, offset=offset)
    return flag == 1


def _starts(stream: KaldiStream, offset: int, words: NDArray[np.int32], states: int) -> NDArray[np.int64]:
    """Where each set begins [S]: the number of its intervals in two words, then they follow."""
    starts = entry_places(words, states, SETS)
    if (wrong := wrong_entry(words, starts, SETS)) is not None:
        place = int(starts[wrong])
        found = f"{number_of_items(words, place, SETS)} intervals"
        advice = "the file is truncated or damaged"
        raise stream.error(f"the intervals of set {wrong}", found, advice, offset=offset + 4 * place)
    if len(starts) < states:
        place = int(starts[-1]) + 3 + 2 * int(words[starts[-1]]) if len(starts) else 0
        raise stream.error(f"set {len(starts)}", "the end of the file", _DAMAGED, offset=offset + 4 * place)
    return starts


def _numbered(
    stream: KaldiStream, offset: int, words: NDArray[np.int32], starts: NDArray[np.int64], final_label: int
) -> LabelReach:
    """The sets without those that are there twice, by the number of their intervals."""
    counts = words[starts]
    set_of_state = np.empty(len(starts), np.int32)
    sizes: list[NDArray[np.int64]] = []
    chosen: list[NDArray[np.int32]] = []
    known = 0
    for size, states in _by_size(counts):
        rows = _rows(words, starts[states] + 2, 2 * size)
        _check(stream, offset, rows)
        distinct, numbers = _distinct_rows(rows)
        set_of_state[states] = known + numbers
        known += len(distinct)
        sizes.append(np.full(len(distinct), size, np.int64))
        chosen.append(distinct.reshape(-1, 2))
    set_first = np.zeros(known + 1, np.int64)
    if known:
        np.cumsum(np.concatenate(sizes), out=set_first[1:])
    intervals = np.concatenate([np.empty((0, 2), np.int32), *chosen])
    begins, ends = (np.ascontiguousarray(intervals[:, column]) for column in (0, 1))
    return LabelReach(set_of_state, set_first, begins, ends, final_label, int(counts.sum(dtype=np.int64)))


def _rows(words: NDArray[np.int32], places: NDArray[np.int64], width: int) -> NDArray[np.int32]:
    """The words from each place on [places, width]."""
    rows = np.empty((len(places), width), np.int32)
    for block in blocks(len(places)):
        rows[block] = words[places[block][:, None] + np.arange(width)]
    return rows


def _by_size(counts: NDArray[np.int32]) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """Each number of intervals, and the states whose sets have so many."""
    for size in (0, 1):
        if (states := np.flatnonzero(counts == size)).size:
            yield size, states
    larger = np.flatnonzero(counts > 1)
    sizes = counts[larger]
    order = np.argsort(sizes, kind="stable")
    bounds = np.append(np.flatnonzero(np.diff(sizes[order], prepend=-1)), len(order))
    for begin, end in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        states = larger[order[begin:end]]
        yield int(counts[states[0]]), states


def _check(stream: KaldiStream, offset: int, rows: NDArray[np.int32]) -> None:
    """Refuse intervals that have no order; ``rows`` are sets of beginnings and ends."""
    begins, ends = rows[:, 0::2], rows[:, 1::2]
    is_wrong = (begins < 0) | (begins > ends)
    is_wrong[:, 1:] |= begins[:, 1:] < ends[:, :-1]
    if is_wrong.any():
        row, column = np.argwhere(is_wrong)[0]
        found = f"{begins[row, column]} to {ends[row, column]}"
        raise stream.error("intervals of labels in ascending order", found, _DAMAGED, offset=offset)


def _distinct_rows(rows: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """The different rows, and for each row the number of its like among them."""
    width = rows.shape[1]
    if not width:
        return rows[:1], np.zeros(len(rows), np.int32)
    # Nearly all have two words: as one number each, which sorts faster than bytes.
    keys: NDArray[Any] = rows.view("<i8" if width == 2 else np.dtype((np.void, 4 * width)))[:, 0]
    is_other = np.ones(len(keys), bool)
    is_other[1:] = keys[1:] != keys[:-1]
    others = np.flatnonzero(is_other)  # many states have the set of the one before
    order = np.argsort(keys[others], kind="stable")
    in_order = keys[others[order]]
    is_new = np.ones(len(others), bool)
    is_new[1:] = in_order[1:] != in_order[:-1]
    numbers = np.empty(len(others), np.int32)
    numbers[order] = np.cumsum(is_new) - 1
    return rows[others[order[is_new]]], np.repeat(numbers, np.diff(others, append=len(keys)))
