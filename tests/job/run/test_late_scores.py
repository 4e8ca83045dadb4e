from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ov_asr_score.job.run.late_scores import find_delay


def smooth_scores(frames: int, seed: int = 4) -> NDArray[Any]:
    noise = np.random.default_rng(seed).standard_normal((frames + 4, 6))
    return np.asarray(sum(noise[shift : frames + shift] for shift in range(4)), dtype=np.float32)


@pytest.mark.parametrize("delay", [1, 3, 7, 12])
def test_a_delay_is_found(delay: int) -> None:
    reference = smooth_scores(100)
    scores = np.concatenate([np.zeros((delay, 6), np.float32), reference[:-delay]])
    assert find_delay(scores, reference, 20) == delay


def test_rounding_does_not_hide_it() -> None:
    reference = smooth_scores(100)
    noise = np.random.default_rng(5).standard_normal(reference.shape).astype(np.float32) * 1e-3
    assert find_delay(np.roll(reference, 2, axis=0) + noise, reference, 10) == 2


@pytest.mark.parametrize(
    "scores",
    [
        smooth_scores(100),  # no delay at all
        smooth_scores(100, seed=8),  # another utterance
        np.roll(smooth_scores(100), -3, axis=0),  # too early
        np.full((100, 6), np.nan, np.float32),
    ],
)
def test_nothing_else_is_taken_for_one(scores: NDArray[Any]) -> None:
    assert find_delay(scores, smooth_scores(100), 20) is None


@pytest.mark.parametrize("frames", [0, 1, 2, 5, 9])
def test_short_utterances_tell_nothing(frames: int) -> None:
    reference = smooth_scores(frames)
    assert find_delay(np.roll(reference, 1, axis=0), reference, 50) in (None, 1)
    assert find_delay(reference, reference, 50) is None
