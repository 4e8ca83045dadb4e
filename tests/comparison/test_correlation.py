"""Pearson's correlation from moments that are added up."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from ov_asr_score.comparison.correlation import PairMoments, pair_moments


def moments(scores: NDArray[np.float64], reference: NDArray[np.float64]) -> PairMoments:
    return pair_moments(reference, scores - reference, scores.size)


def random_pair(error: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    random = np.random.default_rng(10)
    reference = 3 * random.normal(size=(100, 15)) - 10
    return reference + error * random.normal(size=reference.shape), reference


@pytest.mark.parametrize("error", [10.0, 0.1, 1e-6])
def test_correlation_matches_numpy(error: float) -> None:
    scores, reference = random_pair(error)
    expected = np.corrcoef(scores.ravel(), reference.ravel())[0, 1]
    assert moments(scores, reference).correlation == pytest.approx(expected, abs=1e-12)


def test_moments_of_parts_add_up() -> None:
    scores, reference = random_pair(0.5)
    parts = [moments(scores[rows], reference[rows]) for rows in (slice(0, 1), slice(1, 40), slice(40, None))]
    total = sum(reversed(parts), start=PairMoments())
    whole = moments(scores, reference)
    assert total.count == whole.count
    assert total.correlation == pytest.approx(whole.correlation, rel=1e-12)
    assert total.reference_squares == pytest.approx(whole.reference_squares, rel=1e-12)
    assert PairMoments() + whole == whole


def test_correlation_limits() -> None:
    ramp = np.arange(8.0).reshape(1, 8)
    assert moments(ramp, ramp).correlation == 1.0
    assert moments(-ramp, ramp).correlation == -1.0
    assert PairMoments().correlation is None


@pytest.mark.parametrize("constant", [0.0, 0.1, -123.456])
def test_constant_scores_have_no_correlation(constant: float) -> None:
    _, reference = random_pair(0.0)
    flat = np.full_like(reference, constant)
    assert moments(flat, reference).correlation is None
    assert moments(reference, flat).correlation is None


def test_huge_values_do_not_overflow() -> None:
    scores, reference = random_pair(0.5)
    expected = moments(scores, reference).correlation
    assert moments(1e150 * scores, 1e150 * reference).correlation == pytest.approx(expected, rel=1e-9)
