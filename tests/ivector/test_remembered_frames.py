"""Frames by their numbers, of which the oldest are forgotten."""

from __future__ import annotations

import numpy as np
import pytest

from ov_asr_score.errors import OvAsrScoreError
from ov_asr_score.ivector.remembered_frames import RememberedFrames


def frames(first: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    numbers = np.arange(first, first + count, dtype=np.float32)
    return np.repeat(numbers[:, None], 2, 1), np.repeat(-numbers[:, None], 3, 1)


def test_frames_are_found_by_their_numbers() -> None:
    known = RememberedFrames(2, 3)
    random = np.random.default_rng(0)
    for _ in range(200):
        known.append(*frames(known.end, int(random.integers(0, 20))))
        known.forget(known.end - 50)
        last = max(known.end - 50, 0)
        rows, likelihoods = known.at(np.arange(last, known.end))
        assert rows[:, 0].tolist() == (-likelihoods[:, 2]).tolist() == list(range(last, known.end))
        assert np.array_equal(known.between(last, known.end)[0], rows)
    assert len(known._rows) < 200


def test_forgotten_frames_are_refused() -> None:
    known = RememberedFrames(2, 3)
    known.append(*frames(0, 100))
    known.forget(60)
    known.forget(20)
    assert known.at(np.array([60, 99]))[0][:, 0].tolist() == [60, 99]
    with pytest.raises(OvAsrScoreError, match="frame 59: expected a weight for one of the last 40 frames only"):
        known.at(np.array([70, 59]))
    assert len(known.at(np.array([], np.intp))[0]) == 0
