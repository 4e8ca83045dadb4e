"""Tables of the frames for which a descriptor can be computed, where these are not one interval.

Round and Switch take frames by their number, so that those at the end depend on the length of the utterance; Failover
and statistics leave gaps. From a certain length on, the beginning is always the same, the middle repeats itself, and
the end depends on the length's remainder only. Shorter utterances follow the same rule, or have a row of their own.

Tests: tests/golden/test_cases.py
"""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.convert.frames.grids import Grid, Interval
from ov_asr_score.convert.frames.utterance_plan import TimePlan
from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.kaldi_model.descriptors import format_descriptor
from ov_asr_score.kaldi_model.network import Descriptor

Flags: TypeAlias = NDArray[np.bool_]

_SOME_SHORT = (0, 1, 2, 3, 5, 8, 13, 21)
# Tables are for networks with some hundred frames of context; every row is a simulation.
_MOST_ROWS = 1000


@dataclass(frozen=True, slots=True, eq=False)
class FrameTables:
    """Flags for the frames of a grid.

    A frame is set if it is in ``head`` [H], whose last ``period`` flags repeat, and in the row of ``tails``
    [R, frames] for the remainder of the number of scores, whose first flag is for the last frame. ``short`` [S, frames]
    stands for both in utterances whose last frame of scores is 0, 1, ... S - 1 times the subsampling factor.
    """

    head: Flags
    period: int
    tails: Flags
    short: Flags


@dataclass(frozen=True, eq=False)
class FramePattern(Interval):
    """Tables for chunks in the middle; if chunks differ, also for a first, a last, and an only chunk, in this order."""

    tables: tuple[FrameTables, ...] = ()

    @property
    def is_everything(self) -> bool:
        """False: every frame is an interval, not a pattern."""
        return False

    @property
    def varies(self) -> bool:
        """Whether first or last chunks differ from others."""
        return len(self.tables) > 1

    def __eq__(self, other: object) -> bool:
        """Whether it is the same object; tables are not compared."""
        return self is other

    def __hash__(self) -> int:
        """The hash of the object's identity."""
        return id(self)


def frame_pattern(plan: TimePlan, descriptor: Descriptor, x: int, grid: Grid) -> FramePattern:
    """Where on ``grid`` a descriptor can be computed. Raises UnsupportedModelError where no table describes that."""
    window = plan.window
    contexts = [(window.left_usual, window.right_usual)]
    if window.varies:
        contexts += [
            (window.left_initial, window.right_usual),
            (window.left_usual, window.right_final),
            (window.left_initial, window.right_final),
        ]
    tables = tuple(_ChunkReading(plan, descriptor, x, grid, *context).tables() for context in contexts)
    return FramePattern(None, None, None, None, tables=tables)


@dataclass(frozen=True, slots=True)
class _ChunkReading:
    """A descriptor, read for the frames of a grid in chunks with ``left`` and ``right`` frames around the scores."""

    plan: TimePlan
    descriptor: Descriptor
    x: int
    grid: Grid
    left: int
    right: int

    def flags(self, end: int) -> Flags:
        """Which frames of the grid can be computed if ``end`` is the last frame of scores."""
        simulation = self.plan.simulate(end, self.left, self.right)
        return simulation.span.taken(simulation.of_descriptor(self.descriptor, self.x), self.grid.times(end))

    def tables(self) -> FrameTables:
        """The tables. Reason for the most rows: each is a simulation, and a row of the graph."""
        plan = self.plan
        if plan.long_end + plan.period > _MOST_ROWS * plan.subsampling:
            raise UnsupportedModelError(
                f"{plan.network.source}: for which frames {format_descriptor(self.descriptor)} can be computed depends "
                f"on more than {_MOST_ROWS} frames around them; expected fewer"
            )
        long = [self.flags(plan.long_end + add) for add in range(0, plan.period, plan.subsampling)]
        shortest = min(len(row) for row in long)
        # The first half of a long utterance is as if it had no end.
        head = long[0] if self.grid.fixed else long[0][: max(shortest // 2, 1)]
        period = min(plan.period // gcd(plan.period, self.grid.step), len(head))
        tails = np.ones((len(long), 1 if self.grid.fixed else max(shortest - len(head), 1)), np.bool_)
        if not self.grid.fixed:
            for tail, row in zip(tails, long, strict=True):
                # Gaps of the middle are those of the head.
                tail[:] = (row | ~_repeated(head, period, len(row)))[::-1][: len(tail)]
        tables = FrameTables(head, period, tails, np.zeros((0, 1), np.bool_))
        for add, row in zip(range(0, plan.period, plan.subsampling), long, strict=True):
            if not np.array_equal(_by_rule(tables, (plan.long_end + add) // plan.subsampling, len(row)), row):
                raise self.error()
        for number in _SOME_SHORT:
            row = self.flags(number * plan.subsampling)
            if not np.array_equal(_by_rule(tables, number, len(row)), row):
                return FrameTables(head, period, tails, self.short_rows())
        return tables

    def short_rows(self) -> Flags:
        """A row for every utterance that is not long, filled up with zeros."""
        rows = [self.flags(end) for end in range(0, self.plan.long_end, self.plan.subsampling)]
        table = np.zeros((len(rows), max(1, *(len(row) for row in rows))), np.bool_)
        for flags, row in zip(table, rows, strict=True):
            flags[: len(row)] = row
        return table

    def error(self) -> UnsupportedModelError:
        """Reason: the graph is made once for utterances of all lengths, and needs a rule for their frames."""
        return UnsupportedModelError(
            f"{self.plan.network.source}: the frames for which {format_descriptor(self.descriptor)} can be computed "
            "follow no known rule; expected the same beginning for any length, and an end that depends on the length's "
            "remainder"
        )


def _by_rule(tables: FrameTables, number: int, count: int) -> Flags:
    flags = _repeated(tables.head, tables.period, count)
    tail = tables.tails[number % len(tables.tails)][:count]
    flags[count - len(tail) :] &= tail[::-1]
    return flags


def _repeated(head: Flags, period: int, count: int) -> Flags:
    index, start = np.arange(count), len(head) - period
    return np.asarray(head[np.where(index < start, index, start + (index - start) % period)])
