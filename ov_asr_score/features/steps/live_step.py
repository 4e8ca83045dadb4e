"""Steps as objects that accept rows in pieces, and the kind of step that needs only a few rows around each one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float32]


class LiveStep(Protocol):
    """A step over the rows of one utterance, which come in pieces."""

    @property
    def delay(self) -> int:
        """How many rows a row waits for at most before it is given; in the middle of an utterance, how many behind."""
        ...

    def accept(self, rows: Rows) -> Rows:
        """The rows [t, E] that are final now; ``rows`` [n, D] follow those before, n may be 0."""
        ...

    def finish(self) -> Rows:
        """The rest of the rows: no more are accepted."""
        ...


class LiveRowByRow:
    """A step that makes as many rows of the rows in a piece, each of its own row."""

    delay = 0

    def __init__(self, compute: Callable[[Rows], Rows]) -> None:
        """``compute`` makes [n, E] of [n, D]; a row may not depend on which others are with it."""
        self._compute = compute
        self._empty = np.zeros((0, 0), np.float32)

    def accept(self, rows: Rows) -> Rows:
        """The rows of these rows."""
        made = self._compute(rows)
        self._empty = made[:0]
        return made

    def finish(self) -> Rows:
        """No rows."""
        return self._empty


class LiveContext:
    """A step that computes a row from ``left`` rows before it to ``right`` rows after it.

    The first row is repeated before the utterance, the last row after it, as by ``with_edges``.
    """

    def __init__(self, left: int, right: int, compute: Callable[[Rows], Rows]) -> None:
        """``compute`` makes [n, E] of [left + n + right, D]; a row may not depend on which others are with it."""
        self.delay = right
        self._left = left
        self._compute = compute
        self._held: Rows | None = None

    def accept(self, rows: Rows) -> Rows:
        """The rows that have all their context now."""
        if self._held is not None:
            return self._computed(np.concatenate((self._held, rows)))
        if len(rows):
            return self._computed(with_edges(rows, self._left, 0))
        return self._compute(np.zeros((self._left + self.delay, rows.shape[1]), np.float32))

    def finish(self) -> Rows:
        """The last ``right`` rows, or as many as there are."""
        if self._held is None:
            return np.zeros((0, 0), np.float32)
        return self._computed(with_edges(self._held, 0, self.delay))

    def _computed(self, held: Rows) -> Rows:
        context = self._left + self.delay
        count = max(len(held) - context, 0)
        self._held = held[count:].copy()
        return self._compute(held if count else np.zeros((context, held.shape[1]), np.float32))


def with_edges(rows: Rows, left: int, right: int) -> Rows:
    """The rows [left + T + right, D] with the first one repeated before them and the last one after them; T > 0."""
    return np.concatenate((np.repeat(rows[:1], left, 0), rows, np.repeat(rows[-1:], right, 0)))
