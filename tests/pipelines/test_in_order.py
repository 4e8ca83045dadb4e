"""Several items at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from ov_asr_score.pipelines.in_order import map_in_order


def test_results_are_in_order_and_work_is_at_once() -> None:
    barrier = threading.Barrier(3, timeout=10)

    def work(item: int) -> int:
        barrier.wait()  # breaks unless three items are under way
        return 10 * item

    assert list(map_in_order(work, range(6), 3)) == [0, 10, 20, 30, 40, 50]


@pytest.mark.parametrize("at_once", [1, 2])
def test_items_are_asked_for_when_they_are_needed(at_once: int) -> None:
    asked: list[int] = []

    def items() -> Iterator[int]:
        for number in range(100):
            asked.append(number)
            yield number

    results = map_in_order(str, items(), at_once)
    assert asked == []
    assert next(results) == "0"
    assert len(asked) == at_once
    results.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("at_once", [1, 2])
def test_errors_come_in_their_turn(at_once: int) -> None:
    results = map_in_order(lambda item: 1 / item, [1, 0, 2], at_once)
    assert next(results) == 1
    with pytest.raises(ZeroDivisionError):
        next(results)
