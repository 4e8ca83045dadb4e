"""Frames of utterances in the arrays of requests."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ov_asr_score.convert.facts import ConversionFacts
from ov_asr_score.errors import ShapeMismatchError
from ov_asr_score.scoring.input_fit import InputFit
from ov_asr_score.scoring.plan import BlocksPlan, UtterancePlan
from ov_asr_score.scoring.requests.fill import (
    checked,
    copy_frames,
    frames_in_order,
    middle_frame,
    request_buffers,
    whole_utterance,
)
from ov_asr_score.scoring.utterances.joining import Utterance

FRAMES = np.arange(10, dtype=np.float32).reshape(5, 2)
VECTOR = np.array([7, 8, 9], np.float32)
UTTERANCE = Utterance("a", {"x": FRAMES, "v": VECTOR}, 5)
TIME = InputFit("x", "time", 2, (1, -1, 2))
ROW = InputFit("x", "row", 2, (-1, 2))
ONE_VECTOR = InputFit("v", "vector", 3, (1, 3))


def test_buffers_have_the_shapes_of_a_request() -> None:
    assert [buffer.shape for buffer in request_buffers([TIME, ROW, ONE_VECTOR], 4)] == [(1, 4, 2), (4, 2), (1, 3)]


@pytest.mark.parametrize(
    ("first", "expected"), [(0, [0, 1, 2]), (2, [2, 3, 4]), (3, [3, 4, 4]), (5, [4, 4, 4]), (9, [4, 4, 4])]
)
def test_the_last_frame_is_repeated_past_the_end(first: int, expected: list[int]) -> None:
    target = np.zeros((3, 2), np.float32)
    copy_frames(target, FRAMES, first)
    np.testing.assert_array_equal(target, FRAMES[expected])


def test_a_vector_goes_into_every_row() -> None:
    target = np.zeros((2, 3), np.float32)
    copy_frames(target, VECTOR, 1)
    np.testing.assert_array_equal(target, [VECTOR, VECTOR])


@pytest.mark.parametrize("plan", [BlocksPlan(1, stateful=True), UtterancePlan()])
def test_context_repeats_the_edges(plan: BlocksPlan | UtterancePlan) -> None:
    with_context = replace(plan, left_context=2, right_context=1)
    np.testing.assert_array_equal(frames_in_order(UTTERANCE, TIME, with_context), FRAMES[[0, 0, 0, 1, 2, 3, 4, 4]])
    assert frames_in_order(UTTERANCE, TIME, plan) is FRAMES
    assert frames_in_order(UTTERANCE, ONE_VECTOR, with_context).shape == (8, 3)


def test_arrays_of_a_whole_utterance_are_copies() -> None:
    frames, vector = whole_utterance(UTTERANCE, [TIME, ONE_VECTOR], UtterancePlan(right_context=1))
    np.testing.assert_array_equal(frames, FRAMES[None, [0, 1, 2, 3, 4, 4]])
    np.testing.assert_array_equal(vector, [VECTOR])
    assert not np.shares_memory(frames, FRAMES)


def test_the_middle_frame_is_that_of_the_scores() -> None:
    rows = np.arange(10)[:, None]
    assert middle_frame(rows) == 4
    assert middle_frame(rows, 3) == 4  # rows of scores stand for the frames 0, 3, 6 and 9
    assert middle_frame(rows[:8], 3) == 3
    assert middle_frame(VECTOR) is VECTOR
    third = ConversionFacts("utterance", "a.mdl", "", 3, 0, 0, frame_subsampling_factor=3)
    (vector,) = whole_utterance(
        Utterance("a", {"v": rows[:8].astype(np.float32)}, 8),
        [InputFit("v", "vector", 1, (1, 1))],
        UtterancePlan(conversion=third),
    )
    assert vector == 3


def test_features_of_another_width_or_length_are_named() -> None:
    assert checked(UTTERANCE, [TIME, ONE_VECTOR]) is UTTERANCE
    for wrong in (np.zeros((5, 3)), np.zeros((4, 2)), np.zeros(3)):
        with pytest.raises(ShapeMismatchError, match="utterance 'a': expected 5 frames of 2 values for input 'x'"):
            checked(Utterance("a", {"x": wrong}, 5), [TIME])
    empty = Utterance("a", {"x": np.zeros((0, 0))}, 0)
    assert checked(empty, [TIME]) is empty
