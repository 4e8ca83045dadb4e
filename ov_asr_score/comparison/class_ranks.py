"""The greatest scores of each frame."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

# The maxima of so many groups of columns, instead of all scores, tell from where on a score can be among the greatest.
_GROUPS = 256


def best_places(scores: NDArray[np.floating[Any]], number: int) -> NDArray[np.intp]:
    """Where the ``number`` greatest scores of each row are: places in the rows one behind the other, ascending.

    Of equal scores the one in the first column is the greater, as in argmax. ``scores`` are [T, N] without NaN, N is at
    least ``number``, and ``number`` at most 64.
    """
    num_frames, num_columns = scores.shape
    groups = min(num_columns, _GROUPS)
    grouped = num_columns // groups * groups
    tops = scores[:, :grouped].reshape(num_frames, -1, groups).max(axis=1)
    rest = num_columns - grouped
    if rest:
        np.maximum(tops[:, :rest], scores[:, grouped:], out=tops[:, :rest])
    # At least `number` scores reach the least of the `number` greatest maxima, and the greatest scores are among them.
    least = np.partition(tops, groups - number, axis=1)[:, groups - number, None]
    places = np.flatnonzero(scores >= least)
    if len(places) != number * num_frames:
        # Some rows have more: all their scores that reach it, in order, and what comes after the first ones goes.
        rows = places // num_columns
        several = np.flatnonzero(np.bincount(rows, minlength=num_frames)[rows] > number)
        order = several[np.lexsort((-scores.reshape(-1)[places[several]], rows[several]))]
        rank = np.arange(len(order)) - np.searchsorted(rows[order], rows[order])
        places = np.delete(places, order[rank >= number])
    return places
