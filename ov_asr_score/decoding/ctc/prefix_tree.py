"""Chains that share their beginnings, such as the prefixes of a search, as arrays that grow.

Tests: tests/decoding/ctc/test_prefix_beam.py
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

ROOT = 0
"""The empty chain."""


class Chains:
    """Nodes with a parent and ``width`` values; a node stands for the chain from the root to it."""

    def __init__(self, width: int) -> None:
        """Begin with the root alone."""
        self._rows = np.zeros((256, 1 + width), np.int64)  # parent, values
        self._rows[ROOT, 0] = -1
        self._count = 1
        self._settled = 1  # nodes before this one are kept

    def __len__(self) -> int:
        """Number of nodes, the root included."""
        return self._count

    @property
    def parents(self) -> Ints:
        """Parent of every node, -1 for the root."""
        return self._rows[: self._count, 0]

    def column(self, number: int) -> Ints:
        """One of the values of every node."""
        return self._rows[: self._count, 1 + number]

    def add(self, parents: Ints, *values: Ints) -> Ints:
        """Numbers of new nodes; ``values`` have an array for each value."""
        count = len(parents)
        while self._count + count > len(self._rows):
            self._rows = np.concatenate([self._rows, np.zeros_like(self._rows)])
        rows = self._rows[self._count : self._count + count]
        rows[:, 0] = parents
        for column, value in enumerate(values, 1):
            rows[:, column] = value
        self._count += count
        return np.arange(self._count - count, self._count)

    def values(self, node: int) -> Ints:
        """The values along the chain to a node [n, width], from its beginning."""
        rows = []
        while node != ROOT:
            rows.append(self._rows[node])
            node = int(rows[-1][0])
        return np.array(rows[::-1], np.int64).reshape(-1, self._rows.shape[1])[:, 1:]

    def keep(self, nodes: Ints, settled: int = ROOT) -> Ints:
        """Forget the nodes that lie on no chain to one of ``nodes``; the new number of every old node, -1 if forgotten.

        All that is kept of the nodes up to ``settled`` is kept by later calls, too, without a look at it.
        """
        kept = np.zeros(self._count, bool)
        kept[: self._settled] = True
        ends = np.unique(nodes)
        while (ends := ends[~kept[ends]]).size:
            kept[ends] = True
            ends = np.unique(self._rows[ends, 0])
        numbers = np.where(kept, np.cumsum(kept) - 1, -1)
        rows = self._rows[: self._count][kept]
        rows[1:, 0] = numbers[rows[1:, 0]]
        self._count, self._settled = len(rows), int(numbers[settled]) + 1
        self._rows[: self._count] = rows
        return numbers
