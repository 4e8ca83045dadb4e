"""Differences over time, as add-deltas and add-deltas-sdc append them to features."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import ShapeMismatchError, UsageError
from ov_asr_score.features.steps.live_step import LiveContext, Rows, with_edges

_MOST = 1000


def add_deltas(features: Rows, order: int = 2, window: int = 2, truncate: int = 0) -> Rows:
    """The features with their differences of first to ``order``-th order: float32 [T, D · (order + 1)].

    Differences are regressions over ``window`` frames to each side; beyond the edges the first and last rows are
    repeated. ``truncate`` leaves the first columns of the features only (0: all). Raises UsageError (an order that is
    negative, a window below 1) and ShapeMismatchError (fewer columns than ``truncate``).
    Source: feat/feature-functions.cc, ``DeltaFeatures``; featbin/add-deltas.cc.
    """
    scales = delta_scales(order, window)
    features = _truncated(features, truncate)
    context = order * window
    if not len(features):
        return np.zeros((0, features.shape[1] * (order + 1)), np.float32)
    return _deltas(with_edges(features, context, context), scales)


def live_deltas(order: int = 2, window: int = 2, truncate: int = 0) -> LiveContext:
    """The live form of ``add_deltas``: each row waits for ``order · window`` rows. Raises the same."""
    scales = delta_scales(order, window)
    context = order * window
    return LiveContext(context, context, lambda rows: _deltas(_truncated(rows, truncate), scales))


def delta_scales(order: int, window: int) -> list[NDArray[np.float32]]:
    """What the rows around a row are multiplied by: for each order n a vector of 2 · n · window + 1 elements.

    Raises UsageError.
    """
    if not 0 <= order < _MOST:
        raise UsageError(f"delta_order {order}: expected a number from 0 to {_MOST - 1}", fields=("delta_order",))
    if not 1 <= window < _MOST:
        raise UsageError(f"delta_window {window}: expected a number from 1 to {_MOST - 1}", fields=("delta_window",))
    ramp = np.arange(-window, window + 1, dtype=np.float32)
    scale = np.float32(1.0 / float((ramp**2).sum()))
    scales = [np.ones(1, np.float32)]
    for _ in range(order):
        before = scales[-1]
        wider = np.zeros(len(before) + 2 * window, np.float32)
        for place, factor in enumerate(ramp):
            wider[place : place + len(before)] += factor * before
        scales.append(wider * scale)
    return scales


def add_shifted_deltas(
    features: Rows, window: int = 1, num_blocks: int = 7, block_shift: int = 3, truncate: int = 0
) -> Rows:
    """The features with shifted delta cepstra: float32 [T, D · (num_blocks + 1)].

    Block i holds the differences at the frame ``i · block_shift`` later, over ``window`` frames to each side. Raises
    UsageError and ShapeMismatchError as ``add_deltas`` does.
    Source: feat/feature-functions.cc, ``ShiftedDeltaFeatures``; featbin/add-deltas-sdc.cc.
    """
    left, right = _shifted_context(window, num_blocks, block_shift)
    features = _truncated(features, truncate)
    if not len(features):
        return np.zeros((0, features.shape[1] * (num_blocks + 1)), np.float32)
    return _shifted_deltas(with_edges(features, left, right), window, num_blocks, block_shift)


def live_shifted_deltas(window: int = 1, num_blocks: int = 7, block_shift: int = 3, truncate: int = 0) -> LiveContext:
    """The live form of ``add_shifted_deltas``. Raises the same."""
    left, right = _shifted_context(window, num_blocks, block_shift)
    compute = partial(_shifted_deltas, window=window, num_blocks=num_blocks, block_shift=block_shift)
    return LiveContext(left, right, lambda rows: compute(_truncated(rows, truncate)))


def _truncated(features: Rows, truncate: int) -> Rows:
    width = features.shape[1]
    if truncate < 0 or (truncate > width and len(features)):
        raise ShapeMismatchError(f"expected at least {truncate} columns to truncate features to, found {width}")
    return features[:, :truncate] if truncate else features


def _deltas(padded: Rows, scales: list[NDArray[np.float32]]) -> Rows:
    """Deltas [T, D · orders] of rows with their context on both sides."""
    context = (len(scales[-1]) - 1) // 2
    count, width = len(padded) - 2 * context, padded.shape[1]
    made = np.zeros((count, len(scales), width), np.float32)
    for order, factors in enumerate(scales):
        first = context - (len(factors) - 1) // 2
        _add_scaled(made[:, order], padded, first, factors)
    return made.reshape(count, made.shape[1] * width)


def _shifted_deltas(padded: Rows, window: int, num_blocks: int, block_shift: int) -> Rows:
    factors = delta_scales(1, window)[1]
    count, width = len(padded) - 2 * window - _last_shift(num_blocks, block_shift), padded.shape[1]
    made = np.zeros((count, num_blocks + 1, width), np.float32)
    made[:, 0] = padded[window : window + count]
    for block in range(num_blocks):
        _add_scaled(made[:, block + 1], padded, block * block_shift, factors)
    return made.reshape(count, made.shape[1] * width)


def _add_scaled(target: Rows, padded: Rows, first: int, factors: NDArray[np.float32]) -> None:
    """Add rows times factors one after the other, in Kaldi's order; row 0 of ``target`` begins at ``first``."""
    for place, factor in enumerate(factors):
        if factor != 0:
            start = first + place
            target += factor * padded[start : start + len(target)]


def _shifted_context(window: int, num_blocks: int, block_shift: int) -> tuple[int, int]:
    delta_scales(1, window)
    if num_blocks < 0 or block_shift < 0:
        raise UsageError(f"num_blocks {num_blocks}, block_shift {block_shift}: expected numbers of 0 or more")
    return window, window + _last_shift(num_blocks, block_shift)


def _last_shift(num_blocks: int, block_shift: int) -> int:
    return max(num_blocks - 1, 0) * block_shift
