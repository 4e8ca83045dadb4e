"""Gather, while a run goes on, what its page shows of the errors; memory stays flat for any number of utterances."""

from __future__ import annotations

import heapq
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.comparison import ScoreDifference
from ov_asr_score.report.data.error_detail import (
    BINS_PER_DECADE,
    FIRST_DECADE,
    NUM_BINS,
    ErrorDetail,
    ErrorHistogram,
    ErrorSeries,
    ScoreImages,
    UtteranceRow,
)
from ov_asr_score.report.data.run import UtteranceReport

MAX_ROWS = 1000
MAX_SERIES = 6
MAX_IMAGES = 3
MAX_POINTS = 600  # of a series
MAX_IMAGE_FRAMES, MAX_IMAGE_CLASSES = 400, 120

# Scores looked at at a time, so that temporaries stay in a processor's cache.
_BLOCK_SCORES = 1 << 16

Matrix = NDArray[np.floating[Any]]
Badness = tuple[float, float, float]
_Item = TypeVar("_Item")


class DetailCollector:
    """Takes pairs of matrices as they are compared, and utterances as they are done; ``detail`` is what stays."""

    def __init__(self, *, with_scores: bool) -> None:
        """Images, which show scores, are made only ``with_scores``."""
        self._rows: _Worst[UtteranceRow] = _Worst(MAX_ROWS)
        self._series: _Worst[ErrorSeries] = _Worst(MAX_SERIES)
        self._images: _Worst[ScoreImages] = _Worst(MAX_IMAGES if with_scores else 0)
        self._histograms: dict[str, ErrorHistogram] = {}
        self._num_rows = 0

    def compared(self, key: str, output: str, scores: Matrix, reference: Matrix, difference: ScoreDifference) -> None:
        """Look at one output of an utterance, both matrices [T, N]."""
        _add_errors(self._histograms.setdefault(output, ErrorHistogram()), scores, reference)
        badness = _badness(difference)
        if not scores.size or difference.max_abs == 0:
            return
        if self._series.has_room_for(badness):
            self._series.add(badness, _series(key, output, scores, reference, difference))
        if self._images.has_room_for(badness):
            self._images.add(badness, _images(key, output, scores, reference))

    def utterance(self, report: UtteranceReport) -> None:
        """Keep a row for each output that was compared, or one row where nothing was."""
        outputs = list(report.differences) or [""]
        for output in outputs:
            difference = report.differences.get(output)
            self._num_rows += 1
            badness = _badness(difference)
            if self._rows.has_room_for(badness):
                row = UtteranceRow(report.key, output, report.frames, report.infer_seconds, difference)
                self._rows.add(badness, row)

    @property
    def detail(self) -> ErrorDetail:
        """What was gathered so far, worst first."""
        rows, series, images = (worst.sorted() for worst in (self._rows, self._series, self._images))
        return ErrorDetail(self._histograms, rows, self._num_rows, series, images)  # type: ignore[arg-type]


class _Worst(Generic[_Item]):
    """The worst items seen, a bounded number of them; the first come first among equals."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._count = 0
        self._heap: list[tuple[Badness, int, _Item]] = []

    def has_room_for(self, badness: Badness) -> bool:
        return len(self._heap) < self._most or (self._most > 0 and badness > self._heap[0][0])

    def add(self, badness: Badness, item: _Item) -> None:
        self._count += 1
        entry = (badness, -self._count, item)  # no two have one count, so that items are never compared
        (heapq.heappush if len(self._heap) < self._most else heapq.heappushpop)(self._heap, entry)

    def sorted(self) -> list[_Item]:
        return [item for *_, item in sorted(self._heap, key=lambda entry: entry[:2], reverse=True)]


def _badness(difference: ScoreDifference | None) -> Badness:
    if difference is None:
        return (-1.0, 0.0, 0.0)
    return (difference.max_abs, float(difference.num_nonfinite_mismatch), difference.rms)


def _add_errors(histogram: ErrorHistogram, scores: Matrix, reference: Matrix) -> None:
    flat_scores, flat_reference = scores.ravel(), reference.ravel()
    with np.errstate(all="ignore"):
        for first in range(0, flat_scores.size, _BLOCK_SCORES):
            block = slice(first, first + _BLOCK_SCORES)
            error = np.abs(flat_scores[block].astype(np.float64) - flat_reference[block])
            size = error.size
            if not np.isfinite(error.sum()):
                error = error[np.isfinite(error)]
            equal = error.size - int(np.count_nonzero(error))
            # in float32 a logarithm takes a quarter of the time; that of 0 is -inf, which is clipped to the first bin
            places = np.log10(error.astype(np.float32))
            places -= FIRST_DECADE
            places *= BINS_PER_DECADE
            np.clip(places, 0, NUM_BINS - 1, out=places)
            counts = np.bincount(places.astype(np.intp), minlength=NUM_BINS)
            counts[0] -= equal
            histogram.counts += counts
            histogram.equal += equal
            histogram.nonfinite += size - error.size


def _series(key: str, output: str, scores: Matrix, reference: Matrix, difference: ScoreDifference) -> ErrorSeries:
    frames, columns = scores.shape
    rms = np.empty(frames)
    broken = np.zeros(frames, bool)
    rows = max(1, _BLOCK_SCORES // columns)
    with np.errstate(all="ignore"):
        for first in range(0, frames, rows):
            block = slice(first, first + rows)
            finite = np.isfinite(scores[block]) & np.isfinite(reference[block])
            error = np.where(finite, scores[block].astype(np.float64) - reference[block], 0)
            rms[block] = np.sqrt(np.square(error).sum(axis=1) / finite.sum(axis=1))  # 0 / 0: NaN
            agree = finite | (np.isinf(scores[block]) & (scores[block] == reference[block]))
            broken[block] = ~agree.all(axis=1)
    step = -(-frames // MAX_POINTS)
    places = tuple(int(place) for place in np.flatnonzero(_largest(broken, step, 0)))
    return ErrorSeries(key, output, frames, step, _largest(rms, step, 0), places, difference)


def _images(key: str, output: str, scores: Matrix, reference: Matrix) -> ScoreImages:
    frames, classes = scores.shape
    frame_step, class_step = -(-frames // MAX_IMAGE_FRAMES), -(-classes // MAX_IMAGE_CLASSES)

    def image(matrix: Matrix) -> Matrix:
        values = np.where(np.isfinite(matrix), matrix, np.nan)
        return np.ascontiguousarray(_largest(_largest(values, class_step, 1), frame_step, 0).T)

    with np.errstate(all="ignore"):
        distance = np.abs(scores.astype(np.float32) - reference)
    steps = (frames, classes, frame_step, class_step)
    return ScoreImages(key, output, *steps, image(scores), image(reference), image(distance))


def _largest(values: NDArray[Any], step: int, axis: int) -> NDArray[Any]:
    """The largest of every ``step`` values along ``axis``, NaN only where all of them are."""
    starts = np.arange(0, values.shape[axis], step)
    return np.fmax.reduceat(values, starts, axis=axis)
