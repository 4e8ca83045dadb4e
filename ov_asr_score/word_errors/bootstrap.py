"""How certain an error rate is, and a difference of two: the bootstrap of Bisani and Ney over utterances.

Source: bin/compute-wer-bootci.cc. The numbers are drawn by numpy's RandomState, whose streams do not change from
release to release, so that a seed always gives the same result.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_BLOCK = 1 << 22  # drawn numbers in memory at a time
_NORMAL_95 = 1.96


@dataclass(frozen=True, slots=True)
class ErrorInterval:
    """The 95 % confidence interval of an error rate: mean ± 1.96 standard deviations of the resampled rates."""

    mean_percent: float
    low_percent: float
    high_percent: float


@dataclass(frozen=True, slots=True)
class SignTest:
    """Utterances in which the second hypothesis has fewer or more errors than the first, and what follows."""

    better: int
    worse: int
    equal: int
    p_value: float
    """Probability that fair coins would divide ``better`` + ``worse`` as unevenly or more so, in either direction."""


def bootstrap_interval(
    errors: NDArray[np.int64], lengths: NDArray[np.int64], replications: int, seed: int
) -> ErrorInterval | None:
    """The interval of ``errors`` [N] per ``lengths`` [N], of N utterances; None if no resample has any length.

    Resamples without a word are left out; compute-wer-bootci divides by 0 there.
    """
    rates = []
    for drawn in _resamples(len(errors), replications, seed):
        total = lengths[drawn].sum(axis=1)
        rates.append(100 * errors[drawn].sum(axis=1)[total > 0] / total[total > 0])
    found = np.concatenate(rates) if rates else np.empty(0)
    if not found.size:
        return None
    mean, half = float(found.mean()), _NORMAL_95 * float(found.std())
    return ErrorInterval(mean, mean - half, mean + half)


def improvement_probability(
    errors: NDArray[np.int64], errors_2: NDArray[np.int64], replications: int, seed: int
) -> float | None:
    """The share of resamples, 0 to 1, in which the second hypothesis has fewer errors than the first, [N] each.

    None without utterances or replications.
    """
    gained = errors - errors_2
    better = sum(int((gained[drawn].sum(axis=1) > 0).sum()) for drawn in _resamples(len(gained), replications, seed))
    return better / replications if len(gained) and replications else None


def sign_test(errors: NDArray[np.int64], errors_2: NDArray[np.int64]) -> SignTest:
    """The exact sign test over utterances, of errors [N] of both hypotheses; those that are equal do not count."""
    better, worse = int((errors_2 < errors).sum()), int((errors_2 > errors).sum())
    decided = better + worse
    tail = ways = 1  # of choosing 0, then 1, 2, … of the decided ones
    for count in range(1, min(better, worse) + 1):
        ways = ways * (decided - count + 1) // count
        tail += ways
    return SignTest(better, worse, len(errors) - decided, min(1.0, 2 * tail / 2**decided))


def _resamples(count: int, replications: int, seed: int) -> Iterator[NDArray[np.int64]]:
    """Indices [R, count] of resamples with replacement, ``replications`` in all, a block of them at a time."""
    if not count:
        return
    random = np.random.RandomState(seed)
    block = max(1, _BLOCK // count)
    for done in range(0, replications, block):
        yield random.randint(0, count, (min(block, replications - done), count), np.int64)
