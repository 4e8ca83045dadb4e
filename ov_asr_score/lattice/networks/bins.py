"""The bins of a confusion network: the words that may stand in a place, with their probabilities.

Source: lat/sausages.cc (``MinimumBayesRisk::AccStats``).

Tests: tests/lattice/test_consensus.py
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Bin:
    """The words of a place, likeliest first (0: none), and the time of the place in frames, a mean over paths."""

    words: NDArray[np.int32]  # [K]
    probabilities: NDArray[np.float32]  # [K]
    start: float
    end: float

    def place_of(self, word: int) -> int | None:
        """Where ``word`` is among the words."""
        places = np.flatnonzero(self.words == word)
        return int(places[0]) if len(places) else None

    def probability_of(self, word: int) -> float:
        """The probability of ``word``, 0 if it is not among the words."""
        place = self.place_of(word)
        return 0.0 if place is None else float(self.probabilities[place])


@dataclass(frozen=True, slots=True, eq=False)
class WordStatistics:
    """Shares of paths [N] that put a word into a bin, with their times, and the expected number of wrong words."""

    bins: NDArray[np.int64]  # [N]
    words: NDArray[np.int64]  # [N]
    shares: NDArray[np.float64]  # [N]
    starts: NDArray[np.float64]  # [N]; frames
    ends: NDArray[np.float64]  # [N]; frames
    risk: float


def bins_of(
    statistics: WordStatistics, num_bins: int
) -> tuple[list[Bin], list[tuple[NDArray[np.float32], NDArray[np.float32]]]]:
    """The bins, and for each the mean start and end of every word of it."""
    keys, place = np.unique(np.stack([statistics.bins, statistics.words]), axis=1, return_inverse=True)
    place = place.reshape(-1)
    shares, starts, ends = (
        np.bincount(place, weights, minlength=keys.shape[1])
        for weights in (
            statistics.shares,
            statistics.shares * statistics.starts,
            statistics.shares * statistics.ends,
        )
    )
    probabilities = shares.astype(np.float32)
    # By bin; within it the likeliest first, and of equal ones the largest number.
    order = np.lexsort((-keys[1], -probabilities, keys[0]))
    bounds = np.searchsorted(keys[0][order], np.arange(num_bins + 1))
    spans = [[starts[order[begin:end]].sum(), ends[order[begin:end]].sum()] for begin, end in pairwise(bounds)]
    for one, other in pairwise(spans):
        if one[1] > other[0]:
            one[1] = other[0] = 0.5 * (one[1] + other[0])
    bins, alternatives = [], []
    for (start, end), begin, stop in zip(spans, bounds, bounds[1:], strict=False):
        own = order[begin:stop]
        bins.append(Bin(keys[1][own].astype(np.int32), probabilities[own], float(start), float(end)))
        means = starts[own] / shares[own], ends[own] / shares[own]
        alternatives.append((means[0].astype(np.float32), means[1].astype(np.float32)))
    return bins, alternatives


def joined_bin(one: Bin, other: Bin) -> Bin:
    """The bin of a place that two bins share: where both have no word, it has none."""
    shares: dict[int, float] = {}
    for word, share in zip(
        [*one.words.tolist(), *other.words.tolist()], [*one.probabilities, *other.probabilities], strict=True
    ):
        if word:
            shares[word] = shares.get(word, 0.0) + float(share)
    shares[0] = max(0.0, 1.0 - sum(shares.values()))
    words = sorted(shares, key=lambda word: (-shares[word], -word))
    return Bin(np.array(words, np.int32), np.array([shares[word] for word in words], np.float32), one.start, other.end)
