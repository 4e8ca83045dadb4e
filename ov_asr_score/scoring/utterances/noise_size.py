"""How large noise has to be to move the values of an utterance in a trial."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def noise_size(values: NDArray[Any]) -> float:
    """The standard deviation of ``values``, or their largest one where they hardly differ; 1 where all are zero.

    Values that are not finite count as zero. One frame, or the same again and again, has a deviation of rounding alone.
    """
    if not values.size:
        return 1.0
    finite = np.nan_to_num(np.asarray(values, np.float32), posinf=0.0, neginf=0.0)
    size, largest = float(np.std(finite)), float(np.max(np.abs(finite), initial=0.0))
    return (size if size > 1e-3 * largest else largest) or 1.0
