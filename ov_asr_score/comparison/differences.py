"""Error statistics of scores against reference scores, from one pass over two matrices; totals add up exactly.

A pair is one score and the reference value at the same frame and column.

- Pairs of finite values count; their error is ``|score - reference|``, computed in float64.
- Pairs of the same infinity agree and are left out: the logarithm of a zero probability is ``-inf`` on both sides.
- Every other pair with a NaN or an infinity is a non-finite mismatch: the largest error becomes infinite and every
  limit is exceeded, so that a broken score cannot hide in an average.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import ShapeMismatchError, UsageError
from ov_asr_score.settings.limits import DEFAULT_THRESHOLD

# Scores compared at a time: three float64 temporaries of this size fit in the processor's cache.
_BLOCK_SCORES = 1 << 16

Matrix: TypeAlias = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class ErrorLocation:
    """Where an error is: frame (row) of the utterance and column, both from 0, and the two values there."""

    frame: int
    column: int
    score: float
    reference: float
    key: str = ""


@dataclass(frozen=True, slots=True)
class ScoreDifference:
    """The sums from which every error statistic follows; ``+`` adds two of them.

    ``ScoreDifference()`` is empty, the start of a total. Sums and maxima are over finite pairs only, except that
    ``max_abs`` is infinite when ``num_nonfinite_mismatch`` is not zero.
    """

    threshold: float = DEFAULT_THRESHOLD
    frames: int = 0
    count: int = 0  # finite pairs

    # Absolute error, in the unit of the scores
    max_abs: float = 0.0
    sum_abs: float = 0.0
    sum_squared: float = 0.0
    num_over_threshold: int = 0  # finite pairs whose error is greater than the threshold

    # Relative error, |score - reference| / |reference|, only where |reference| is greater than the threshold:
    # close to zero the quotient would measure the divisor rather than the error
    count_rel: int = 0
    max_rel: float = 0.0
    sum_rel: float = 0.0
    sum_squared_rel: float = 0.0

    # Magnitude of the reference, to put the errors in proportion
    max_abs_reference: float = 0.0
    sum_abs_reference: float = 0.0

    # Frames whose greatest score is in another column than the greatest reference (the first one where several are
    # equal; a NaN counts as the greatest); always 0 for a single column
    class_changes: int = 0

    nan_scores: int = 0
    inf_scores: int = 0
    nan_reference: int = 0
    inf_reference: int = 0
    num_nonfinite_mismatch: int = 0

    worst: ErrorLocation | None = None  # the first pair with the largest error; None when there is no error at all

    def __add__(self, other: ScoreDifference) -> ScoreDifference:
        """The sums over both sides. Raises UsageError when their thresholds differ."""
        if self.threshold != other.threshold:
            raise UsageError(
                f"score differences: expected one threshold, found {self.threshold:g} and {other.threshold:g};"
                " use the same threshold everywhere"
            )
        return ScoreDifference(
            threshold=self.threshold,
            frames=self.frames + other.frames,
            count=self.count + other.count,
            max_abs=max(self.max_abs, other.max_abs),
            sum_abs=self.sum_abs + other.sum_abs,
            sum_squared=self.sum_squared + other.sum_squared,
            num_over_threshold=self.num_over_threshold + other.num_over_threshold,
            count_rel=self.count_rel + other.count_rel,
            max_rel=max(self.max_rel, other.max_rel),
            sum_rel=self.sum_rel + other.sum_rel,
            sum_squared_rel=self.sum_squared_rel + other.sum_squared_rel,
            max_abs_reference=max(self.max_abs_reference, other.max_abs_reference),
            sum_abs_reference=self.sum_abs_reference + other.sum_abs_reference,
            class_changes=self.class_changes + other.class_changes,
            nan_scores=self.nan_scores + other.nan_scores,
            inf_scores=self.inf_scores + other.inf_scores,
            nan_reference=self.nan_reference + other.nan_reference,
            inf_reference=self.inf_reference + other.inf_reference,
            num_nonfinite_mismatch=self.num_nonfinite_mismatch + other.num_nonfinite_mismatch,
            worst=other.worst if other.max_abs > self.max_abs else self.worst,
        )

    @property
    def mean_abs(self) -> float:
        """Mean absolute error over the finite pairs; like every mean here, 0 when there are none."""
        return _mean(self.sum_abs, self.count)

    @property
    def rms(self) -> float:
        """Root of the mean squared error over the finite pairs."""
        return math.sqrt(_mean(self.sum_squared, self.count))

    @property
    def std(self) -> float:
        """Population standard deviation of the absolute errors of the finite pairs."""
        # sqrt(E[e^2] - E[e]^2), which rounding can bring below zero when all errors are equal
        variance = _mean(self.sum_squared, self.count) - self.mean_abs * self.mean_abs
        return 0.0 if variance < 0 else math.sqrt(variance)

    @property
    def mean_rel(self) -> float:
        """Mean relative error over the ``count_rel`` pairs that have one."""
        return _mean(self.sum_rel, self.count_rel)

    @property
    def rms_rel(self) -> float:
        """Root of the mean squared relative error over the ``count_rel`` pairs that have one."""
        return math.sqrt(_mean(self.sum_squared_rel, self.count_rel))

    @property
    def mean_abs_reference(self) -> float:
        """Mean magnitude of the reference over the finite pairs."""
        return _mean(self.sum_abs_reference, self.count)


def compare_scores(
    scores: Matrix, reference: Matrix, *, threshold: float = DEFAULT_THRESHOLD, key: str = ""
) -> ScoreDifference:
    """The difference between ``scores`` and ``reference``, both [T, N]; each may be of any floating-point type.

    ``key`` is the utterance that ``worst`` names. Temporary memory is a few MB, however large the matrices are.

    Raises ShapeMismatchError when the shapes differ or are not [T, N] (the caller adds file and utterance), and
    UsageError when the threshold is negative or not finite.
    """
    if not (math.isfinite(threshold) and threshold >= 0):
        raise UsageError(f"threshold: expected a finite number of at least 0, found {threshold}")
    if scores.shape != reference.shape or scores.ndim != 2:
        raise ShapeMismatchError(
            f"expected scores and reference of the same shape [T, N], found {list(scores.shape)} and"
            f" {list(reference.shape)}; use a reference made from the same features and model"
        )
    num_frames, num_columns = scores.shape
    if num_columns == 0:
        return ScoreDifference(threshold=threshold, frames=num_frames)
    block_frames = max(1, _BLOCK_SCORES // num_columns)
    total = ScoreDifference(threshold=threshold)
    with np.errstate(all="ignore"):  # inf - inf, overflow and division by zero are handled below
        for first in range(0, num_frames, block_frames):
            block = slice(first, first + block_frames)
            total += _compare_block(scores[block], reference[block], threshold, key, first)
    return total


def _compare_block(scores: Matrix, reference: Matrix, threshold: float, key: str, first_frame: int) -> ScoreDifference:
    error, magnitude = scores.astype(np.float64), reference.astype(np.float64)
    np.subtract(error, magnitude, out=error)
    np.abs(error, out=error)
    np.abs(magnitude, out=magnitude)
    count = error.size
    nonfinite: dict[str, int] = {}
    mismatch: NDArray[np.bool_] | None = None
    sum_abs = float(error.sum())
    # The sum reveals any NaN or infinity, so that finite scores, the usual case, need no masks.
    if not math.isfinite(sum_abs):
        finite = np.isfinite(scores) & np.isfinite(reference)
        mismatch = ~(finite | (np.isinf(scores) & (scores == reference)))
        nonfinite = {
            "nan_scores": _count(np.isnan(scores)),
            "inf_scores": _count(np.isinf(scores)),
            "nan_reference": _count(np.isnan(reference)),
            "inf_reference": _count(np.isinf(reference)),
            "num_nonfinite_mismatch": _count(mismatch),
        }
        # Zeros add nothing to any sum or maximum, so the statistics below need no mask either.
        error[~finite] = 0
        magnitude[~finite] = 0
        count = _count(finite)
        sum_abs = float(error.sum())

    no_relative = magnitude <= threshold
    relative = error / magnitude
    relative[no_relative] = 0
    max_rel, sum_rel = float(relative.max()), float(relative.sum())
    sum_squared_rel = float(np.square(relative, out=relative).sum())
    sum_squared = float(np.square(error, out=relative).sum())
    num_over_threshold = _count(error > threshold)

    if mismatch is not None:
        error[mismatch] = np.inf
    frame, column = divmod(int(error.argmax()), error.shape[1])
    max_abs = float(error[frame, column])
    worst = None
    if max_abs > 0:
        values = float(scores[frame, column]), float(reference[frame, column])
        worst = ErrorLocation(first_frame + frame, column, *values, key)
    return ScoreDifference(
        threshold=threshold,
        frames=len(error),
        count=count,
        max_abs=max_abs,
        sum_abs=sum_abs,
        sum_squared=sum_squared,
        num_over_threshold=num_over_threshold,
        count_rel=error.size - _count(no_relative),
        max_rel=max_rel,
        sum_rel=sum_rel,
        sum_squared_rel=sum_squared_rel,
        max_abs_reference=float(magnitude.max()),
        sum_abs_reference=float(magnitude.sum()),
        class_changes=_count(scores.argmax(axis=1) != reference.argmax(axis=1)),
        worst=worst,
        **nonfinite,
    )


def describe_location(location: ErrorLocation) -> str:
    """Place and values in one phrase, such as ``utterance 'a', frame 3, column 7: 1.5, reference 1.25``."""
    utterance = f"utterance '{location.key}', " if location.key else ""
    values = f"{location.score:.7g}, reference {location.reference:.7g}"
    return f"{utterance}frame {location.frame}, column {location.column}: {values}"


def _mean(total: float, count: int) -> float:
    return total / count if count else 0.0


def _count(mask: NDArray[np.bool_]) -> int:
    return int(np.count_nonzero(mask))
