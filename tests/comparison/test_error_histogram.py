"""Histograms of errors with fixed bins: percentiles, counts by octave and by decade."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from ov_asr_score.comparison.error_histogram import (
    NUM_BINS,
    RELATIVE_WIDTH,
    by_decade,
    by_octave,
    count_errors,
    lower_edges,
    percentile,
)


def histogram(*errors: float) -> NDArray[np.int64]:
    with np.errstate(over="ignore"):
        single = np.array(errors).astype(np.float32)
    return count_errors(single, np.empty(len(errors), np.int64))


def test_counts_of_parts_add_up() -> None:
    counts = histogram(0.5, 0.25) + histogram(0.5)
    assert counts.shape == (NUM_BINS,)
    assert counts.tolist() == histogram(0.25, 0.5, 0.5).tolist()


def test_histogram_by_octave_counts_all_nonzero_errors() -> None:
    counts = histogram(0.0, 1e-42, 1e-30, 0.75, 1.0, 1.99, 5.0, 1e300)
    edges, numbers = by_octave(counts)
    assert len(edges) == len(numbers) + 1
    occupied = [(low, high, number) for low, high, number in zip(edges, edges[1:], numbers, strict=False) if number]
    assert occupied == [(2**-100, 2**-99, 1), (0.5, 1, 1), (1, 2, 2), (4, 8, 1), (math.inf, math.inf, 1)]
    assert counts[0] == 2  # 1e-42 cannot be told from zero


def test_histogram_by_decade_ignores_zero_and_infinite_errors() -> None:
    counts = by_decade(histogram(0.0, 1e-30, 0.75, 1.0, 1.99, 5.0, 1e300))
    assert {power: count for power, count in counts.items() if count} == {-30: 1, -1: 1, 0: 3}


def test_empty_histograms() -> None:
    assert by_octave(histogram(0.0)) == ([], [])
    assert by_decade(histogram(0.0)) == {}
    assert percentile(np.zeros(NUM_BINS, np.int64), 99.0) == 0.0


@pytest.mark.parametrize(("percent", "error"), [(0.0, 1.0), (99.9, 1.0), (99.95, 2.0), (100.0, 2.0)])
def test_percentile(percent: float, error: float) -> None:
    assert percentile(histogram(*[1.0] * 999, 2.0), percent) == pytest.approx(error, rel=RELATIVE_WIDTH)


def test_histogram_bin_width() -> None:
    edges = lower_edges(np.arange(16 * 16, 255 * 16))
    widths = np.diff(edges) / edges[:-1]
    assert widths.max() == pytest.approx(2 * RELATIVE_WIDTH)
    assert widths.min() > RELATIVE_WIDTH
