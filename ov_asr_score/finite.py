"""NaN and infinity in arrays, at the speed of memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def is_finite(array: NDArray[Any]) -> bool:
    """True when all values are finite; one sum tells it for nearly every array, without a temporary as large as it."""
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(array.sum()):
            return True
    return bool(np.isfinite(array).all())


def value_text(array: NDArray[Any], index: Sequence[int] | int) -> str:
    """One value with its place: ``[3, 17] is NaN``, ``[5] is -inf``; of a single number ``is NaN``.

    ``index`` counts values from the first, row by row, or is the place itself.
    """
    place = np.unravel_index(index, array.shape) if isinstance(index, int) else tuple(index)
    value = float(array[place])
    text = "NaN" if np.isnan(value) else f"{value:g}"
    numbers = ", ".join(str(int(number)) for number in place)
    return f"[{numbers}] is {text}" if numbers else f"is {text}"


def nonfinite_text(array: NDArray[Any]) -> str:
    """The first value that is not finite with its place and the number of others; empty where all are finite."""
    if is_finite(array):
        return ""
    places = np.flatnonzero(~np.isfinite(array))
    more = len(places) - 1
    return value_text(array, int(places[0])) + (f", and {more:,} more" if more else "")
