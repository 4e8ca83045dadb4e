"""Tests of scores that are log-probabilities, probabilities or neither."""

from __future__ import annotations

import numpy as np
import pytest

from ov_asr_score.decoding.ctc.log_probabilities import log_probabilities, why_without_words
from ov_asr_score.decoding.search import NO_FRAMES
from tests.decoding.ctc.plain_ctc import random_log_probs

LOGITS = np.random.default_rng(2).standard_normal((5000, 7)).astype(np.float32) * 4
EXPECTED = LOGITS - np.log(np.exp(LOGITS.astype(np.float64)).sum(axis=1, keepdims=True))


def test_log_probabilities_stay_what_they_are() -> None:
    scores = EXPECTED.astype(np.float32)
    assert log_probabilities(scores, "auto")[0] is scores
    rounded = (scores.view(np.uint32) & np.uint32(0xFFFF0000)).view(np.float32)  # bfloat16
    found, note = log_probabilities(rounded, "auto")
    assert found is rounded and not note


def test_others_are_normalized_and_told_of() -> None:
    found, note = log_probabilities(LOGITS, "auto")
    np.testing.assert_allclose(found, EXPECTED, atol=1e-5)
    assert note == "the log-softmax of scores is taken: they are not normalized"
    found, note = log_probabilities(LOGITS, "logits")
    np.testing.assert_allclose(found, EXPECTED, atol=1e-5)
    assert not note


def test_probabilities() -> None:
    found, note = log_probabilities(np.exp(EXPECTED).astype(np.float32), "auto")
    np.testing.assert_allclose(found, EXPECTED, atol=1e-3)
    assert note == "the logarithm of scores is taken: they are probabilities"
    assert log_probabilities(np.eye(3, dtype=np.float32), "auto")[0][0].tolist() == [0, -np.inf, -np.inf]


def test_as_they_are() -> None:
    assert log_probabilities(LOGITS, "as-they-are") == (LOGITS, "")


def test_large_logits_do_not_overflow() -> None:
    found, _ = log_probabilities(np.array([[1e4, 0.0]], np.float32), "auto")
    assert found.tolist() == [[0.0, -1e4]]


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_not_finite(value: float) -> None:
    scores = random_log_probs(1, 4, 3)
    assert why_without_words(scores) == ""
    scores[2, 1] = value
    assert why_without_words(scores) == "NaN or infinity in the scores of frame 2: no words"


def test_frames_without_a_token() -> None:
    scores = random_log_probs(1, 4, 3)
    scores[3, :2] = -np.inf
    assert why_without_words(scores) == ""
    scores[3] = -np.inf
    assert why_without_words(scores) == "no token has a probability above 0 in frame 3: no words"
    assert why_without_words(scores[:0]) == NO_FRAMES
