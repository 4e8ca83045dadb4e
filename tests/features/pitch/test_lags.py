"""Lags, and correlations at them against their definition."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ov_asr_score.features.pitch.lags import _means, correlations, interpolated, interpolated_at, lags_of
from ov_asr_score.features.pitch.options import PitchExtractionOptions

DEFAULT = PitchExtractionOptions()


def test_candidates_are_a_ratio_apart() -> None:
    lags = lags_of(DEFAULT)
    assert len(lags.seconds) == 417 and lags.weights.shape == (75, 417)
    assert lags.seconds[0] == np.float32(1 / 400) and 0.0199 < lags.seconds[-1] <= 0.02
    np.testing.assert_allclose(lags.seconds[1:] / lags.seconds[:-1], 1.005, rtol=1e-6)
    assert len(lags_of(replace(DEFAULT, min_f0=400.0)).seconds) == 1


@pytest.mark.parametrize("changes", [{}, {"min_f0": 80.0, "frame_length": 20.0, "upsample_filter_width": 3}])
def test_correlations(changes: dict[str, float]) -> None:
    options = replace(DEFAULT, **changes)  # type: ignore[arg-type]
    size, first, last = options.window_size, options.first_lag, options.last_lag
    windows = np.random.default_rng(1).normal(50, 1000, (3, size + last)).astype(np.float32)
    found = correlations(windows, options)
    ballast = np.array([[0], [1e10], [1e20]], np.float32)
    nccf = found.nccf(ballast)
    for row, window in enumerate(windows.astype(np.float64)):
        centred = window - window[:size].mean()
        for lag in range(first, last + 1):
            product = centred[:size] @ centred[lag : lag + size]
            energies = (centred[:size] @ centred[:size]) * (centred[lag : lag + size] @ centred[lag : lag + size])
            assert found.products[row, lag - first] == pytest.approx(product, rel=1e-5, abs=10)
            assert nccf[row, lag - first] == pytest.approx(product / np.sqrt(energies + ballast[row, 0]), abs=1e-6)


def test_silence_has_no_correlation() -> None:
    windows = np.zeros((2, DEFAULT.window_size + DEFAULT.last_lag), np.float32)
    windows[1] = 77
    assert (correlations(windows, DEFAULT).nccf(np.zeros((2, 1), np.float32)) == 0).all()


def test_a_row_does_not_depend_on_others() -> None:
    lags = lags_of(DEFAULT)
    measured = np.random.default_rng(2).uniform(-1, 1, (70, 75)).astype(np.float32)
    whole = interpolated(measured, lags)
    assert whole.shape == (70, 417)
    np.testing.assert_allclose(whole, measured @ lags.weights, atol=1e-5)
    # rows 8 to 15 are a product of their own
    np.testing.assert_array_equal(interpolated(measured[8:], lags), whole[8:])
    np.testing.assert_array_equal(interpolated(measured[:0], lags), whole[:0])
    states = np.arange(70) * 5
    np.testing.assert_allclose(interpolated_at(measured, lags, states), whole[np.arange(70), states], atol=1e-5)


def test_means_are_rounded_as_by_openblas() -> None:
    # 1e8 + 1 is 1e8 in single precision; exactly the sum would be 3
    windows = np.array([[1e8, 1, -1e8, 1, 1], [1, 2, 3, 4, 5]], np.float32)
    np.testing.assert_array_equal(_means(windows), np.array([[0.2], [3]], np.float32))
    np.testing.assert_array_equal(_means(windows[:, :2]), np.array([[5e7], [1.5]], np.float32))
    np.testing.assert_array_equal(_means(windows[:, :1]), windows[:, :1])
