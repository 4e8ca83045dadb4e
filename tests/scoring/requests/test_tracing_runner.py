"""What is told of each request of a traced run."""

from __future__ import annotations

import time
from typing import Any

import pytest

from ov_asr_score.errors import DeviceError
from ov_asr_score.scoring.requests.runner import WatchedRunner
from ov_asr_score.scoring.requests.tracing_runner import TracingRunner


class SlowRunner:
    """Takes a hundredth of a second; fails where it is told to."""

    inputs, outputs, num_slots = ("x",), ("y",), 2

    def __init__(self) -> None:
        self.fails = False
        self.calls: list[Any] = []

    def start(self, slot: int) -> None:
        self.calls.append(slot)

    def finish(self, slot: int) -> float:
        self.run(slot)
        return 0.01

    def run(self, slot: int) -> None:
        time.sleep(0.01)
        if self.fails:
            raise DeviceError("no more")

    def results(self, slot: int) -> str:
        return f"results of {slot}"


@pytest.fixture
def events() -> list[tuple[int, float, float, int, int]]:
    return []


def traced(runner: Any, events: list[tuple[int, float, float, int, int]]) -> TracingRunner:
    return TracingRunner(runner, lambda *event: events.append(event), frames=7)


def test_requests_are_told_with_what_they_hold(events: list[tuple[int, float, float, int, int]]) -> None:
    runner = traced(SlowRunner(), events)
    assert isinstance(runner, WatchedRunner)
    runner.tell(1, 3, 50)
    before = time.perf_counter()
    runner.start(1)
    assert runner.finish(1) == 0.01
    runner.run(0)
    after = time.perf_counter()
    assert [(slot, utterances, frames) for slot, _, _, utterances, frames in events] == [(1, 3, 50), (0, 1, 7)]
    times = [moment for _, started, ended, _, _ in events for moment in (started, ended)]
    assert times == sorted(times)
    assert before <= times[0]
    assert times[-1] <= after
    assert events[0][2] - events[0][1] == pytest.approx(0.01)  # its own time, whenever somebody fetches it
    assert runner.num_slots == 2
    assert str(runner.results(1)) == "results of 1"


def test_a_request_that_fails_is_told_too(events: list[tuple[int, float, float, int, int]]) -> None:
    slow = SlowRunner()
    slow.fails = True
    runner = traced(slow, events)
    with pytest.raises(DeviceError):
        runner.run(0)
    runner.start(1)
    with pytest.raises(DeviceError):
        runner.finish(1)
    assert [event[0] for event in events] == [0, 1]
