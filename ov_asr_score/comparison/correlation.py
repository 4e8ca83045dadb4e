"""Pearson's correlation from moments that can be added up."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float64s = NDArray[np.float64]

# A sum of squares around the mean below this fraction of the sum of plain squares is rounding: the values are constant.
_CONSTANT = 1e-13


@dataclass(frozen=True, slots=True)
class PairMoments:
    """Means of references and errors, and sums of squares and products around these means; ``+`` joins two of them.

    A score is its reference plus its error, so the moments of the scores follow from these. Holding errors instead of
    scores keeps precision where errors are small.
    """

    count: int = 0
    mean_reference: float = 0.0
    mean_error: float = 0.0
    reference_squares: float = 0.0
    error_squares: float = 0.0
    products: float = 0.0

    def __add__(self, other: PairMoments) -> PairMoments:
        """The moments of both sides together."""
        if self.count == 0 or other.count == 0:
            return other if self.count == 0 else self
        count = self.count + other.count
        reference_step = other.mean_reference - self.mean_reference
        error_step = other.mean_error - self.mean_error
        share = other.count / count
        weight = self.count * share
        return PairMoments(
            count,
            self.mean_reference + reference_step * share,
            self.mean_error + error_step * share,
            self.reference_squares + other.reference_squares + reference_step * reference_step * weight,
            self.error_squares + other.error_squares + error_step * error_step * weight,
            self.products + other.products + reference_step * error_step * weight,
        )

    @property
    def correlation(self) -> float | None:
        """Pearson's correlation of scores and references, from -1 to 1; None when one of them is constant."""
        squares = self.reference_squares + 2 * self.products + self.error_squares  # of the scores
        if self.reference_squares <= _CONSTANT * self.count * self.mean_reference * self.mean_reference:
            return None
        mean = self.mean_reference + self.mean_error
        if squares <= _CONSTANT * (self.reference_squares + self.error_squares + self.count * mean * mean):
            return None
        # separate roots: the product of the squares can overflow a double
        spread = math.sqrt(squares) * math.sqrt(self.reference_squares)
        correlation = (self.reference_squares + self.products) / spread
        return correlation if math.isnan(correlation) else max(-1.0, min(1.0, correlation))


def pair_moments(reference: Float64s, error: Float64s, count: int) -> PairMoments:
    """The moments of ``count`` pairs; both arrays are [T, N] and hold 0 where there is no pair."""
    if count == 0:
        return PairMoments()
    reference_mean, error_mean = float(reference.sum()) / count, float(error.sum()) / count
    reference_squares = float(np.einsum("ij,ij->", reference, reference))
    error_squares = float(np.einsum("ij,ij->", error, error))
    products = float(np.einsum("ij,ij->", reference, error))
    return PairMoments(
        count,
        reference_mean,
        error_mean,
        max(0.0, reference_squares - count * reference_mean * reference_mean),
        max(0.0, error_squares - count * error_mean * error_mean),
        products - count * reference_mean * error_mean,
    )
