"""Where entries of any length begin that lie one after the other and have no index, millions of them.

Sets of labels and the states of graphs of the kind ``vector`` are stored so. Where an entry begins is known only once
all before it have been passed over. In blocks of the data a beginning is guessed, where several entries seem to follow
each other; from there all blocks are walked through side by side. A guess was right if the walk through the block
before ends there; other blocks are walked through alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_BLOCK = 4096  # words
_GUESSED_FROM = 512  # words at the beginning of a block
_BATCH = 1024  # blocks
_IN_A_ROW = 6  # entries that follow each other
_MOST_ITEMS = 1 << 12  # of entries that are guessed


@dataclass(frozen=True, slots=True)
class EntryLayout:
    """An entry has ``own`` words of 4 bytes, and ``each`` for each of its items; their number is in 8 bytes."""

    count_at: int  # the word where the number begins
    own: int
    each: int


SETS = EntryLayout(0, 3, 2)
"""Sets of labels: the number of intervals, both ends of each, the number of labels."""

STATES = EntryLayout(1, 3, 4)
"""States of the kind ``vector``: the final weight, the number of arcs, the fields of each."""


def entry_places(words: NDArray[np.int32], count: int, layout: EntryLayout) -> NDArray[np.int64]:
    """Places of the first words of the entries, ascending: fewer than ``count`` where the words end before.

    The last place is that of a damaged entry if it has fewer than no items. An entry may be longer than what is left.
    Of numbers of items the lower 4 bytes count.
    """
    guesses = _guesses(words, layout)
    begins = np.zeros(len(words), bool)
    exits = _walk_all(words, guesses, begins, layout)
    limits = [*guesses[1:].tolist(), len(words)]
    place, known = 0, 0
    for guess, limit, leaves in zip(guesses.tolist(), limits, exits.tolist(), strict=True):
        if place == guess and leaves >= 0:
            known += int(np.count_nonzero(begins[guess:limit]))
            place = leaves
        else:
            begins[guess:limit] = False
            place, found = _walk_alone(words, place, limit, begins, count - known, layout)
            known += found
        if known >= count or place < 0:
            begins[limit:] = False
            break
    return np.flatnonzero(begins)[:count]


def wrong_entry(words: NDArray[np.int32], places: NDArray[np.int64], layout: EntryLayout) -> int | None:
    """The first of the entries at ``places``, as `entry_places` found them, that has no possible number of items."""
    if not len(places):
        return None
    large = np.flatnonzero(words[places + layout.count_at + 1])
    if large.size:
        return int(large[0])
    last = int(places[-1])  # all others are followed by an entry
    count = int(words[last + layout.count_at])
    fits = 0 <= layout.each * count <= len(words) - last - layout.own
    return None if fits else len(places) - 1


def number_of_items(words: NDArray[np.int32], place: int, layout: EntryLayout) -> int:
    """What the entry at ``place`` says, in all 8 bytes."""
    low, high = words[place + layout.count_at], words[place + layout.count_at + 1]
    return (int(low) & 0xFFFFFFFF) + (int(high) << 32)


def _guesses(words: NDArray[np.int32], layout: EntryLayout) -> NDArray[np.int64]:
    """Places where entries may begin, ascending, at most one in each block, from the first one on, where one does."""
    last = len(words) - layout.own
    blocks = np.arange(_BLOCK, last - _GUESSED_FROM, _BLOCK)
    found = [np.zeros(1, np.int64)]
    for begin in range(0, len(blocks), _BATCH):
        candidates = (blocks[begin : begin + _BATCH, None] + np.arange(_GUESSED_FROM)).reshape(-1)
        places = candidates
        for _ in range(_IN_A_ROW):
            counts = words[places + layout.count_at]
            is_likely = (words[places + layout.count_at + 1] == 0) & (counts >= 0) & (counts <= _MOST_ITEMS)
            candidates, places = candidates[is_likely], places[is_likely] + layout.own
            places += layout.each * counts[is_likely].astype(np.int64)
            is_inside = places <= last
            candidates, places = candidates[is_inside], places[is_inside]
        _, first = np.unique(candidates // _BLOCK, return_index=True)
        found.append(candidates[first])
    return np.concatenate(found)


def _walk_all(
    words: NDArray[np.int32], guesses: NDArray[np.int64], begins: NDArray[np.bool_], layout: EntryLayout
) -> NDArray[np.int64]:
    """Where the walks from all guesses but the last leave the block; -1 for the last one, and for damaged entries.

    Mark the places on the way in ``begins``.
    """
    exits = np.full(len(guesses), -1, np.int64)
    walks, places, limits = np.arange(len(guesses) - 1), guesses[:-1], guesses[1:]
    while walks.size:
        begins[places] = True
        counts = words[places + layout.count_at].astype(np.int64)
        places = places + layout.own + layout.each * counts
        goes_on = (places < limits) & (counts >= 0)
        if not goes_on.all():
            leaves = ~goes_on & (counts >= 0)
            exits[walks[leaves]] = places[leaves]
            walks, places, limits = walks[goes_on], places[goes_on], limits[goes_on]
    return exits


def _walk_alone(
    words: NDArray[np.int32], place: int, limit: int, begins: NDArray[np.bool_], most: int, layout: EntryLayout
) -> tuple[int, int]:
    """Where the walk from ``place`` comes to ``limit`` or behind it, -1 at a damaged entry; and how many it met."""
    fields = words.view(np.uint8).data.cast("i")  # also where they are not aligned
    own, each, count_at = layout.own, layout.each, layout.count_at
    found: list[int] = []
    while place < limit and place + own <= len(words) and len(found) < most:
        found.append(place)
        if (count := fields[place + count_at]) < 0:
            place = -1
            break
        place += own + each * count
    begins[found] = True
    return place, len(found)
