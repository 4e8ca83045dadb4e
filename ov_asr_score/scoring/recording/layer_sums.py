"""Differences of a layer's values, added up request by request: any number of values in the same memory."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, log10, nan, sqrt

import numpy as np

from ov_asr_score.scoring.requests.runner import Float32Array

_AT_ONCE = 1 << 18  # values whose differences are in float64 at a time


@dataclass(slots=True)
class LayerSums:
    """Squares of the reference (``signal``) and of the differences (``noise``), over ``count`` pairs of finite values.

    ``broken`` counts pairs with a NaN, or with an infinity that the other side does not have. ``shape`` is that of
    the values in all requests, None where an axis differs from request to request. ``other_shape`` is there when both
    sides gave values that cannot be compared.
    """

    count: int = 0
    signal: float = 0.0
    noise: float = 0.0
    largest: float = 0.0
    broken: int = 0
    shape: tuple[int | None, ...] | None = None
    other_shape: tuple[int, ...] | None = None

    def add(self, reference: Float32Array, value: Float32Array) -> None:
        """Take in the values of one request; axes of length one may stand anywhere."""
        if _proper(reference.shape) != _proper(value.shape):
            self.other_shape = value.shape
        self.shape = _joint(self.shape, reference.shape)
        if self.other_shape is not None:
            return
        expected, actual = reference.reshape(-1), value.reshape(-1)
        for start in range(0, expected.size, _AT_ONCE):
            self._add_some(expected[start : start + _AT_ONCE], actual[start : start + _AT_ONCE])

    def _add_some(self, reference: Float32Array, value: Float32Array) -> None:
        expected, actual = reference.astype(np.float64), value.astype(np.float64)
        finite = np.isfinite(expected) & np.isfinite(actual)
        if not finite.all():
            self.broken += int(np.count_nonzero(~finite & (expected != actual)))
            expected, actual = expected[finite], actual[finite]
        difference = actual - expected
        self.count += difference.size
        self.signal += float(expected @ expected)
        self.noise += float(difference @ difference)
        self.largest = max(self.largest, float(np.max(np.abs(difference), initial=0.0)))

    @property
    def signal_to_noise(self) -> float:
        """Decibels: infinite without any difference, minus infinity where values are broken, NaN without values."""
        if self.broken:
            return -inf
        if not self.count:
            return nan
        if self.noise == 0.0:
            return inf
        return 10.0 * log10(self.signal / self.noise) if self.signal > 0.0 else -inf

    @property
    def rms(self) -> float:
        """Root of the mean squared difference."""
        return sqrt(self.noise / self.count) if self.count else 0.0

    @property
    def reference_rms(self) -> float:
        """Root of the mean square of the reference."""
        return sqrt(self.signal / self.count) if self.count else 0.0


def _proper(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(axis for axis in shape if axis != 1)


def _joint(before: tuple[int | None, ...] | None, shape: tuple[int, ...]) -> tuple[int | None, ...]:
    if before is None or len(before) != len(shape):
        return shape
    return tuple(old if old == new else None for old, new in zip(before, shape, strict=True))
