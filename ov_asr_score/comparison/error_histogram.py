"""A histogram of errors with fixed bins, so that histograms of parts add up to that of the whole.

There are 16 bins per octave (from one power of two to the next), each 1/32 to 1/16 as wide as its errors are large. The
bin of an error is given by the leading bits of its float32 value, which costs no logarithm. Bin 0 holds zero, and
errors below 2^19 steps of float32 above it (less than 1e-39)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

NUM_BINS = 4096
"""Bins of a histogram: 8 bits of exponent and 4 bits of mantissa."""

RELATIVE_WIDTH = 1 / 32
"""Largest relative distance of a percentile from an error in its bin."""

_SHIFT = 23 - 4  # keeps 4 of the 23 bits of the mantissa
_BINS_PER_OCTAVE = 16
_INFINITE = 255 * _BINS_PER_OCTAVE  # the bin of what overflows float32

Counts = NDArray[np.int64]


def count_errors(errors: NDArray[np.float32], work: NDArray[np.int64]) -> Counts:
    """How many of the ``errors`` fall into each bin: [NUM_BINS]. No error may be negative or NaN.

    ``work`` is scratch memory of the shape of ``errors``.
    """
    bins = np.right_shift(errors.view(np.int32), _SHIFT, out=work)
    return np.bincount(bins.reshape(-1), minlength=NUM_BINS)


def lower_edges(bins: NDArray[np.int64]) -> NDArray[np.float64]:
    """The smallest error of each of the ``bins``; infinity where float32 overflows."""
    return (np.minimum(bins, _INFINITE).astype(np.int32) << _SHIFT).view(np.float32).astype(np.float64)


def percentile(counts: Counts, percent: float) -> float:
    """The error that ``percent`` of all errors do not exceed, within ``RELATIVE_WIDTH``; 0 for an empty histogram."""
    total = int(counts.sum())
    if total == 0:
        return 0.0
    # the small term undoes rounding errors: 99.9 % of 1000 errors are 999, not 1000
    rank = max(1, int(np.ceil(total * (percent / 100) - 1e-9 * total)))
    bin_of_rank = int(np.searchsorted(np.cumsum(counts), rank))
    if bin_of_rank == 0:
        return 0.0
    low, high = lower_edges(np.array([bin_of_rank, bin_of_rank + 1]))
    return float((low + high) / 2)


def by_octave(counts: Counts) -> tuple[list[float], list[int]]:
    """Powers of two that enclose all non-zero errors, ascending, and the number of errors between neighbours.

    n counts have n + 1 edges; both lists are empty when no error differs from zero.
    """
    # bins 0 to 15 hold float32's subnormal numbers, which count as one octave
    octaves = counts.reshape(-1, _BINS_PER_OCTAVE).sum(axis=1)
    octaves[0] -= counts[0]
    occupied = np.flatnonzero(octaves)
    if occupied.size == 0:
        return [], []
    first, last = int(occupied[0]), int(occupied[-1])
    edges = lower_edges(np.arange(first, last + 2) * _BINS_PER_OCTAVE)
    return edges.tolist(), octaves[first : last + 1].tolist()


def by_decade(counts: Counts) -> dict[int, int]:
    """Number of errors by power of ten, from the smallest to the largest that occurs; -6 stands for 1e-6 to 1e-5.

    Each bin is assigned by its middle, so a border is accurate to ``RELATIVE_WIDTH``. Zeros and errors that are
    infinite in float32 are left out.
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
