"""Which output labels can be reached from each state of a lookahead graph, before another output comes between.

The sets of many states are the same, so that they are numbered, and each state has the number of its set.

Sources: OpenFst 1.7 (label-reachable.h, ``LabelReachableData::Read``; interval-set.h, ``IntInterval``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.fst.set_places import set_places
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
    if stream.size is None:
        data = np.frombuffer(stream.read_all(), np.uint8)
    else:
        data = stream.read_bytes(stream.size - offset)
    words = data[: len(data) & ~3].view("<i4")
    counts, pairs = _intervals(stream, offset, words, states)
    _check(stream, offset, counts, pairs)
    return _numbered(counts, pairs, final_label)


def read_flag(stream: KaldiStream) -> bool:
    """A byte that is 0 or 1. Raises TableFormatError."""
    offset = stream.offset
    flag = stream.read(1)[0]
    if flag > 1:
        raise stream.error("a byte 0 or 1", str(flag), _DAMAGED, offset=offset)
    return flag == 1


def _intervals(
    stream: KaldiStream, offset: int, words: NDArray[np.int32], states: int
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """How many intervals each set has [S], and all of them one after the other [I, 2]."""
    end = len(words)
    starts = set_places(words, states)
    place = int(starts[-1]) + 3 + 2 * max(int(words[starts[-1]]), 0) if len(starts) else 0
    counts = words[starts].astype(np.int64)
    wrong = np.flatnonzero((counts < 0) | (words[starts + 1] != 0) | (2 * counts > end - starts - 3))
    if wrong.size:
        place = offset + 4 * int(starts[wrong[0]])
        found = (int(counts[wrong[0]]) & 0xFFFFFFFF) + (int(words[starts[wrong[0]] + 1]) << 32)
        advice = "the file is truncated or damaged"
        raise stream.error(f"the intervals of set {wrong[0]}", f"{found} intervals", advice, offset=place)
    if len(starts) < states:
        raise stream.error(f"set {len(starts)}", "the end of the file", _DAMAGED, offset=offset + 4 * place)
    of_intervals = np.ones(place, bool)
    for field in (starts, starts + 1, starts + 2 + 2 * counts):
        of_intervals[field] = False
    return counts, words[:place][of_intervals].reshape(-1, 2)


def _check(stream: KaldiStream, offset: int, counts: NDArray[np.int64], pairs: NDArray[np.int32]) -> None:
    begins, ends = pairs[:, 0], pairs[:, 1]
    is_wrong = (begins < 0) | (begins > ends)
    follows = np.ones(len(pairs), bool)  # another interval of its set
    first = np.cumsum(counts) - counts
    follows[first[counts > 0]] = False
    is_wrong[1:] |= follows[1:] & (begins[1:] < ends[:-1])
    if is_wrong.any():
        at = int(np.flatnonzero(is_wrong)[0])
        found = f"{begins[at]} to {ends[at]}"
        raise stream.error("intervals of labels in ascending order", found, _DAMAGED, offset=offset)


def _numbered(counts: NDArray[np.int64], pairs: NDArray[np.int32], final_label: int) -> LabelReach:
    """The sets without those that are there twice: by the number of their intervals, then by their first bytes."""
    first = np.cumsum(counts) - counts
    set_of_state = np.empty(len(counts), np.int32)
    sizes: list[NDArray[np.int64]] = []
    chosen: list[NDArray[np.int32]] = []
    known = 0
    by_size = np.argsort(counts, kind="stable")
    bounds = np.append(np.flatnonzero(np.diff(counts[by_size], prepend=-1)), len(counts))
    for begin, end in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        states = by_size[begin:end]
        size = int(counts[states[0]])
        if size:
            rows = pairs[first[states][:, None] + np.arange(size)].reshape(len(states), 2 * size)
            distinct, numbers = _distinct_rows(rows)
        else:
            distinct, numbers = np.empty((1, 0), np.int32), np.zeros(len(states), np.int64)
        set_of_state[states] = known + numbers
        known += len(distinct)
        sizes.append(np.full(len(distinct), size, np.int64))
        chosen.append(distinct.reshape(-1, 2))
    set_first = np.zeros(known + 1, np.int64)
    if known:
        np.cumsum(np.concatenate(sizes), out=set_first[1:])
    intervals = np.concatenate([np.empty((0, 2), np.int32), *chosen])
    begins, ends = (np.ascontiguousarray(intervals[:, column]) for column in (0, 1))
    return LabelReach(set_of_state, set_first, begins, ends, final_label, len(pairs))


def _distinct_rows(rows: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """The different rows, and for each row the number of its like among them."""
    keys: NDArray[Any]
    if rows.shape[1] == 2:  # nearly all: as one number each, which sorts faster than bytes
        keys = (rows[:, 0].astype(np.int64) << 32) | rows[:, 1]
    else:
        keys = np.ascontiguousarray(rows).view(np.dtype((np.void, rows.shape[1] * 4)))[:, 0]
    order = np.argsort(keys, kind="stable")
    in_order = keys[order]
    is_new = np.ones(len(rows), bool)
    is_new[1:] = in_order[1:] != in_order[:-1]
    numbers = np.empty(len(rows), np.int64)
    numbers[order] = np.cumsum(is_new) - 1
    return rows[order[is_new]], numbers
