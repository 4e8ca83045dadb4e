"""Input scale factors of GNA: 16384 / max|x| over the first utterance of each input, as in the C++ sample."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MAX_QUANTIZED = 16384.0


def largest_value(features: NDArray[np.float32]) -> float:
    """The largest absolute value of features; those that are not finite are left out."""
    values = np.abs(features)
    largest = float(np.max(values, initial=0.0))
    return largest if np.isfinite(largest) else float(np.max(values[np.isfinite(values)], initial=0.0))


def scale_factor(largest: float) -> float:
    """Input scale factor where ``largest`` is the largest absolute value: 16384 / largest, 1 for silence."""
    return MAX_QUANTIZED / largest if largest > 0 else 1.0


def scale_factor_of(features: NDArray[np.float32]) -> float:
    """Input scale factor for a first utterance [T, D]: 16384 / max|x|, 1 for silence (C++ sample).

    Values that are not finite are left out.
    """
    return scale_factor(largest_value(features))
