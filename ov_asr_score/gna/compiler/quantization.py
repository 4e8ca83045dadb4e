"""Quantizes weights and biases to the integers of the device."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.gna.compiler.value_ranges import Float64Array
from ov_asr_score.gna.model import COMPOUND_BIAS, DataType

_INT32 = (-(2**31), 2**31 - 1)
_LAST_16, _LAST_8, _LAST_MULTIPLIER = 32767, 127, 255
_TRIES = 6


@dataclass(frozen=True, slots=True, eq=False)
class Quantized:
    """``weights`` (int8 or int16) and ``biases`` (int32 or :data:`COMPOUND_BIAS`), with their types in the format."""

    weights: NDArray[Any]
    biases: NDArray[Any]
    weight_type: DataType
    bias_type: DataType


def quantize_weights(
    weights: Float64Array, biases: Float64Array, sums_scale: float, input_means: Float64Array, weight_bits: int
) -> Quantized:
    """Rows of ``weights`` [M, K] and ``biases`` [M] as integers.

    ``weights`` are in units of the sums: float weights · scale factor of the sums / scale factor of the input.
    ``input_means`` [K] are the mean inputs, in integers: the mean error that rounded weights cause in a sum is
    subtracted from its bias.
    """
    if weight_bits == 8:
        rounded, multipliers = _round_8(weights)
        kept = rounded * multipliers[:, None]
    else:
        rounded = np.clip(np.rint(weights), -_LAST_16, _LAST_16)
        kept = rounded
    whole = np.clip(np.rint(biases * sums_scale + (weights - kept) @ input_means), *_INT32).astype("<i4")
    if weight_bits == 16:
        return Quantized(rounded.astype("<i2"), whole, DataType.INT16, DataType.INT32)
    compound = np.zeros(len(whole), COMPOUND_BIAS)
    compound["bias"], compound["multiplier"] = whole, multipliers.astype(np.uint8)
    return Quantized(rounded.astype("i1"), compound, DataType.INT8, DataType.COMPOUND_BIAS)


def _round_8(weights: Float64Array) -> tuple[Float64Array, Float64Array]:
    """The 8-bit weights [M, K] and row multipliers [M] with the least error; rows of zeros have multiplier 1."""
    largest = np.max(np.abs(weights), axis=1, initial=0.0)
    least = np.clip(np.ceil(largest / _LAST_8), 1, _LAST_MULTIPLIER)
    best_error = np.full(len(weights), np.inf)
    best_weights, best_multipliers = np.zeros(weights.shape), least.copy()
    # One less clips the largest weight slightly; a few more may happen to give a better grid.
    for change in range(-1, _TRIES - 1):
        multipliers = np.clip(least + change, 1, _LAST_MULTIPLIER)
        rounded = np.clip(np.rint(weights / multipliers[:, None]), -_LAST_8, _LAST_8)
        error = np.sum((rounded * multipliers[:, None] - weights) ** 2, axis=1)
        better = error < best_error
        best_error = np.where(better, error, best_error)
        best_weights[better], best_multipliers[better] = rounded[better], multipliers[better]
    return best_weights, best_multipliers


def quantize_values(values: NDArray[np.float32], scale: float) -> NDArray[np.int16]:
    """Constants rounded to 16-bit integers."""
    return np.asarray(np.clip(np.rint(values.astype(np.float64) * scale), -_LAST_16 - 1, _LAST_16)).astype("<i2")
