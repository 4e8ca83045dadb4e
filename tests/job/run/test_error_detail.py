from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from ov_asr_score.comparison import compare_scores
from ov_asr_score.job.run.error_detail import (
    MAX_IMAGE_CLASSES,
    MAX_IMAGE_FRAMES,
    MAX_IMAGES,
    MAX_POINTS,
    MAX_ROWS,
    MAX_SERIES,
    DetailCollector,
)
from ov_asr_score.report.data.error_detail import NUM_BINS, bin_edges
from ov_asr_score.report.data.run import UtteranceReport


def compare(collector: DetailCollector, key: str, scores: np.ndarray, reference: np.ndarray) -> None:
    difference = compare_scores(scores, reference, key=key)
    collector.compared(key, "out", scores, reference, difference)
    report = UtteranceReport(key, len(scores), 0, 1, 0.5, {"out": scores.shape[1]}, {"out": difference})
    collector.utterance(report)


def test_histogram_counts_every_pair_once_in_the_bin_of_its_error() -> None:
    generator = np.random.default_rng(1)
    error = 10.0 ** generator.uniform(-14, 8, (700, 150))
    error[0, :20] = 0
    reference = np.zeros_like(error)
    error[1, :3] = np.nan, np.inf, -np.inf
    reference[1, 2] = -np.inf
    collector = DetailCollector(with_scores=False)
    compare(collector, "a", error, reference)
    histogram = collector.detail.histograms["out"]
    assert (histogram.equal, histogram.nonfinite) == (20, 3)
    assert histogram.counts.sum() + 23 == error.size
    positive = error[np.isfinite(error) & (error > 0)]
    expected, _ = np.histogram(np.clip(positive, 1.001e-12, 0.999e6), bin_edges())
    # what lies within a rounding error of an edge may be in the next bin
    assert np.abs(np.cumsum(histogram.counts - expected)).max() <= 2
    assert len(histogram.counts) == NUM_BINS


def test_rows_are_the_worst_and_the_others_are_counted() -> None:
    collector = DetailCollector(with_scores=False)
    sizes = np.random.default_rng(2).permutation(MAX_ROWS + 500)
    for size in sizes:
        compare(collector, f"u{size}", np.full((2, 3), float(size)), np.zeros((2, 3)))
    detail = collector.detail
    assert detail.num_rows == MAX_ROWS + 500
    assert [row.key for row in detail.rows] == [f"u{MAX_ROWS + 499 - index}" for index in range(MAX_ROWS)]
    assert [each.key for each in detail.series] == [row.key for row in detail.rows[:MAX_SERIES]]
    assert detail.images == []


def test_without_comparison_the_first_rows_stay() -> None:
    collector = DetailCollector(with_scores=True)
    for index in range(MAX_ROWS + 3):
        collector.utterance(UtteranceReport(f"u{index}", 5, 0, 1, 0.1, {"out": 3}))
    assert [row.key for row in collector.detail.rows] == [f"u{index}" for index in range(MAX_ROWS)]
    assert all(row.difference is None for row in collector.detail.rows)


def test_broken_scores_come_before_large_errors() -> None:
    collector = DetailCollector(with_scores=False)
    compare(collector, "large", np.full((2, 2), 1e30), np.zeros((2, 2)))
    compare(collector, "nan", np.array([[0.0, np.nan]]), np.zeros((1, 2)))
    compare(collector, "equal", np.zeros((2, 2)), np.zeros((2, 2)))
    assert [row.key for row in collector.detail.rows] == ["nan", "large", "equal"]
    assert [each.key for each in collector.detail.series] == ["nan", "large"]


def test_series_holds_the_rms_of_each_frame() -> None:
    scores = np.random.default_rng(3).normal(size=(50, 7)).astype(np.float32)
    reference = np.zeros_like(scores)
    scores[4, 2], scores[9] = np.nan, np.inf
    reference[9] = np.inf
    collector = DetailCollector(with_scores=False)
    compare(collector, "a", scores, reference)
    (series,) = collector.detail.series
    assert (series.frames, series.step, series.broken) == (50, 1, (4,))
    whole = [frame for frame in range(50) if frame not in (4, 9)]
    expected = np.sqrt(np.square(scores[whole].astype(np.float64)).mean(axis=1))
    np.testing.assert_allclose(series.rms[whole], expected, rtol=1e-12)
    assert series.rms[4] == pytest.approx(np.sqrt(np.nanmean(np.square(scores[4].astype(np.float64)))))
    assert np.isnan(series.rms[9])  # the same infinities agree, and leave nothing to measure


def test_long_utterances_keep_their_peaks() -> None:
    scores = np.zeros((10 * MAX_POINTS + 1, 3))
    scores[4321] = 2.0
    collector = DetailCollector(with_scores=False)
    compare(collector, "a", scores, np.zeros_like(scores))
    (series,) = collector.detail.series
    assert len(series.rms) <= MAX_POINTS
    assert series.rms.max() == 2.0
    assert int(series.rms.argmax()) == 4321 // series.step


def test_images_are_small_and_keep_the_largest_values() -> None:
    scores, reference = np.zeros((1000, 500), np.float32), np.zeros((1000, 500), np.float32)
    scores[723, 333], reference[111, 222], scores[5, 5] = 7, 9, np.nan
    collector = DetailCollector(with_scores=True)
    for index in range(MAX_IMAGES + 2):
        compare(collector, f"u{index}", scores + 0, reference)
    detail = collector.detail
    assert [each.key for each in detail.images] == [f"u{index}" for index in range(MAX_IMAGES)]
    image = detail.images[0]
    assert image.scores.shape == image.reference.shape == image.distance.shape
    assert image.scores.shape[0] <= MAX_IMAGE_CLASSES
    assert image.scores.shape[1] <= MAX_IMAGE_FRAMES
    assert (image.frames, image.classes) == (1000, 500)
    for values, frame, column, value in (
        (image.scores, 723, 333, 7),
        (image.reference, 111, 222, 9),
        (image.distance, 111, 222, 9),
        (image.distance, 723, 333, 7),
    ):
        assert values[column // image.class_step, frame // image.frame_step] == value
    assert np.isfinite(image.scores).all()


def test_memory_stays_flat() -> None:
    collector = DetailCollector(with_scores=True)
    generator = np.random.default_rng(4)

    def compare_many(count: int) -> int:
        for _ in range(count):
            scores = generator.normal(size=(500, 200)).astype(np.float32) * generator.uniform(0.5, 2)
            collector.compared("u", "out", scores, scores * 0, compare_scores(scores, scores * 0))
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        few, many = compare_many(20), compare_many(60)
    finally:
        tracemalloc.stop()
    assert many < few + (1 << 20)
