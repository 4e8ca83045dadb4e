"""What plans say of themselves."""

from __future__ import annotations

from typing import get_args

from ov_asr_score.convert.facts import ConversionFacts
from ov_asr_score.scoring.plan import Grouping, InOrderPlan, LockstepPlan, Plan, PlanMode

CONVERSION = ConversionFacts("frame", "a.mdl", "", 3, 0, 0, frame_subsampling_factor=3, frames_per_request=6)


def test_every_mode_has_one_plan() -> None:
    assert tuple(kind.mode for kind in get_args(Plan)) == get_args(PlanMode)
    assert set(get_args(InOrderPlan)) < set(get_args(Plan))


def test_subsampling_leaves_fewer_rows() -> None:
    assert LockstepPlan(6, conversion=CONVERSION).rows_per_request == 2
    assert LockstepPlan(6).rows_per_request == 6


def test_lengths_are_filled_up_to_a_few() -> None:
    grouping = Grouping(64, 1600, 0.1, 0)
    assert [grouping.padded(length) for length in (1, 15, 16, 33, 1000)] == [1, 15, 16, 34, 1024]
    assert Grouping(64, 1600, 0.0, 0).padded(1001) == 1001
