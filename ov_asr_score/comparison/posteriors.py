"""Kullback-Leibler divergence of two distributions over classes, KL(reference || scores), in nats.

Scores are taken as logits: their softmax over the columns is the distribution. Log posteriors are logits of their
posteriors, and a constant added to all scores of a frame makes no difference."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Float64s = NDArray[np.float64]

SMALL_ERROR = 1 / 64
"""Largest absolute error for which ``small_kl_divergence`` is accurate."""


def kl_divergence(scores: Float64s, reference: Float64s, top: Float64s, error: Float64s, work: Float64s) -> Float64s:
    """The divergence of each frame: [T], never negative.

    ``scores``, ``reference`` and ``error`` are [T, N]; ``error`` is ``scores - reference``, and 0 where both are minus
    infinity. ``top`` is [T, 1], the greatest value of each row of ``reference``. ``work`` is scratch memory, [T, N].
    """
    # KL = sum of p (log p - log q) = log sum exp(scores) - log sum exp(reference) - sum of p error, p of the reference
    weights = np.subtract(reference, top, out=work)
    np.exp(weights, out=weights)
    sums = np.einsum("ij->i", weights)
    expected = np.einsum("ij,ij->i", weights, error) / sums
    score_top = scores.max(axis=1, keepdims=True)
    np.subtract(scores, score_top, out=weights)
    np.exp(weights, out=weights)
    divergence = (score_top - top)[:, 0] + np.log(np.einsum("ij->i", weights)) - np.log(sums) - expected
    return _not_negative(divergence)


def small_kl_divergence(
    reference: NDArray[np.floating[Any]],
    top: NDArray[np.floating[Any]],
    error: NDArray[np.float32],
    work: NDArray[np.float32],
) -> Float64s:
    """The divergence of each frame, [T], to a relative accuracy of 1e-4, where no ``error`` exceeds ``SMALL_ERROR``.

    Takes the same arrays as :func:`kl_divergence`, half the time, and loses no digits to cancellation.
    """
    # KL = log sum of p exp(error) - sum of p error: cumulants of the error under p from the second on, k2/2 + k3/6 + …
    weights = np.subtract(reference, top, out=work, casting="same_kind")
    np.exp(weights, out=weights)
    sums = np.einsum("ij->i", weights).astype(np.float64)
    weights *= error
    first = np.einsum("ij->i", weights) / sums
    second = np.einsum("ij,ij->i", weights, error) / sums
    weights *= error
    third = np.einsum("ij,ij->i", weights, error) / sums
    variance = second - first * first
    skew = third - 3 * first * second + 2 * first * first * first
    return _not_negative(variance / 2 + skew / 6)


def _not_negative(divergence: Float64s) -> Float64s:
    """The divergence without the tiny negative values that rounding makes of nearly equal sides."""
    result: Float64s = np.maximum(divergence, 0)
    return result
