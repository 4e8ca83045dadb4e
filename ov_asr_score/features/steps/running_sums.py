"""Sums over frames in double precision, added one after the other as Kaldi adds them, so that they agree to the bit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Sums = NDArray[np.float64]

BLOCK_ROWS = 4096
"""Rows that are worked on at a time, so that long utterances need no more memory in double precision."""


def running_sums(start: Sums, rows: NDArray[np.floating]) -> Sums:
    """The sums [n, D] after each of the ``rows`` [n, D], from ``start`` [D] on."""
    return np.add.accumulate(np.concatenate((start[None], rows), dtype=np.float64), axis=0)[1:]


def sum_after(start: Sums, rows: NDArray[np.floating]) -> Sums:
    """The sum [D] after all ``rows`` [n, D], from ``start`` [D] on."""
    for first in range(0, len(rows), BLOCK_ROWS):
        start = running_sums(start, rows[first : first + BLOCK_ROWS])[-1]
    return start
