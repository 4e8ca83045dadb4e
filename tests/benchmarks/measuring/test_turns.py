"""Contestants that take turns, and the statistics of their figures."""

from __future__ import annotations

import pytest

from benchmarks.contestants.bound import MOST_FRAMES, Shape, shapes_to_try
from benchmarks.contestants.processes import ONE, frames_for
from benchmarks.measuring.contest import without_start
from benchmarks.measuring.turns import Contestant, Spread, Target, ratios, spread, take_turns
from benchmarks.models.subjects import shipped_subjects


def test_contestants_take_turns() -> None:
    order: list[str] = []

    def run(name: str) -> tuple[float, float]:
        order.append(name)
        return 10.0 * len(order), 2.0

    contestants = [Contestant(name, lambda name=name: run(name)) for name in "ab"]  # type: ignore[misc]
    told: list[str] = []
    figures = take_turns(contestants, 2, told.append)
    assert order == ["a", "b", "a", "b"]
    assert figures == {"a": [5.0, 15.0], "b": [10.0, 20.0]}
    assert told[-1] == "turn 2 of 2: b"


def test_spread_is_median_and_range() -> None:
    assert spread([3.0, 1.0, 10.0]) == Spread(3.0, 1.0, 10.0)


def test_ratios_divide_turn_by_turn() -> None:
    figures = {"a": [10.0, 30.0, 20.0], "b": [5.0, 10.0, 20.0]}
    targets = [Target("a", "b", 2.0), Target("b", "a", 2.0), Target("a", "b"), Target("a", "absent", 1.0)]
    found = ratios(figures, targets)
    assert [ratio.found for ratio in found] == [Spread(2.0, 1.0, 3.0), Spread(0.5, 1 / 3, 1.0), Spread(2.0, 1.0, 3.0)]
    assert [ratio.reached for ratio in found] == [True, False, None]
    assert found[0].target.name == "a / b"


def test_without_start() -> None:
    # 1300 frames in 13 s, of which 3 s and 300 frames are those of a run of one utterance
    assert without_start(1000 + ONE, 100.0 * (1000 + ONE) / 1300, [4.0, 3.0]) == pytest.approx(100.0)
    assert without_start(1000, 1000.0, [2.0]) == 1000.0


def test_frames_for_uses_coarse_steps() -> None:
    counts = {frames_for(speed, 4.0, 1e6) for speed in range(8000, 8800, 100)}
    assert len(counts) <= 2
    assert all(25_000 < count < 45_000 for count in counts)
    assert frames_for(1e9, 4.0, 50_000.0) <= 50_000


def test_shapes_to_try() -> None:
    chain, digits = shipped_subjects()
    rows = shapes_to_try(digits, 2, full=True)
    assert {shape.batch for shape in rows} == {1}
    assert (min(shape.frames for shape in rows), max(shape.frames for shape in rows)) == (64, 2048)
    utterances = shapes_to_try(chain, 2, full=True)
    assert {shape.streams for shape in utterances} == {1, 2}
    assert {shape.frames for shape in utterances} == {300, 600, 1200}
    assert max(shape.size for shape in utterances) <= MOST_FRAMES
    assert {shape.streams for shape in shapes_to_try(chain, 1, full=False)} == {1}


def test_shape_text() -> None:
    assert Shape(1, 512, 1).text == "512 frames per request, 1 stream"
    assert Shape(4, 300, 2, fixed=True).text == "4 x 300 frames per request, 2 streams, fixed shape"
