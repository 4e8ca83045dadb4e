"""Resampling at arbitrary points against its definition, written out value by value."""

from __future__ import annotations

from math import cos, pi, sin

import numpy as np
import pytest

from ov_asr_score.features.arbitrary_resample import arbitrary_resample_matrix


@pytest.mark.parametrize(("rate", "cutoff", "zeros"), [(4000.0, 2000.0, 5), (3000.0, 1200.0, 3), (100.0, 50.0, 1)])
def test_definition(rate: float, cutoff: float, zeros: int) -> None:
    points = np.geomspace(2.3 / rate, 17.4 / rate, 23).astype(np.float32)
    made = arbitrary_resample_matrix(20, rate, cutoff, points, zeros)
    assert made.dtype == np.float32
    expected = np.zeros((20, len(points)))
    for sample in range(20):
        for place, point in enumerate(points):
            t = float(point) - sample / rate
            if abs(t) < zeros / (2 * cutoff):
                filtered = sin(2 * pi * cutoff * t) / (pi * t) if t else 2 * cutoff
                expected[sample, place] = filtered * 0.5 * (1 + cos(2 * pi * cutoff / zeros * t)) / rate
    np.testing.assert_allclose(made, expected, atol=1e-5)


def test_a_slow_tone() -> None:
    points = np.linspace(6.1, 33.3, 50) / 4000
    matrix = arbitrary_resample_matrix(40, 4000.0, 2000.0, points, 9)
    tone = np.cos(2 * np.pi * 300 * np.arange(40) / 4000)
    np.testing.assert_allclose(tone @ matrix, np.cos(2 * np.pi * 300 * points), atol=0.01)


def test_points_at_samples_take_them() -> None:
    matrix = arbitrary_resample_matrix(8, 1000.0, 500.0, np.array([0.0, 0.003]), 1)
    np.testing.assert_allclose(matrix[:, 1], [0, 0, 0, 1, 0, 0, 0, 0], atol=1e-6)
