"""The low-pass filter of Kaldi's two resamplers: a sinc under a raised cosine.

Tests: tests/features/test_linear_resample.py, tests/features/test_arbitrary_resample.py
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def windowed_sinc(seconds: NDArray[np.floating[Any]], cutoff: float, num_zeros: int) -> NDArray[np.float32]:
    """The filter at these times from its centre; its window is ``num_zeros`` periods of ``cutoff`` Hz wide.

    Single and double precision are where Kaldi has them. Source: feat/resample.cc, ``LinearResample::FilterFunc``.
    """
    cutoff = float(np.float32(cutoff))
    times = seconds.astype(np.float32).astype(np.float64)
    window = np.where(
        np.abs(times) < num_zeros / (2.0 * cutoff), 0.5 * (1 + np.cos(2 * np.pi * cutoff / num_zeros * times)), 0.0
    ).astype(np.float32)
    at_centre = times == 0
    sinc = np.sin(2 * np.pi * cutoff * times) / (np.pi * np.where(at_centre, 1.0, times))
    return np.where(at_centre, 2 * cutoff, sinc).astype(np.float32) * window
