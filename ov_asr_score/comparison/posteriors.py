"""How far apart two distributions over classes are: the Kullback-Leibler divergence, KL(reference || scores), in nats.

Scores are taken as logits: their softmax over the columns is the distribution. Logarithms of posteriors are logits of
these posteriors; whatever is added to all scores of a frame makes no difference.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Float64s = NDArray[np.float64]

SMALL_ERROR = 1 / 64
"""Up to this absolute error ``small_kl_divergence`` holds."""


def kl_divergence(scores: Float64s, reference: Float64s, top: Float64s, error: Float64s, room: Float64s) -> Float64s:
    """The divergence of each frame: [T], none below 0.

    All are [T, N] but ``top``, [T, 1]: the greatest value of each row of ``reference``. ``error`` is
    ``scores - reference``, and 0 where both are minus infinity; ``room`` is overwritten.
    """
    # KL = sum of p (log p - log q) = log sum exp(scores) - log sum exp(reference) - sum of p error, p of the reference
    weights = np.subtract(reference, top, out=room)
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
    room: NDArray[np.float32],
) -> Float64s:
    """The same within 1e-4 of itself, where no ``error`` is larger than ``SMALL_ERROR``.

    It takes half the work, and loses nothing to cancellation.
    """
    # KL = log sum of p exp(error) - sum of p error: the cumulants of the error under p from the second, k2/2 + k3/6 …
    weights = np.subtract(reference, top, out=room, casting="same_kind")
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
    """Rounding can bring a divergence below 0 when both sides are nearly the same."""
    result: Float64s = np.maximum(divergence, 0)
    return result
