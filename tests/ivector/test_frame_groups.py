"""Which frames are in which group, and when i-vectors are estimated."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ov_asr_score.ivector.frame_groups import groups_of_utterance
from ov_asr_score.ivector.gaussian_frames import GaussianFrames
from tests.ivector.references import extractor


def counts(num_frames: int, weights: Any = None, **options: Any) -> list[tuple[float, bool]]:
    """Frames in each group, by their posteriors, and whether an i-vector follows."""
    used = extractor(posterior_scale=1.0, **options)
    features = np.random.default_rng(0).normal(size=(num_frames, 40)).astype(np.float32)
    groups = groups_of_utterance(GaussianFrames(used), features, features, used.options, weights)
    return [(round(float(each.added.counts.sum()), 3), each.is_estimated) for each in groups]


def test_groups_end_with_periods() -> None:
    assert counts(1) == [(1, True)]
    assert counts(10) == [(1, True)]
    assert counts(11) == [(1, True), (10, True)]
    assert counts(25) == [(1, True), (10, True), (10, True)]
    assert counts(5, ivector_period=1) == [(1, True)] * 5
    assert counts(1200, ivector_period=7) == [(1, True)] + [(7, True)] * 171
    assert counts(1200, ivector_period=590) == [(1, True), (590, True), (590, True)]
    assert counts(1200, ivector_period=2000) == [(1, True)]


def test_all_frames_are_seen_when_each_has_a_row() -> None:
    assert counts(25, repeat=True) == [(1, True), (10, True), (10, True), (4, False)]
    assert counts(21, repeat=True) == [(1, True), (10, True), (10, True)]
    assert counts(1200, ivector_period=590, repeat=True) == [(1, True), (590, True), (590, True), (19, False)]


def test_greedy_extraction_has_one_ivector() -> None:
    assert counts(25, greedy_ivector_extractor=True) == [(25, True)]
    assert counts(1200, greedy_ivector_extractor=True) == [(512, False), (512, False), (176, True)]


def test_weights() -> None:
    weights = np.zeros(25, np.float32)
    weights[[3, 12]] = 1, 0.5
    assert counts(25, weights) == [(0, True), (1, True), (0.5, True)]


@pytest.mark.parametrize("cmvn", [False, True])
def test_statistics_are_of_the_features_that_are_asked_for(cmvn: bool) -> None:
    used = extractor(online_cmvn_iextractor=cmvn)
    frames = GaussianFrames(used)
    raw, normalized = np.random.default_rng(1).normal(size=(2, 11, 40)).astype(np.float32)
    groups = list(groups_of_utterance(frames, raw, normalized, used.options))
    source = normalized if cmvn else raw
    transformed = frames.transformed(frames.with_context(source, slice(0, 11))).astype(np.float64)
    np.testing.assert_allclose(groups[0].added.sums.sum(axis=0), 0.1 * transformed[0], rtol=1e-5)
    np.testing.assert_allclose(groups[1].added.sums.sum(axis=0), 0.1 * transformed[1:].sum(axis=0), rtol=1e-4)
