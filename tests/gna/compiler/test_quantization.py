"""Weights and biases as integers."""

from __future__ import annotations

import numpy as np
import pytest

from ov_asr_score.gna.compiler.quantization import quantize_values, quantize_weights
from ov_asr_score.gna.model import COMPOUND_BIAS, DataType

RANDOM = np.random.default_rng(0)


def test_16_bit_weights_are_rounded_and_clamped() -> None:
    weights = np.array([[1.4, -1.6, 0.5], [40000.0, -40000.0, 0.0]])
    found = quantize_weights(weights, np.array([1.0, -3.0]), 100.0, np.zeros(3), 16)
    assert found.weights.dtype == np.dtype("<i2")
    np.testing.assert_array_equal(found.weights, [[1, -2, 0], [32767, -32767, 0]])
    np.testing.assert_array_equal(found.biases, [100, -300])
    assert (found.weight_type, found.bias_type) == (DataType.INT16, DataType.INT32)


def test_biases_are_clamped_to_int32() -> None:
    found = quantize_weights(np.zeros((2, 8)), np.array([1e9, -1e9]), 100.0, np.zeros(8), 16)
    np.testing.assert_array_equal(found.biases, [2**31 - 1, -(2**31)])


@pytest.mark.parametrize("scale", [3.0, 300.0, 30000.0])
def test_8_bit_rows_have_separate_multipliers(scale: float) -> None:
    weights = RANDOM.normal(size=(40, 64)) * scale / 5 * np.exp(RANDOM.normal(size=(40, 1)) / 3)
    found = quantize_weights(weights, np.zeros(40), 1.0, np.zeros(64), 8)
    assert (found.weights.dtype, found.biases.dtype) == (np.dtype("i1"), COMPOUND_BIAS)
    multipliers = found.biases["multiplier"].astype(float)[:, None]
    assert np.all(multipliers >= 1)
    rows = np.abs(weights).max(axis=1) <= 127 * 255  # others do not fit, whatever the multiplier
    errors = np.abs(found.weights * multipliers - weights).max(axis=1)
    assert np.all(errors[rows] <= np.maximum(np.abs(weights).max(axis=1) / 32, 1)[rows])


def test_row_multiplier_is_locally_optimal() -> None:
    weights = RANDOM.normal(size=(20, 32)) * 900
    found = quantize_weights(weights, np.zeros(20), 1.0, np.zeros(32), 8)
    chosen = found.biases["multiplier"].astype(float)

    def error(
        multipliers: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    ) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        rounded = np.clip(np.rint(weights / multipliers[:, None]), -127, 127)
        return np.asarray(((rounded * multipliers[:, None] - weights) ** 2).sum(axis=1))

    least = np.ceil(np.abs(weights).max(axis=1) / 127)
    assert np.all(error(chosen) <= error(least) + 1e-9)
    assert error(chosen).sum() < error(least).sum()


def test_zero_rows_stay_zero() -> None:
    found = quantize_weights(np.zeros((3, 16)), np.arange(3.0), 10.0, np.zeros(16), 8)
    assert not found.weights.any()
    np.testing.assert_array_equal(found.biases["bias"], [0, 10, 20])
    np.testing.assert_array_equal(found.biases["unused"], 0)


@pytest.mark.parametrize("bits", [8, 16])
def test_mean_rounding_error_is_subtracted_from_bias(bits: int) -> None:
    weights = RANDOM.normal(size=(30, 200)) * 400
    means = np.full(200, 1000.0)
    found = quantize_weights(weights, np.zeros(30), 1.0, means, bits)
    multipliers = found.biases["multiplier"].astype(float)[:, None] if bits == 8 else 1.0
    biases = found.biases["bias"] if bits == 8 else found.biases
    sums = (found.weights * multipliers) @ means + biases
    np.testing.assert_allclose(sums, weights @ means, atol=0.5)


def test_constants_are_rounded() -> None:
    values = np.array([0.5, -0.26, 10.0], np.float32)
    np.testing.assert_array_equal(quantize_values(values, 10.0), [5, -3, 100])
    assert quantize_values(np.array([1e9], np.float32), 10.0)[0] == 32767
