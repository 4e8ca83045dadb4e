"""Which frames a lane takes, and which of its rows are scores."""

from __future__ import annotations

import numpy as np
import pytest

from ov_asr_score.convert.facts import ConversionFacts
from ov_asr_score.scoring.input_fit import InputFit
from ov_asr_score.scoring.lockstep.schedule import fill_requests, frames_left, lane_schedule, score_range
from ov_asr_score.scoring.plan import LockstepPlan
from ov_asr_score.scoring.utterances.joining import Utterance

FACTS = ConversionFacts(
    "frame",
    "a.mdl",
    "",
    3,
    0,
    0,
    frame_subsampling_factor=3,
    frames_per_request=6,
    delay=9,
    fed_before=2,
)
CONVERTED = LockstepPlan(6, conversion=FACTS, lanes=2)
IN_ORDER = LockstepPlan(1, left_context=2, right_context=3, lanes=2)
IN_PIECES = LockstepPlan(4, left_context=2, right_context=3)


@pytest.mark.parametrize("plan", [CONVERTED, IN_ORDER, IN_PIECES], ids=["converted", "in order", "in pieces"])
@pytest.mark.parametrize("length", [1, 2, 7, 30])
def test_requests_in_any_stretches_are_all_frames_in_order(plan: LockstepPlan, length: int) -> None:
    schedule = lane_schedule(length, plan)
    frames = np.arange(length * 2, dtype=np.float32).reshape(length, 2)
    utterance = Utterance("u", {"x": frames}, length)
    fit = InputFit("x", "time", 2, (1, -1, 2))
    fed = np.full((schedule.num_requests, schedule.frames * 2), np.nan, np.float32)
    for first in range(0, schedule.num_requests, 3):
        fill_requests(fed[first : first + 3], fit, utterance, schedule, first, plan)
    order = np.arange(schedule.num_requests * schedule.frames) - schedule.frames_before
    np.testing.assert_array_equal(fed.reshape(-1, 2), frames[np.clip(order, 0, length - 1)])


@pytest.mark.parametrize(("plan", "rows"), [(CONVERTED, 10), (IN_ORDER, 30), (IN_PIECES, 30)])
@pytest.mark.parametrize("at_a_time", [1, 3, 100])
def test_each_row_of_scores_is_taken_once_and_in_order(plan: LockstepPlan, rows: int, at_a_time: int) -> None:
    schedule = lane_schedule(30, plan)
    given = np.arange(schedule.num_requests * schedule.rows)
    taken = np.full(rows, -1)
    for first in range(0, schedule.num_requests, at_a_time):
        count = min(at_a_time, schedule.num_requests - first)
        row, used = score_range(schedule, first, count)
        part = given[first * schedule.rows : (first + count) * schedule.rows][used]
        if used.start < used.stop:
            assert (taken[row : row + len(part)] == -1).all()
            taken[row : row + len(part)] = part
    np.testing.assert_array_equal(taken, np.arange(rows) + schedule.dropped)


def test_an_empty_utterance_needs_no_requests() -> None:
    for plan in (CONVERTED, IN_ORDER, IN_PIECES):
        schedule = lane_schedule(0, plan)
        assert (schedule.num_requests, schedule.num_rows, schedule.dropped * schedule.num_requests) == (0, 0, 0)


def test_frames_left_count_down_to_the_last_frame_of_scores() -> None:
    schedule = lane_schedule(10, CONVERTED)  # four rows of scores: frames 0, 3, 6, 9
    np.testing.assert_array_equal(frames_left(schedule, 1, 3), [3, -3, -9])


def test_vectors_are_those_of_the_middle_of_a_request_or_utterance() -> None:
    rows = np.arange(10, dtype=np.float32)[:, None]
    fit = InputFit("v", "vector", 1, (1, 1))
    for plan, expected in ((CONVERTED, [4, 4, 4]), (IN_PIECES, [0, 3, 7])):
        target = np.zeros((3, 1), np.float32)
        fill_requests(target, fit, Utterance("u", {"v": rows}, 10), lane_schedule(10, plan), 0, plan)
        np.testing.assert_array_equal(target[:, 0], expected)
    target = np.zeros((3, 1), np.float32)
    fill_requests(target, fit, Utterance("u", {"v": np.array([5.0])}, 10), lane_schedule(10, CONVERTED), 0, CONVERTED)
    np.testing.assert_array_equal(target, 5)
