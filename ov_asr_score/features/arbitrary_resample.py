"""Kaldi's resampling of short signals at points that are not evenly spaced, as one matrix."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.features.windowed_sinc import windowed_sinc


def arbitrary_resample_matrix(
    num_samples: int, rate: float, cutoff: float, points: NDArray[np.floating[Any]], num_zeros: int
) -> NDArray[np.float32]:
    """The matrix [num_samples, P] that makes P values of signals [T, num_samples], of which the first is at time 0.

    ``rate`` and ``cutoff`` in Hz (``cutoff`` at most half of ``rate``), ``points`` [P] in seconds, ``num_zeros`` the
    width of the filter. Source: feat/resample.cc, ``ArbitraryResample::SetIndexes`` and ``SetWeights``.
    """
    rate_in, times = np.float32(rate), points.astype(np.float32)
    half_width = np.float32(num_zeros / (2.0 * float(np.float32(cutoff))))
    first = np.maximum(np.ceil(rate_in * (times - half_width)), 0)
    last = np.minimum(np.floor(rate_in * (times + half_width)), num_samples - 1)
    samples = np.arange(num_samples, dtype=np.float32)[:, None]
    weights = windowed_sinc(times - samples / rate_in, cutoff, num_zeros) / rate_in
    return np.where((first <= samples) & (samples <= last), weights, np.float32(0))
