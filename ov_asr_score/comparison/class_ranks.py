"""The greatest scores of each frame."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

# Maxima over this many groups of columns give a lower bound for the greatest scores without sorting all of them.
_GROUPS = 256


def best_places(scores: NDArray[np.floating[Any]], number: int) -> NDArray[np.intp]:
    """Flat indices into ``scores`` of the ``number`` greatest scores of each row, ascending: [T * number].

    ``scores`` is [T, N] without NaN, N at least ``number``, and ``number`` at most 64. Of equal scores the one in the
    first column counts as the greater, as in argmax.
    """
    num_frames, num_columns = scores.shape
    groups = min(num_columns, _GROUPS)
    grouped = num_columns // groups * groups
    tops = scores[:, :grouped].reshape(num_frames, -1, groups).max(axis=1)
    rest = num_columns - grouped
    if rest:
        np.maximum(tops[:, :rest], scores[:, grouped:], out=tops[:, :rest])
    # At least `number` scores of a row reach its `number`-th greatest maximum, the greatest scores among them.
    least = np.partition(tops, groups - number, axis=1)[:, groups - number, None]
    places = np.flatnonzero(scores >= least)
    if len(places) != number * num_frames:
        # Some rows have more candidates: sort those rows and drop all but the first `number` of each.
        rows = places // num_columns
        several = np.flatnonzero(np.bincount(rows, minlength=num_frames)[rows] > number)
        order = several[np.lexsort((-scores.reshape(-1)[places[several]], rows[several]))]
        rank = np.arange(len(order)) - np.searchsorted(rows[order], rows[order])
        places = np.delete(places, order[rank >= number])
    return places
