"""Where sets of labels begin that lie one after the other and have no index, millions of them.

A set is the number of its intervals in two words of 4 bytes, two words for each of them, and a word that counts its
labels. So where a set begins is known only once all before it have been passed over. In blocks of the data the
beginning of a set is guessed, where several sets of one interval seem to follow each other; from there all blocks are
walked through side by side. A guess was right if the walk through the block before ends there; other blocks are walked
through alone.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_BLOCK = 4096  # words
_GUESSED_FROM = 512  # words at the beginning of a block
_LIKE_ONE = 6  # sets of one interval in a row
_ONE = 5  # words of a set of one interval


def set_places(words: NDArray[np.int32], count: int) -> NDArray[np.int64]:
    """Places of the first words of the sets, ascending: fewer than ``count`` where the words end before.

    The last place is that of a damaged set if it has fewer than no intervals. A set may be longer than what is left.
    """
    guesses = _guesses(words)
    begins = np.zeros(len(words), bool)
    exits = _walk_all(words, guesses, begins)
    limits = [*guesses[1:].tolist(), len(words)]
    place, known = 0, 0
    for guess, limit, leaves in zip(guesses.tolist(), limits, exits.tolist(), strict=True):
        if place == guess and leaves >= 0:
            known += int(np.count_nonzero(begins[guess:limit]))
            place = leaves
        else:
            begins[guess:limit] = False
            place, found = _walk_alone(words, place, limit, begins, count - known)
            known += found
        if known >= count or place < 0:
            begins[limit:] = False
            break
    return np.flatnonzero(begins)[:count]


def _guesses(words: NDArray[np.int32]) -> NDArray[np.int64]:
    """Places where sets may begin, ascending, from the first one on, where one does."""
    window = _GUESSED_FROM + _LIKE_ONE * _ONE
    blocks = np.arange(_BLOCK, len(words) - window - 1, _BLOCK)
    places = blocks[:, None] + np.arange(window)
    is_one = (words[places] == 1) & (words[places + 1] == 0)
    likely = is_one[:, :_GUESSED_FROM].copy()
    for number in range(1, _LIKE_ONE):
        likely &= is_one[:, number * _ONE : number * _ONE + _GUESSED_FROM]
    found = likely.any(axis=1)
    return np.concatenate([[0], (blocks + likely.argmax(axis=1))[found]]).astype(np.int64)


def _walk_all(words: NDArray[np.int32], guesses: NDArray[np.int64], begins: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Where the walks from all guesses but the last leave the block; -1 for the last one, and for damaged sets.

    Mark the places on the way in ``begins``.
    """
    exits = np.full(len(guesses), -1, np.int64)
    walks, places, limits = np.arange(len(guesses) - 1), guesses[:-1], guesses[1:]
    while walks.size:
        begins[places] = True
        counts = words[places].astype(np.int64)
        places = places + 3 + 2 * counts
        goes_on = (places < limits) & (counts >= 0)
        if not goes_on.all():
            leaves = ~goes_on & (counts >= 0)
            exits[walks[leaves]] = places[leaves]
            walks, places, limits = walks[goes_on], places[goes_on], limits[goes_on]
    return exits


def _walk_alone(
    words: NDArray[np.int32], place: int, limit: int, begins: NDArray[np.bool_], most: int
) -> tuple[int, int]:
    """Where the walk from ``place`` comes to ``limit`` or behind it, -1 at a damaged set; and how many sets it met."""
    fields = words.view(np.uint8).data.cast("i")  # also where they are not aligned
    found: list[int] = []
    while place < limit and place + 3 <= len(words) and len(found) < most:
        found.append(place)
        if (count := fields[place]) < 0:
            place = -1
            break
        place += 3 + 2 * count
    begins[found] = True
    return place, len(found)
