"""What all arcs of a large graph have in common, found a block at a time: whole columns would take as much memory."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

BLOCK = 1 << 16
_MOST_COUNTED = 1 << 24  # labels above are sorted instead: a table of them would only fill the memory


def blocks(count: int) -> Iterator[slice]:
    """Slices that make ``count`` items, in order."""
    for begin in range(0, count, BLOCK):
        yield slice(begin, begin + BLOCK)


def wrong_value(column: NDArray[np.int32], least: int, most: int) -> int | None:
    """The first value that is not between both bounds; None: there is none."""
    for block in blocks(len(column)):
        values = column[block]
        if not least <= int(values.min()) <= int(values.max()) <= most:
            return int(values[(values < least) | (values > most)][0])
    return None


def are_weights(column: NDArray[np.float32]) -> bool:
    """Whether none is NaN or minus infinity."""
    return all(bool((column[block] > -np.inf).all()) for block in blocks(len(column)))


def largest(column: NDArray[np.int32]) -> int:
    """The largest value; 0 of none."""
    return max((int(column[block].max()) for block in blocks(len(column))), default=0)


def used_labels(column: NDArray[np.int32]) -> NDArray[np.int64]:
    """All labels above 0 that occur, ascending."""
    if (most := largest(column)) > _MOST_COUNTED:
        used = np.unique(column)
        return used[used > 0].astype(np.int64)
    occurs = np.zeros(most + 1, bool)
    for block in blocks(len(column)):
        occurs[column[block]] = True
    occurs[0] = False
    return np.flatnonzero(occurs)


def states_of_arcs(first_arcs: NDArray[np.int64]) -> Iterator[tuple[slice, slice]]:
    """Slices of states, and of their arcs, so that a slice has few states, and few arcs unless a state has many."""
    begin, count = 0, len(first_arcs) - 1
    while begin < count:
        most = int(first_arcs[begin]) + BLOCK
        end = min(int(np.searchsorted(first_arcs, most, side="right")) - 1, begin + BLOCK, count)
        end = max(end, begin + 1)
        yield slice(begin, end), slice(int(first_arcs[begin]), int(first_arcs[end]))
        begin = end


def count_of_states(chosen: NDArray[np.bool_], first_arcs: NDArray[np.int64]) -> NDArray[np.uint32]:
    """How many arcs of each state are chosen; ``first_arcs`` [S + 1] begins with 0."""
    before = np.zeros(len(chosen) + 1, np.uint32)
    np.cumsum(chosen, out=before[1:])
    return np.diff(before[first_arcs])
