"""Which utterances share a request, and windows of long ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ov_asr_score.convert.facts import ConversionFacts
from ov_asr_score.errors import ShapeMismatchError
from ov_asr_score.scoring.input_fit import InputFit
from ov_asr_score.scoring.plan import Grouping
from ov_asr_score.scoring.requests.pending_scores import PendingScores
from ov_asr_score.scoring.requests.utterance_groups import (
    WaitingUtterances,
    can_cut,
    cut_windows,
    group_arrays,
    group_scores,
)
from ov_asr_score.scoring.utterances.joining import Utterance


def facts(**values: Any) -> ConversionFacts:
    return ConversionFacts("utterance", "final.mdl", "", 3, left_context=4, right_context=3, **values)


def utterance(number: int, length: int) -> Utterance:
    frames = np.full((length, 2), number, np.float32)
    frames[:, 1] = np.arange(length)
    return Utterance(f"utt{number}", {"x": frames, "v": np.full(3, number, np.float32)}, length)


def taken(grouping: Grouping, *lengths: int) -> list[list[int]]:
    """The lengths that go together when all wait."""
    waiting = WaitingUtterances(grouping)
    for number, length in enumerate(lengths):
        waiting.add(PendingScores(utterance(number, length), length))
    groups = []
    while len(waiting):
        groups.append([pending.utterance.num_frames for pending in waiting.take()])
    assert waiting.frames == 0
    assert sorted(length for group in groups for length in group) == sorted(lengths)
    return groups


def test_those_nearest_to_the_oldest_go_along() -> None:
    assert taken(Grouping(3, 1000, 0.5, 0), 50, 10, 11, 60, 48, 12) == [[48, 50, 60], [10, 11, 12]]


def test_a_request_has_no_more_frames_than_it_may() -> None:
    assert taken(Grouping(9, 100, 0.5, 0), 30, 31, 32, 33, 200) == [[30, 31], [32, 33], [200]]


def test_little_is_filled_up() -> None:
    assert taken(Grouping(9, 1000, 0.1, 0), 100, 85, 70, 99, 104, 97) == [[97, 99, 100, 104], [85], [70]]


def test_without_filling_only_equal_lengths_go_together() -> None:
    assert taken(Grouping(9, 1000, 0.0, 0), 5, 6, 5, 7, 6, 5) == [[5, 5], [6, 6], [7], [5]]


def test_lengths_are_few() -> None:
    grouping = Grouping(9, 1000, 0.1, 0)
    padded = [grouping.padded(length) for length in range(1, 5000)]
    assert len(set(padded)) < 150
    assert all(0 <= long - short <= short / 16 for short, long in enumerate(padded, 1))
    assert Grouping(9, 1000, 0.0, 0).padded(1001) == 1001


@pytest.mark.parametrize("seed", range(5))
def test_the_oldest_is_always_among_the_next(seed: int) -> None:
    random = np.random.default_rng(seed)
    waiting, left = WaitingUtterances(Grouping(int(random.integers(1, 6)), 300, 0.2, 0)), []
    for number in range(200):
        pending = PendingScores(utterance(number, int(random.integers(1, 200))), 1)
        waiting.add(pending)
        left.append(pending)
        if random.random() < 0.4:
            group = waiting.take()
            assert any(pending is left[0] for pending in group)
            left = [pending for pending in left if all(pending is not each for each in group)]
    assert len(waiting) == len(left)
    assert waiting.frames == sum(pending.utterance.num_frames for pending in left)


def test_the_shorter_are_filled_with_their_last_frame() -> None:
    fits = (InputFit("x", "time", 2, (1, -1, 2)), InputFit("v", "vector", 3, (1, 3)))
    frames, vectors = group_arrays([utterance(1, 2), utterance(2, 4)], fits, Grouping(9, 1000, 0.0, 0), facts())
    assert frames[0].tolist() == [[1, 0], [1, 1], [1, 1], [1, 1]]
    assert frames[1].tolist() == [[2, 0], [2, 1], [2, 2], [2, 3]]
    assert vectors.tolist() == [[1, 1, 1], [2, 2, 2]]
    assert frames.dtype == vectors.dtype == np.float32


def test_scores_are_cut_from_those_of_the_group() -> None:
    result = np.arange(12, dtype=np.float32).reshape(2, 3, 2)
    short, whole = group_scores(result, [1, 3], "output", "utt1")
    assert short.tolist() == [[0, 1]]
    assert whole.tolist() == result[1].tolist()
    result[:] = 0
    assert whole.any()
    with pytest.raises(ShapeMismatchError, match="utterance 'utt1': output 'output'"):
        group_scores(result, [1, 4], "output", "utt1")


@pytest.mark.parametrize("factor", [1, 3])
@pytest.mark.parametrize("alignment", [3, 6])
@pytest.mark.parametrize("each", [1, 6, 20])
@pytest.mark.parametrize("num_frames", [1, 17, 18, 19, 61])
def test_windows_give_every_row_once_with_all_that_it_depends_on(
    num_frames: int, each: int, alignment: int, factor: int
) -> None:
    known = facts(reach_left=5, reach_right=4, alignment=alignment, frame_subsampling_factor=factor)
    rows = []
    for window in cut_windows(num_frames, each, known):
        assert window.first % alignment == 0
        given = np.arange(window.first, window.stop, factor)[window.skipped_rows :][: window.num_rows]
        assert given.tolist() == (np.arange(window.first_row, window.first_row + window.num_rows) * factor).tolist()
        assert window.first == 0 or given[0] - 5 >= window.first
        assert window.stop == num_frames or given[-1] + 4 < window.stop
        rows += given.tolist()
    assert rows == list(range(0, num_frames, factor))


def test_what_may_be_filled_up_and_cut() -> None:
    assert facts(reach_left=-1, reach_right=3).can_pad and not can_cut(facts(reach_left=-1, reach_right=3))
    assert not facts(reach_left=9, reach_right=4).can_pad and can_cut(facts(reach_left=9, reach_right=4))
    assert not facts().can_pad and not can_cut(facts())
