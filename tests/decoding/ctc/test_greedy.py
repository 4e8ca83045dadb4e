"""Tests of the best token of each frame."""

from __future__ import annotations

import numpy as np
import pytest

from ov_asr_score.decoding.ctc.greedy import collapse, decode_greedily
from tests.decoding.ctc.plain_ctc import labels_of, random_log_probs, spans_of


@pytest.mark.parametrize("blank", [0, 3])
def test_as_the_definition(blank: int) -> None:
    random = np.random.default_rng(1)
    for length in [0, 1, 2, *range(3, 30)]:
        alignment = random.integers(0, 4, length)
        ids, first, end = collapse(alignment, blank)
        assert tuple(ids.tolist()) == labels_of(alignment.tolist(), blank)
        assert list(zip(first.tolist(), end.tolist(), strict=True)) == spans_of(alignment.tolist(), blank)


def test_posteriors_are_means_over_frames() -> None:
    log_probs = np.log(np.array([[0.1, 0.9], [0.3, 0.7], [0.8, 0.2], [0.5, 0.5], [0.45, 0.55]], np.float32))
    spans = decode_greedily(log_probs, 0)
    assert spans.ids.tolist() == [1, 1]
    assert (spans.first_frames.tolist(), spans.end_frames.tolist()) == ([0, 4], [2, 5])
    np.testing.assert_allclose(spans.posteriors, [0.8, 0.55], rtol=1e-6)


def test_nothing_but_blanks_and_no_frames() -> None:
    for log_probs in (np.log(np.array([[0.9, 0.1]] * 3)), np.zeros((0, 2))):
        assert decode_greedily(log_probs, 0).ids.tolist() == []


def test_blank_may_be_last() -> None:
    log_probs = random_log_probs(3, 50, 6)
    assert decode_greedily(log_probs, 5).ids.tolist() == list(labels_of(log_probs.argmax(axis=1).tolist(), 5))
