"""States of a new lattice, numbered as they are found, within a bound."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

from ov_asr_score.lattice.aligning.arc_graph import ArcGraph

Content = TypeVar("Content", bound=Hashable)


class TooManyStates(Exception):
    """The new lattice has more states than allowed; never seen by users."""


class Expansion(Generic[Content]):
    """A graph whose states are what is known at a place of another lattice; equal contents are one state."""

    def __init__(self, start: Content, most_states: int) -> None:
        """Begin with one state. ``most_states`` of 0 is no bound."""
        self.graph = ArcGraph()
        self._most_states = most_states
        self._numbers: dict[Content, int] = {}
        self._queue: list[Content] = []
        self.number(start)

    def number(self, content: Content) -> int:
        """The number of the state with this content. Raises TooManyStates."""
        number = self._numbers.get(content)
        if number is None:
            number = len(self._numbers)
            if 0 < self._most_states <= number:
                raise TooManyStates
            self._numbers[content] = number
            self.graph.arcs.append([])
            self._queue.append(content)
        return number

    def new_states(self) -> Iterator[tuple[int, Content]]:
        """Numbers and contents of states until no new ones are found, also of those found meanwhile."""
        while self._queue:
            content = self._queue.pop()
            yield self._numbers[content], content
