"""Clocks of stages that take turns."""

from __future__ import annotations

import time
from collections.abc import Iterator

from ov_asr_score.frontend.stage_times import StageTimes, timed


def slow(count: int, seconds: float) -> Iterator[int]:
    for number in range(count):
        time.sleep(seconds)
        yield number


def test_only_the_time_of_the_items_counts() -> None:
    spent: list[float] = []
    for _ in timed(slow(3, 0.01), spent.append):
        time.sleep(0.05)
    assert len(spent) == 4  # and the end
    assert sum(spent) >= 0.03
    assert spent[-1] < 0.03


def test_what_is_inside_is_taken_off() -> None:
    times = StageTimes()
    inner = timed(slow(2, 0.02), lambda seconds: times.add_ivectors(-seconds))
    assert list(timed(inner, times.add_ivectors)) == [0, 1]
    assert 0 <= times.ivectors < 0.02
