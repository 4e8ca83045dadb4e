"""Results of requests as score matrices."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ov_asr_score.convert.facts import ConversionFacts
from ov_asr_score.errors import ShapeMismatchError
from ov_asr_score.ports import PortInfo
from ov_asr_score.scoring.plan import (
    BlocksPlan,
    ChunksPlan,
    FramesPlan,
    LockstepPlan,
    Plan,
    RowsPlan,
    UtterancePlan,
    VectorsPlan,
)
from ov_asr_score.scoring.requests.cut import no_scores, score_rows, whole_scores

CONVERSION = ConversionFacts("frame", "a.mdl", "", 3, 0, 0, frame_subsampling_factor=3, frames_per_request=6)


def numbers(*shape: int) -> Any:
    return np.arange(int(np.prod(shape)), dtype=np.float32).reshape(shape)


@pytest.mark.parametrize("shape", [(4, 6), (1, 4, 6), (4, 1, 6), (4, 2, 3), (1, 1, 4, 6)])
def test_rows_lie_along_the_first_axis_that_is_longer_than_one(shape: tuple[int, ...]) -> None:
    np.testing.assert_array_equal(score_rows(numbers(*shape), 4, "y", "a"), numbers(4, 6))


@pytest.mark.parametrize("shape", [(6,), (1, 6), (1, 1, 6), (1, 2, 3), (6, 1)])
def test_a_single_frame_takes_all_values(shape: tuple[int, ...]) -> None:
    np.testing.assert_array_equal(score_rows(numbers(*shape), 1, "y", "a"), numbers(1, 6))


@pytest.mark.parametrize("shape", [(3, 6), (1, 3, 6), (2, 12), (1,)])
def test_another_number_of_rows_is_an_error(shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeMismatchError, match=r"utterance 'a': output 'y' .*: expected scores of 4 frames, found"):
        score_rows(numbers(*shape), 4, "y", "a")


def test_whole_scores_are_a_copy_without_the_delayed_rows() -> None:
    result = numbers(1, 7, 2)
    cut = whole_scores(result, 5, 2, "y", "a")
    np.testing.assert_array_equal(cut, result[0, 2:])
    assert not np.shares_memory(cut, result)
    np.testing.assert_array_equal(whole_scores(result, 7, 2, "y", "a"), result[0])
    assert whole_scores(result, 21, 0, "y", "a").shape == (7, 2)  # a model with a third of the frames
    with pytest.raises(ShapeMismatchError, match="expected 6 rows, or 2 more for the frames of context, found 7"):
        whole_scores(result, 6, 2, "y", "a")


@pytest.mark.parametrize(
    ("plan", "shape", "width"),
    [
        (RowsPlan(512), (None, 120), 120),
        (RowsPlan(512), (None, 2, 3), 6),
        (RowsPlan(512), (None, None), 0),
        (RowsPlan(4, pad=True), (4, 120), 120),
        (RowsPlan(1, pad=True), (120,), 120),
        (BlocksPlan(1, stateful=True), (1, 120), 120),
        (BlocksPlan(5, stateful=False), (1, 5, 120), 120),
        (UtterancePlan(), (1, None, 120), 120),
        (UtterancePlan(), None, 0),
        (ChunksPlan(CONVERSION), (None, None, 120), 120),
        (VectorsPlan(CONVERSION), (None, 1, 120), 120),
        (FramesPlan(CONVERSION), (1, 2, 120), 120),
        (FramesPlan(CONVERSION), (1, 2, 20, 6), 120),
        (LockstepPlan(6, lanes=8, conversion=CONVERSION), (8, 2, 120), 120),
        (LockstepPlan(1, lanes=8), (8, 120), 120),
    ],
)
def test_no_frames_have_scores_of_the_width_of_the_model(plan: Plan, shape: Any, width: int) -> None:
    scores = no_scores(PortInfo("y", "y", 0, ("y",), shape, "f32", ""), plan)
    assert scores.shape == (0, width)
    assert scores.dtype == np.float32
