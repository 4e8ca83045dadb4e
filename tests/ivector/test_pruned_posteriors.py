"""Posteriors against Kaldi's, and pruning by its definition."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from ov_asr_score.features.steps.online_cmvn import online_cmvn
from ov_asr_score.ivector.gaussian_frames import GaussianFrames
from ov_asr_score.ivector.pruned_posteriors import NO_POSTERIORS, Posteriors, joined, pruned_posteriors, split
from tests.ivector.references import TWO, extractor, posteriors_of, table


def by_frame(found: Posteriors, num_frames: int) -> list[dict[int, float]]:
    frames: list[dict[int, float]] = [{} for _ in range(num_frames)]
    for frame, gaussian, value in zip(found.frames, found.gaussians, found.values, strict=True):
        frames[frame][int(gaussian)] = float(value)
    return frames


def by_definition(
    likelihoods: NDArray[np.float32], num_gselect: int, min_post: float, scale: float, weight: float
) -> dict[int, float]:
    """One frame, as the loops of VectorToPosteriorEntry say, in double precision."""
    if not weight:
        return {}
    least = min(min_post / abs(weight), 0.99)
    likes = np.exp(likelihoods.astype(np.float64) - likelihoods.max())
    kept = [(float(value), g) for g, value in enumerate(likes) if value > least] if least else []
    kept = sorted(kept or [(float(value), g) for g, value in enumerate(likes)], reverse=True)[:num_gselect]
    threshold = least * sum(value for value, _ in kept)
    while len(kept) > 1 and kept[-1][0] < threshold:
        kept.pop()
    total = sum(value for value, _ in kept)
    return {g: value / total * scale * weight for value, g in kept}


@pytest.mark.parametrize("key", TWO)
@pytest.mark.parametrize(("file", "num_gselect", "min_post"), [("post.txt", 5, 0.025), ("post_n20_min0.txt", 20, 0.0)])
def test_posteriors_are_those_of_kaldi(key: str, file: str, num_gselect: int, min_post: float) -> None:
    frames, features = GaussianFrames(extractor()), table("feats.ark")[key]
    normalized, _ = online_cmvn(features, extractor().first_cmvn_state, extractor().cmvn)
    rows = frames.transformed(frames.with_context(normalized, slice(0, len(features))))
    likelihoods = frames.log_likelihoods(rows)
    expected = posteriors_of(file, key)
    found = by_frame(pruned_posteriors(likelihoods, num_gselect, min_post, 1.0), len(features))
    assert [set(frame) for frame in found] == [set(frame) for frame in expected]
    for frame, other in zip(found, expected, strict=True):
        assert frame == pytest.approx(other, abs=2e-5)
    scaled = by_frame(pruned_posteriors(likelihoods, num_gselect, min_post, 0.1), len(features))
    assert all(sum(frame.values()) == pytest.approx(0.1, abs=1e-6) for frame in scaled)


@pytest.mark.parametrize("num_gselect", [1, 3, 5, 12, 40])
@pytest.mark.parametrize("min_post", [0.0, 0.01, 0.2, 0.49])
@pytest.mark.parametrize("spread", [0.1, 3.0, 50.0])
def test_pruning_by_its_definition(num_gselect: int, min_post: float, spread: float) -> None:
    random = np.random.default_rng(num_gselect)
    likelihoods = random.normal(-80, spread, (40, 12)).astype(np.float32)
    weights = random.choice([1, 0, 0.5, 0.01, -0.3], 40).astype(np.float32)
    found = by_frame(pruned_posteriors(likelihoods, num_gselect, min_post, 0.3, weights), 40)
    for row, weight, frame in zip(likelihoods, weights.tolist(), found, strict=True):
        assert frame == pytest.approx(by_definition(row, num_gselect, min_post, 0.3, weight), rel=1e-4)
    plain = pruned_posteriors(likelihoods, num_gselect, min_post, 0.3)
    ones = pruned_posteriors(likelihoods, num_gselect, min_post, 0.3, np.ones(40, np.float32))
    assert np.array_equal(plain.values, ones.values) and np.array_equal(plain.gaussians, ones.gaussians)


def test_likelihoods_too_large_for_a_threshold() -> None:
    """A hundredth of a posterior less is the same number in single precision: all Gaussians are candidates."""
    likelihoods = np.array([[-1e9, -1e9, -2e9]], np.float32)
    found = pruned_posteriors(likelihoods, 5, 0.4, 1.0, np.array([0.1], np.float32))
    assert by_frame(found, 1) == [pytest.approx({0: 0.05, 1: 0.05})]


def test_gaussians_without_weight_get_nothing() -> None:
    likelihoods = np.array([[-np.inf, -3, -4]], np.float32)
    found = by_frame(pruned_posteriors(likelihoods, 5, 0.0, 1.0), 1)[0]
    assert found[0] == 0 and found[1] + found[2] == pytest.approx(1)


def test_no_frames() -> None:
    assert len(pruned_posteriors(np.zeros((0, 4), np.float32), 5, 0.1, 1.0).values) == 0
    assert len(pruned_posteriors(np.zeros((2, 4), np.float32), 5, 0.1, 1.0, np.zeros(2, np.float32)).values) == 0


def test_joining_and_splitting() -> None:
    found = pruned_posteriors(np.random.default_rng(0).normal(0, 1, (9, 6)).astype(np.float32), 3, 0.1, 1.0)
    first, rest = split(found, 4)
    assert by_frame(first, 4) + by_frame(rest, 5) == by_frame(found, 9)
    again = joined(first, rest, 4)
    assert np.array_equal(again.frames, found.frames) and np.array_equal(again.values, found.values)
    assert joined(NO_POSTERIORS, found, 0) is found
