"""A histogram of errors with bins that never change, so that histograms of any parts add up.

A bin is a sixteenth of the way from one power of two to the next one: 16 bins to an octave, each 1/32 to 1/16 of its
errors wide. They are told apart by the leading bits of an error in single precision, which costs no logarithm. Bin 0
holds zero (and what single precision cannot tell from it by more than 2^19 steps, below 1e-39).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

NUM_BINS = 4096
"""Bins of a histogram: what 8 bits of exponent and 4 of mantissa tell apart."""

RELATIVE_WIDTH = 1 / 32
"""A percentile is at most that much, in proportion, away from an error of its bin."""

_SHIFT = 23 - 4  # of the 23 bits of mantissa 4 are kept
_BINS_PER_OCTAVE = 16
_INFINITE = 255 * _BINS_PER_OCTAVE  # the bin of what single precision cannot hold

Counts = NDArray[np.int64]


def count_errors(errors: NDArray[np.float32], room: NDArray[np.int64]) -> Counts:
    """How many of the ``errors``, none of them negative or NaN, fall into each bin: [NUM_BINS].

    ``room`` is of the shape of ``errors``, and overwritten.
    """
    bins = np.right_shift(errors.view(np.int32), _SHIFT, out=room)
    return np.bincount(bins.reshape(-1), minlength=NUM_BINS)


def lower_edges(bins: NDArray[np.int64]) -> NDArray[np.float64]:
    """The smallest error of each of the ``bins``; infinity beyond single precision."""
    return (np.minimum(bins, _INFINITE).astype(np.int32) << _SHIFT).view(np.float32).astype(np.float64)


def percentile(counts: Counts, percent: float) -> float:
    """The error that ``percent`` of all errors do not exceed, within ``RELATIVE_WIDTH``; 0 for an empty histogram."""
    total = int(counts.sum())
    if total == 0:
        return 0.0
    # rounding up by less than one error keeps 99.9 % of 1000 errors at 999
    rank = max(1, int(np.ceil(total * (percent / 100) - 1e-9 * total)))
    found = int(np.searchsorted(np.cumsum(counts), rank))
    if found == 0:
        return 0.0
    low, high = lower_edges(np.array([found, found + 1]))
    return float((low + high) / 2)


def by_octave(counts: Counts) -> tuple[list[float], list[int]]:
    """Powers of two around all errors but zeros, ascending, and the numbers of errors between each two of them.

    n counts have n + 1 edges; both are empty when there is no error, or none but zero.
    """
    # bins 0 to 15 hold what is below the normal numbers of single precision: they count as one octave
    octaves = counts.reshape(-1, _BINS_PER_OCTAVE).sum(axis=1)
    octaves[0] -= counts[0]
    occupied = np.flatnonzero(octaves)
    if occupied.size == 0:
        return [], []
    first, last = int(occupied[0]), int(occupied[-1])
    edges = lower_edges(np.arange(first, last + 2) * _BINS_PER_OCTAVE)
    return edges.tolist(), octaves[first : last + 1].tolist()


def by_decade(counts: Counts) -> dict[int, int]:
    """How many errors there are by power of ten, from the smallest to the largest that occurs: -6 for 1e-6 to 1e-5.

    A bin goes where its middle lies, so that a border is blurred by ``RELATIVE_WIDTH``. Zeros are left out, infinite
    errors (single precision) too.
    """
    occupied = np.flatnonzero(counts[:_INFINITE])
    occupied = occupied[occupied > 0]
    if occupied.size == 0:
        return {}
    middles = (lower_edges(occupied) + lower_edges(occupied + 1)) / 2
    decades = np.floor(np.log10(middles)).astype(np.int64)
    first = int(decades[0])
    sums = np.bincount(decades - first, weights=counts[occupied])
    return {first + index: int(count) for index, count in enumerate(sums)}
