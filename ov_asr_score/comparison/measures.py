"""What errors mean for recognition: measures of best classes, posteriors, and where errors occur.

One pass over pairs of matrices; totals are of fixed size and add up. Sums are in float64.

A pair is one score and the reference at the same frame and column; it counts if both are finite. A frame counts if at
least one of its pairs does and every other one is minus infinity on both sides (a probability of zero). The remaining
frames are skipped, and counted as such. Classes are compared in frames of at least two columns.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.comparison.class_ranks import best_places
from ov_asr_score.comparison.correlation import PairMoments, pair_moments
from ov_asr_score.comparison.error_histogram import NUM_BINS, count_errors, percentile
from ov_asr_score.comparison.posteriors import SMALL_ERROR, kl_divergence, small_kl_divergence
from ov_asr_score.errors import ShapeMismatchError

EDGE_FRAMES = 10
"""Frames at the beginning and at the end of an utterance whose errors are also counted separately."""

_TOP = 5

# Scores measured at a time: float64 temporaries of this size fit in the processor's cache.
_BLOCK_SCORES = 1 << 16

Matrix = NDArray[np.floating[Any]]
Float64s = NDArray[np.float64]


def _no_classes() -> Float64s:
    return np.zeros(0)


@dataclass(slots=True, eq=False)
class ScoreMeasures:
    """Sums of everything measured; ``add`` takes in an utterance, ``merge`` another total."""

    frames: int = 0  # frames that count, those with a single column included
    skipped_frames: int = 0
    class_frames: int = 0  # frames that count and have at least two columns
    class_agreements: int = 0
    top_agreements: int = 0
    top_shared: int = 0  # classes among the best five of both sides
    top_possible: int = 0  # five for each frame, fewer where there are fewer columns
    sum_kl: float = 0.0
    max_kl: float = 0.0
    moments: PairMoments = field(default_factory=PairMoments)
    class_squared: Float64s = field(default_factory=_no_classes)  # by column: sum of squared errors
    class_largest: Float64s = field(default_factory=_no_classes)  # by column: largest absolute error
    class_pairs: Float64s = field(default_factory=_no_classes)  # by column: finite pairs
    # each for the first frames, the middle, and the last frames
    position_squared: Float64s = field(default_factory=lambda: np.zeros(3))
    position_pairs: Float64s = field(default_factory=lambda: np.zeros(3))
    histogram: NDArray[np.int64] = field(default_factory=lambda: np.zeros(NUM_BINS, np.int64))
    # reused for every block: allocating memory for each of them would cost as much as the computation
    _workspace: _Workspace = field(default_factory=lambda: _Workspace(0), repr=False)

    def add(self, scores: Matrix, reference: Matrix) -> None:
        """Count one whole utterance, both matrices [T, N]; each may be of any floating-point type.

        Temporary memory is a few MB, however large they are. Raises ShapeMismatchError when the shapes differ or are
        not [T, N].
        """
        if scores.shape != reference.shape or scores.ndim != 2:
            raise ShapeMismatchError(
                f"expected scores and reference of the same shape [T, N], found {list(scores.shape)} and"
                f" {list(reference.shape)}; use a reference made from the same features and model"
            )
        num_frames, num_columns = scores.shape
        if scores.size == 0:
            return
        self._widen(num_columns)
        block_frames = max(1, _BLOCK_SCORES // num_columns)
        if self._workspace.size < block_frames * num_columns:
            self._workspace = _Workspace(max(_BLOCK_SCORES, num_columns))
        with np.errstate(all="ignore"):  # infinities are handled
            for first in range(0, num_frames, block_frames):
                block = slice(first, first + block_frames)
                self._add_block(scores[block], reference[block], first, num_frames)

    def merge(self, other: ScoreMeasures) -> None:
        """Add everything that ``other`` counted."""
        self._widen(len(other.class_squared))
        self.frames += other.frames
        self.skipped_frames += other.skipped_frames
        self.class_frames += other.class_frames
        self.class_agreements += other.class_agreements
        self.top_agreements += other.top_agreements
        self.top_shared += other.top_shared
        self.top_possible += other.top_possible
        self.sum_kl += other.sum_kl
        self.max_kl = _larger(self.max_kl, other.max_kl)
        self.moments += other.moments
        width = len(other.class_squared)
        self.class_squared[:width] += other.class_squared
        self.class_pairs[:width] += other.class_pairs
        np.maximum(self.class_largest[:width], other.class_largest, out=self.class_largest[:width])
        self.position_squared += other.position_squared
        self.position_pairs += other.position_pairs
        self.histogram += other.histogram

    @property
    def class_agreement(self) -> float | None:
        """Fraction of frames with the best class of the reference (the first of equal scores); None without classes."""
        return _share(self.class_agreements, self.class_frames)

    @property
    def top5_agreement(self) -> float | None:
        """Fraction of frames whose best reference class is among the five best scores; None without classes."""
        return _share(self.top_agreements, self.class_frames)

    @property
    def top5_overlap(self) -> float | None:
        """Mean fraction of the five best reference classes among the five best scores; None without classes."""
        return _share(self.top_shared, self.top_possible)

    @property
    def mean_kl(self) -> float | None:
        """Mean over frames of KL(reference || scores), in nats, with softmax over the columns; None without classes."""
        return _share(self.sum_kl, self.class_frames)

    @property
    def class_rms(self) -> Float64s:
        """RMS error by column: [N]; 0 for a column without finite pairs."""
        return np.sqrt(self.class_squared / np.maximum(self.class_pairs, 1))

    @property
    def position_rms(self) -> tuple[float, float, float]:
        """RMS error of the first frames of utterances, the middle and the last; in short ones a frame can be in two."""
        first, middle, last = np.sqrt(self.position_squared / np.maximum(self.position_pairs, 1)).tolist()
        return first, middle, last

    def percentile(self, percent: float) -> float:
        """The absolute error that ``percent`` of the pairs do not exceed, accurate to 1/32 of its value."""
        largest = float(self.class_largest.max(initial=0.0))
        return min(percentile(self.histogram, percent), largest)

    def _widen(self, num_columns: int) -> None:
        missing = num_columns - len(self.class_squared)
        if missing > 0:
            self.class_squared = np.pad(self.class_squared, (0, missing))
            self.class_largest = np.pad(self.class_largest, (0, missing))
            self.class_pairs = np.pad(self.class_pairs, (0, missing))

    def _add_block(self, scores: Matrix, reference: Matrix, first: int, num_frames: int) -> None:
        workspace = self._workspace
        error, wide = workspace.array("error", scores.shape), workspace.array("reference", scores.shape)
        np.copyto(wide, reference)
        np.copyto(error, scores)
        error -= wide
        largest = np.maximum(error.max(axis=0), -error.min(axis=0))
        finite = None
        # The maxima reveal any NaN or infinity, so that finite scores, the usual case, need no masks.
        if math.isfinite(float(largest.max())):
            self._add_frames(scores, reference, error, float(largest.max()))
        else:
            finite = np.isfinite(scores) & np.isfinite(reference)
            error[~finite] = 0
            wide[~finite] = 0
            largest = np.maximum(error.max(axis=0), -error.min(axis=0))
            impossible = np.isneginf(scores) & np.isneginf(reference)
            usable: NDArray[np.bool_] = np.all(finite | impossible, axis=1) & np.any(finite, axis=1)
            self.skipped_frames += len(usable) - int(np.count_nonzero(usable))
            self._add_frames(scores[usable], reference[usable], error[usable], float(largest.max()))
        columns = len(largest)
        np.maximum(self.class_largest[:columns], largest, out=self.class_largest[:columns])
        pairs = error.size if finite is None else int(np.count_nonzero(finite))
        self.moments += pair_moments(wide, error, pairs)
        self._add_errors(error, finite, first, num_frames)

    def _add_frames(self, scores: Matrix, reference: Matrix, error: Float64s, largest: float) -> None:
        num_frames, num_columns = scores.shape
        self.frames += num_frames
        if num_columns < 2 or num_frames == 0:
            return
        number = min(_TOP, num_columns)
        self.class_frames += num_frames
        self.top_possible += num_frames * number
        if largest == 0:  # equal scores agree in every measure
            self.class_agreements += num_frames
            self.top_agreements += num_frames
            self.top_shared += num_frames * number
            return
        best = reference.argmax(axis=1)
        rows = np.arange(num_frames)
        among_best = np.zeros(scores.shape, np.bool_)
        among_best.reshape(-1)[best_places(scores, number)] = True
        self.class_agreements += int(np.count_nonzero(scores.argmax(axis=1) == best))
        self.top_agreements += int(np.count_nonzero(among_best[rows, best]))
        self.top_shared += int(np.count_nonzero(among_best.reshape(-1)[best_places(reference, number)]))
        divergence = self._divergence(scores, reference, reference[rows, best, None], error, largest)
        self.sum_kl += float(divergence.sum())
        self.max_kl = _larger(self.max_kl, float(divergence.max()))

    def _divergence(self, scores: Matrix, reference: Matrix, top: Matrix, error: Float64s, largest: float) -> Float64s:
        if largest <= SMALL_ERROR:
            single = self._workspace.single_array("single", error.shape)
            np.copyto(single, error, casting="same_kind")
            return small_kl_divergence(reference, top, single, self._workspace.single_array("work", error.shape))
        work = self._workspace.array("work", error.shape)
        wide, wide_reference, wide_top = (part.astype(np.float64) for part in (scores, reference, top))
        return kl_divergence(wide, wide_reference, wide_top, error, work)

    def _add_errors(self, error: Float64s, finite: NDArray[np.bool_] | None, first: int, num_frames: int) -> None:
        frames, columns = error.shape
        single = self._workspace.single_array("single", error.shape)
        np.copyto(single, error, casting="same_kind")
        np.abs(single, out=single)
        counts = count_errors(single, self._workspace.array("work", error.shape).view(np.int64))
        if finite is not None:
            counts[0] -= finite.size - int(np.count_nonzero(finite))  # their errors were set to 0 above
        self.histogram += counts
        squared = np.square(error, out=error)
        self.class_squared[:columns] += squared.sum(axis=0)
        self.class_pairs[:columns] += frames if finite is None else finite.sum(axis=0)
        by_frame = np.einsum("ij->i", squared)
        pairs = np.full(frames, columns) if finite is None else finite.sum(axis=1)
        spans = ((0, EDGE_FRAMES), (EDGE_FRAMES, num_frames - EDGE_FRAMES), (num_frames - EDGE_FRAMES, num_frames))
        for index, (start, stop) in enumerate(spans):
            span = slice(max(start - first, 0), max(stop - first, 0))
            self.position_squared[index] += by_frame[span].sum()
            self.position_pairs[index] += pairs[span].sum()


class _Workspace:
    """Scratch arrays of at most ``size`` elements, by name, in which blocks are computed."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._arrays = {name: np.empty(size) for name in ("error", "reference", "work", "single")}

    def array(self, name: str, shape: tuple[int, ...]) -> Float64s:
        """A float64 array of this shape in the memory called ``name``; its contents are undefined."""
        return self._arrays[name][: math.prod(shape)].reshape(shape)

    def single_array(self, name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
        """A float32 array of this shape in the memory called ``name``; its contents are undefined."""
        return self._arrays[name].view(np.float32)[: math.prod(shape)].reshape(shape)


def measure_scores(scores: Matrix, reference: Matrix) -> ScoreMeasures:
    """The measures of one utterance, both matrices [T, N]. Raises ShapeMismatchError, as ``ScoreMeasures.add`` does."""
    measures = ScoreMeasures()
    measures.add(scores, reference)
    return measures


def _share(part: float, whole: int) -> float | None:
    return part / whole if whole else None


def _larger(left: float, right: float) -> float:
    """The larger one; NaN when one of them is."""
    return float(np.maximum(left, right))
