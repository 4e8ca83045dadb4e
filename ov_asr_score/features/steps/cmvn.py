"""Normalization of means and variances by statistics, as compute-cmvn-stats and apply-cmvn do it.

Statistics are sums: float64 [2, D + 1], the sums of the columns with the number of frames behind them, and below the
sums of squares, with 0 behind them.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import OvAsrScoreError, ShapeMismatchError, UsageError
from ov_asr_score.features.steps.live_step import Rows
from ov_asr_score.features.steps.running_sums import BLOCK_ROWS, Sums, running_sums

logger = logging.getLogger(__name__)

_LEAST_VARIANCE = 1e-20


def cmvn_stats(features: Rows, weights: NDArray[np.floating] | None = None, before: Sums | None = None) -> Sums:
    """The statistics [2, D + 1] of features [T, D], added to those of the frames ``before``.

    ``weights`` [T] count frames more or less than once. Products are rounded to single precision and added in the order
    of the frames, as in Kaldi. Raises ShapeMismatchError. Source: transform/cmvn.cc, ``AccCmvnStats``.
    """
    count, width = features.shape
    if weights is not None and weights.shape != (count,):
        raise ShapeMismatchError(f"expected {count} weights, one for each frame, found {len(weights)}")
    if before is not None and before.shape != (2, width + 1):
        raise ShapeMismatchError(
            f"expected features of {before.shape[1] - 1} columns as before, found features of {width} columns"
        )
    stats = np.zeros((2, width + 1)) if before is None else before
    for first in range(0, count, BLOCK_ROWS):
        rows = np.asarray(features[first : first + BLOCK_ROWS], np.float32)
        factors = np.ones(len(rows), np.float32)
        if weights is not None:
            factors = np.asarray(weights[first : first + BLOCK_ROWS], np.float32)
            rows, factors = rows[factors != 0], factors[factors != 0]
        added = np.zeros((len(rows), 2, width + 1), np.float32)
        added[:, 0, :width] = rows * factors[:, None]
        added[:, 1, :width] = rows * rows * factors[:, None]
        added[:, 0, width] = factors
        if len(rows):
            stats = running_sums(stats.reshape(-1), added.reshape(len(rows), -1))[-1].reshape(2, -1)
    return stats.copy()


def apply_cmvn(
    features: Rows,
    stats: NDArray[np.floating],
    norm_vars: bool = False,
    norm_means: bool = True,
    reverse: bool = False,
    skip_dims: Sequence[int] = (),
) -> Rows:
    """The features float32 [T, D] with the mean subtracted and, with ``norm_vars``, divided by the standard deviation.

    Without ``norm_means`` they stay as they are. ``reverse`` does the opposite. ``skip_dims`` are columns that stay as
    they are. Raises UsageError (``norm_vars`` without ``norm_means``), ShapeMismatchError (statistics of another width,
    a column that is not there) and OvAsrScoreError (statistics of less than one frame, without squares, not finite).
    Source: transform/cmvn.cc, ``ApplyCmvn``, ``ApplyCmvnReverse``; featbin/apply-cmvn.cc.
    """
    check_norms(norm_means, norm_vars)
    if not norm_means:
        return np.asarray(features, np.float32)
    check_stats(stats, features.shape[1], norm_vars)
    stats = skipping(np.asarray(stats, np.float64)[:, None], skip_dims)
    check_count(float(stats[0, 0, -1]))
    scale, offset = (reverse_norms if reverse else norms)(stats, norm_vars)
    scaled = features if scale is None else features * scale
    return np.asarray(scaled + offset, np.float32)


def check_norms(norm_means: bool, norm_vars: bool) -> None:
    """Raise UsageError where variances are normalized and means are not."""
    if norm_vars and not norm_means:
        raise UsageError(
            "norm_vars: variances cannot be normalized without means; leave norm_means on",
            fields=("norm_vars", "norm_means"),
        )


def check_stats(stats: NDArray[np.floating], width: int, norm_vars: bool) -> None:
    """Raise ShapeMismatchError for what are no statistics of features of ``width`` columns, or lack their squares."""
    if stats.ndim != 2 or stats.shape[0] not in (1, 2) or stats.shape[1] != width + 1:
        found = " x ".join(map(str, stats.shape))
        raise ShapeMismatchError(
            f"expected CMVN statistics of 2 x {width + 1} for features of {width} columns, found {found}"
        )
    if len(stats) == 1 and norm_vars:
        raise ShapeMismatchError("expected CMVN statistics of two rows to normalize variances, found one row")


def check_count(count: float) -> None:
    """Raise OvAsrScoreError for statistics of less than one frame."""
    if not count >= 1:
        raise OvAsrScoreError(f"expected CMVN statistics of at least one frame, found a count of {count:g}")


def skipping(stats: Sums, skip_dims: Sequence[int]) -> Sums:
    """Statistics [2 or 1, D + 1], or [2 or 1, n, D + 1], in which the columns ``skip_dims`` have mean 0 and variance 1.

    Raises ShapeMismatchError for a column that is not there. Source: transform/cmvn.cc, ``FakeStatsForSomeDims``;
    featbin/modify-cmvn-stats.cc.
    """
    if not skip_dims:
        return stats
    width = stats.shape[-1] - 1
    if not all(0 <= dim < width for dim in skip_dims):
        raise ShapeMismatchError(f"skip_dims {':'.join(map(str, skip_dims))}: expected numbers below the width {width}")
    dims = list(skip_dims)
    stats = stats.copy()
    stats[0, ..., dims] = 0
    if len(stats) > 1:
        stats[1][..., dims] = stats[0, ..., -1:]
    return stats


def norms(stats: Sums, norm_vars: bool) -> tuple[Rows | None, Rows]:
    """What to multiply rows by (None: nothing) and then to add, float32 [n, D] each, for statistics [2, n, D + 1].

    Raises OvAsrScoreError where variances are not finite.
    """
    count = stats[0, :, -1:]
    if not norm_vars:
        with np.errstate(all="ignore"):
            factor = (-1.0 / count).astype(np.float32)  # Kaldi hands the factor over in single precision
            return None, (factor.astype(np.float64) * stats[0, :, :-1]).astype(np.float32)
    with np.errstate(all="ignore"):
        mean, variance = _moments(stats, count)
        scale = 1.0 / np.sqrt(variance)
    if np.isnan(scale).any():
        raise OvAsrScoreError("expected finite CMVN statistics to normalize variances, found NaN or infinity")
    return scale.astype(np.float32), (-(mean * scale)).astype(np.float32)


def reverse_norms(stats: Sums, norm_vars: bool) -> tuple[Rows | None, Rows]:
    """The factors and summands that give features the mean and, with ``norm_vars``, the variance of the statistics."""
    count = stats[0, :, -1:]
    if not norm_vars:
        return None, (stats[0, :, :-1] / count).astype(np.float32)
    mean, variance = _moments(stats, count)
    return np.sqrt(variance).astype(np.float32), mean.astype(np.float32)


def means_and_variances(stats: Sums) -> Sums:
    """Means and variances [2, D] of statistics [2, D + 1]. Raises OvAsrScoreError for no frames.

    Source: featbin/modify-cmvn-stats.cc, ``--convert-to-mean-and-var``.
    """
    count = float(stats[0, -1])
    if not count > 0:
        raise OvAsrScoreError(f"expected CMVN statistics of some frames, found a count of {count:g}")
    mean = stats[0, :-1] / count
    return np.stack((mean, stats[1, :-1] / count - mean * mean))


def _moments(stats: Sums, count: Sums) -> tuple[Sums, Sums]:
    mean = stats[0, :, :-1] / count
    variance = stats[1, :, :-1] / count - mean * mean
    low = variance < _LEAST_VARIANCE
    if low.any():
        logger.warning("%d variances below %g were set to it for CMVN", low.sum(), _LEAST_VARIANCE)
        variance = np.where(low, _LEAST_VARIANCE, variance)
    return mean, variance
