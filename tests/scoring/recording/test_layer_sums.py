"""Sums of differences: what they say, in any order of requests, and of values that are not numbers."""

from __future__ import annotations

from math import inf, isnan

import numpy as np
import pytest

from ov_asr_score.scoring.recording.layer_sums import LayerSums


def sums_of(*pairs: tuple[list[float], list[float]]) -> LayerSums:
    sums = LayerSums()
    for reference, found in pairs:
        sums.add(np.array(reference, np.float32), np.array(found, np.float32))
    return sums


def test_known_numbers() -> None:
    sums = sums_of(([3.0, 0.0], [3.0, 0.5]), ([0.0, 4.0], [0.0, 4.0]))
    assert (sums.count, sums.signal, sums.noise, sums.largest) == (4, 25.0, 0.25, 0.5)
    assert sums.signal_to_noise == pytest.approx(20.0)
    assert sums.rms == pytest.approx(0.25)
    assert sums.reference_rms == pytest.approx(2.5)


def test_many_values_are_summed_piece_by_piece() -> None:
    generator = np.random.default_rng(3)
    wanted = generator.standard_normal((700, 1000)).astype(np.float32)
    found = (wanted + generator.standard_normal((700, 1000)) / 100).astype(np.float32)
    sums = LayerSums()
    sums.add(wanted, found)
    difference = found.astype(np.float64) - wanted
    assert sums.count == 700_000
    assert sums.noise == pytest.approx(np.sum(difference**2), rel=1e-12)
    assert sums.largest == np.abs(difference).max()


def test_no_difference_no_signal_no_values() -> None:
    assert sums_of(([1.0], [1.0])).signal_to_noise == inf
    assert sums_of(([0.0], [1.0])).signal_to_noise == -inf
    assert isnan(sums_of(([], [])).signal_to_noise)


def test_what_is_not_finite_on_both_sides_alike_is_no_difference_but_nan_is() -> None:
    alike = sums_of(([inf, -inf, 1.0], [inf, -inf, 1.0]))
    assert (alike.broken, alike.count, alike.signal_to_noise) == (0, 1, inf)
    for found in ([np.nan, 1.0], [inf, 1.0]):
        assert sums_of(([1.0, 1.0], found)).signal_to_noise == -inf
    both = sums_of(([np.nan, 1.0], [np.nan, 1.0]))
    assert (both.broken, both.signal_to_noise) == (1, -inf)


def test_shapes() -> None:
    sums = LayerSums()
    sums.add(np.zeros((1, 5, 3), np.float32), np.zeros((5, 3), np.float32))
    sums.add(np.zeros((1, 7, 3), np.float32), np.zeros((7, 3), np.float32))
    assert (sums.shape, sums.other_shape) == ((1, None, 3), None)
    sums.add(np.zeros((1, 7, 3), np.float32), np.zeros((7, 4), np.float32))
    assert sums.other_shape == (7, 4)
