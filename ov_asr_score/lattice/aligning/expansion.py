"""States of a new lattice, numbered as they are found, within bounds."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sized
from typing import Generic, Protocol, TypeVar

from ov_asr_score.lattice.aligning.arc_graph import ArcGraph

MOST_UNITS = 1 << 28
"""Transition-ids as bytes, or phones, that may wait in all states together: paths of a lattice of another model wait up
to their ends, and each of their states remembers all that came before it."""


class Waiting(Hashable, Protocol):
    """A place of another lattice, and what came before it but is on no new arc yet."""

    @property
    def ids(self) -> Sized:
        """Transition-ids that wait, as bytes or phone by phone."""


Content = TypeVar("Content", bound=Waiting)


class TooLargeError(Exception):
    """The new lattice is larger than allowed; its message says what is too much. Callers make a warning of it."""


class Expansion(Generic[Content]):
    """A graph whose states are places of another lattice with what waits there; equal ones are one state."""

    def __init__(self, start: Content, most_states: int, most_units: int = MOST_UNITS) -> None:
        """Begin with one state. ``most_states`` of 0 is no bound."""
        self.graph = ArcGraph()
        self._most_states = most_states
        self._units_left = most_units
        self._numbers: dict[Content, int] = {}
        self._queue: list[Content] = []
        self.number(start)

    def number(self, content: Content) -> int:
        """The number of the state with this content. Raises TooLargeError."""
        number = self._numbers.get(content)
        if number is None:
            number = len(self._numbers)
            if 0 < self._most_states <= number:
                raise TooLargeError(f"more than {self._most_states} states are needed to align the lattice")
            self._units_left -= len(content.ids)
            if self._units_left < 0:
                raise TooLargeError("too much memory is needed to align the lattice")
            self._numbers[content] = number
            self.graph.arcs.append([])
            self._queue.append(content)
        return number

    def new_states(self) -> Iterator[tuple[int, Content]]:
        """Numbers and contents of states until no new ones are found, also of those found meanwhile."""
        while self._queue:
            content = self._queue.pop()
            yield self._numbers[content], content
