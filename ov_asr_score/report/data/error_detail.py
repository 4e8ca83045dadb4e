"""Details of errors for the HTML page: distribution, worst utterances, errors along time.

The size of this data does not grow with the number of utterances.

Tests: tests/job/run/test_error_detail.py
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.comparison import ScoreDifference

FIRST_DECADE, LAST_DECADE = -12, 6
BINS_PER_DECADE = 4
NUM_BINS = (LAST_DECADE - FIRST_DECADE) * BINS_PER_DECADE
"""Number of histogram bins, evenly spaced on a logarithmic scale; the outer ones include everything beyond."""


def bin_edges() -> NDArray[np.float64]:
    """The edges of the bins, ascending, in the unit of the scores: [NUM_BINS + 1]."""
    return 10.0 ** np.linspace(FIRST_DECADE, LAST_DECADE, NUM_BINS + 1)


@dataclass(slots=True)
class ErrorHistogram:
    """Histogram of the absolute errors of one output."""

    counts: NDArray[np.int64] = field(default_factory=lambda: np.zeros(NUM_BINS, np.int64))
    equal: int = 0  # pairs without an error
    nonfinite: int = 0  # pairs with NaN or an infinity on at least one side


@dataclass(frozen=True, slots=True)
class UtteranceRow:
    """One row of the table of utterances, an output of one; ``difference`` is None where nothing was compared."""

    key: str
    output: str
    frames: int
    infer_seconds: float
    difference: ScoreDifference | None


@dataclass(frozen=True, slots=True)
class ErrorSeries:
    """RMS error along the frames of an utterance.

    Each element of ``rms`` is the largest of ``step`` frames; NaN where no pair is finite. ``broken`` are the indices
    in ``rms`` of frames in which scores and reference disagree in NaN or infinity.
    """

    key: str
    output: str
    frames: int
    step: int
    rms: NDArray[np.float64]
    broken: tuple[int, ...]
    difference: ScoreDifference


@dataclass(frozen=True, slots=True)
class ScoreImages:
    """Scores, reference and distance of one utterance as images, [classes, frames] reduced to a visible size.

    A cell is the largest value over ``class_step`` classes and ``frame_step`` frames; NaN where none is finite.
    """

    key: str
    output: str
    frames: int
    classes: int
    frame_step: int
    class_step: int
    scores: NDArray[np.floating[Any]]
    reference: NDArray[np.floating[Any]]
    distance: NDArray[np.floating[Any]]


@dataclass(slots=True)
class ErrorDetail:
    """Details that a run collects for its HTML page."""

    histograms: dict[str, ErrorHistogram] = field(default_factory=dict)  # output name -> distribution
    rows: list[UtteranceRow] = field(default_factory=list)  # worst first if anything was compared
    num_rows: int = 0  # including those not in ``rows``
    series: list[ErrorSeries] = field(default_factory=list)  # worst first
    images: list[ScoreImages] = field(default_factory=list)  # worst first; only if asked for
