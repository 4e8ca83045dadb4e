"""The Kullback-Leibler divergence against its definition, and the formula for small errors."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from ov_asr_score.comparison.posteriors import SMALL_ERROR, kl_divergence, small_kl_divergence

Matrix = NDArray[np.float64]


def divergence(scores: Matrix, reference: Matrix) -> Matrix:
    with np.errstate(invalid="ignore"):
        error = scores - reference
    error[np.isnan(error)] = 0
    top = reference.max(axis=1, keepdims=True)
    return kl_divergence(scores, reference, top, error, np.empty_like(error))


def small_divergence(scores: Matrix, reference: Matrix) -> Matrix:
    error = (scores - reference).astype(np.float32)
    top = reference.max(axis=1, keepdims=True)
    return small_kl_divergence(reference, top, error, np.empty_like(error))


def random_pair(error: float) -> tuple[Matrix, Matrix]:
    random = np.random.default_rng(14)
    reference = random.normal(size=(20, 40))
    return reference + error * random.choice([-1.0, 1.0], reference.shape), reference


def test_kl_divergence_matches_hand_computed_value() -> None:
    # posteriors 1/2, 1/4, 1/4 and 1/4, 1/2, 1/4: KL = log(2)/2 - log(2)/4
    reference = np.log(np.array([[0.5, 0.25, 0.25]]))
    scores = np.log(np.array([[0.25, 0.5, 0.25]]))
    assert divergence(scores, reference) == pytest.approx([math.log(2) / 4], rel=1e-12)
    assert divergence(scores + 7.0, reference) == pytest.approx([math.log(2) / 4], rel=1e-12)


def test_impossible_classes_of_both_sides_do_not_count() -> None:
    scores, reference = random_pair(0.5)
    impossible = np.full((20, 1), -np.inf)
    wider = divergence(np.hstack([scores, impossible]), np.hstack([reference, impossible]))
    assert wider == pytest.approx(divergence(scores, reference), rel=1e-12)


@pytest.mark.parametrize("error", [1e-3, SMALL_ERROR])
def test_kl_divergence_methods_agree_up_to_small_error(error: float) -> None:
    scores, reference = random_pair(error)
    assert small_divergence(scores, reference) == pytest.approx(divergence(scores, reference), rel=1e-4)


def test_small_kl_divergence_survives_rounding() -> None:
    random = np.random.default_rng(13)
    reference = random.normal(size=(10, 500)) * 3
    error = 1e-7 * random.normal(size=reference.shape)
    weights = np.exp(reference)
    weights /= weights.sum(axis=1, keepdims=True)
    mean = (weights * error).sum(axis=1)
    expected = ((weights * error**2).sum(axis=1) - mean**2) / 2  # half the variance of a small error
    assert small_divergence(reference + error, reference) == pytest.approx(expected, rel=1e-3)


def test_divergence_is_never_negative() -> None:
    _, reference = random_pair(0.0)
    scores = reference * (1 + 1e-16)
    assert divergence(scores, reference).min() >= 0
    assert small_divergence(reference.copy(), reference).tolist() == [0.0] * 20
