"""Products of blocks of frames with matrices of which most are zeros, such as mel bins."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

BLOCK_FRAMES = 64
"""Frames that are computed together: as many as fit into the caches.

Matrix products always have this many rows, because the rounding of a row may depend on how many there are, and on its
place among them: so a frame gets the same features however sound is cut.
"""

MOST_WEIGHTS = 2048
"""Weights in one product: BLAS gives larger ones to several threads, which then wait for each other for longer than
they compute."""


class BlockProduct:
    """The product of ``source`` [BLOCK_FRAMES, K] with ``weights`` [K, N], in a buffer that the next one overwrites.

    Columns that need the same part of the source are computed together, without the zeros above and below them.
    """

    def __init__(self, source: Floats, weights: Floats) -> None:
        """``source`` is a buffer whose content may change."""
        self.out = np.zeros((BLOCK_FRAMES, weights.shape[1]), np.float32)
        self._parts = []
        used = weights != 0
        first = np.argmax(used, axis=0)
        end = len(weights) - np.argmax(used[::-1], axis=0)
        begin, count = 0, weights.shape[1]
        while begin < count:
            top, bottom = int(first[begin]), int(end[begin])
            column = begin + 1
            while column < count:
                above, below = min(top, int(first[column])), max(bottom, int(end[column]))
                if (below - above) * (column + 1 - begin) > MOST_WEIGHTS:
                    break
                top, bottom, column = above, below, column + 1
            rows, columns = slice(top, bottom), slice(begin, column)
            part = np.ascontiguousarray(weights[rows, columns])
            self._parts.append((source[:, rows], part, self.out[:, columns]))
            begin = column

    def compute(self) -> Floats:
        """The product [BLOCK_FRAMES, N] with what is in the source now."""
        for source, weights, out in self._parts:
            np.matmul(source, weights, out=out)
        return self.out
