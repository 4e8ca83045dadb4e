"""Contestants that take turns, and statistics of their figures: medians, ranges, ratios turn by turn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Contestant:
    """``run`` does one turn and returns its work (frames or operations) and seconds.

    A contestant is warmed up when it is created: one-time work is not part of a turn.
    """

    name: str
    run: Callable[[], tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Spread:
    """Median, smallest and largest of several figures."""

    median: float
    smallest: float
    largest: float


@dataclass(frozen=True, slots=True)
class Target:
    """A ratio to reach: figures of ``above`` divided by those of ``below``; ``least`` None: for information only."""

    above: str
    below: str
    least: float | None = None

    @property
    def name(self) -> str:
        """The ratio in words."""
        return f"{self.above} / {self.below}"


@dataclass(frozen=True, slots=True)
class Ratio:
    """A target with the measured ratio."""

    target: Target
    found: Spread

    @property
    def reached(self) -> bool | None:
        """Whether the median reaches the target; None without a target."""
        return None if self.target.least is None else self.found.median >= self.target.least


def take_turns(contestants: Sequence[Contestant], turns: int, tell: Callable[[str], None]) -> dict[str, list[float]]:
    """Work per second of each contestant in each turn: A B C, A B C."""
    figures: dict[str, list[float]] = {contestant.name: [] for contestant in contestants}
    for turn in range(1, turns + 1):
        for contestant in contestants:
            tell(f"turn {turn} of {turns}: {contestant.name}")
            work, seconds = contestant.run()
            figures[contestant.name].append(work / seconds)
    return figures


def spread(figures: Sequence[float]) -> Spread:
    """Median and range of ``figures``, which must not be empty."""
    return Spread(median(figures), min(figures), max(figures))


def ratios(figures: dict[str, list[float]], targets: Sequence[Target]) -> list[Ratio]:
    """The ratios of ``targets`` whose contestants both ran; figures of the same turn are divided."""
    computed = []
    for target in targets:
        above, below = figures.get(target.above), figures.get(target.below)
        if above and below:
            computed.append(Ratio(target, spread([a / b for a, b in zip(above, below, strict=True)])))
    return computed
