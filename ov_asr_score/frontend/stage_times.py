"""Time spent on the stages between sound and network, which take turns in one thread."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

Item = TypeVar("Item")


@dataclass(slots=True)
class StageTimes:
    """Seconds spent on reading sound, on features, and on i-vectors."""

    sound: float = 0.0
    features: float = 0.0
    ivectors: float = 0.0

    def add_ivectors(self, seconds: float) -> None:
        """Count time of i-vectors; what is spent inside of it on other things is taken off by negative numbers."""
        self.ivectors += seconds


def timed(items: Iterable[Item], note: Callable[[float], None]) -> Iterator[Item]:
    """The items; ``note`` gets the seconds that each took to come."""
    source = iter(items)
    while True:
        started = time.perf_counter()
        try:
            item = next(source)
        except StopIteration:
            note(time.perf_counter() - started)
            return
        note(time.perf_counter() - started)
        yield item
