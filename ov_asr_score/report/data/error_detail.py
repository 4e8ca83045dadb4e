"""Where scores went apart, in plain data that a page can show: distribution, worst utterances, errors along time.

Nothing here grows with the number of utterances.
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
"""The bins of a histogram are even on a logarithmic scale; the outer ones take what lies beyond."""


def bin_edges() -> NDArray[np.float64]:
    """The ``NUM_BINS + 1`` edges of the bins, ascending, in the unit of the scores."""
    return 10.0 ** np.linspace(FIRST_DECADE, LAST_DECADE, NUM_BINS + 1)


@dataclass(slots=True)
class ErrorHistogram:
    """How many absolute errors there are of which size, for one output."""

    counts: NDArray[np.int64] = field(default_factory=lambda: np.zeros(NUM_BINS, np.int64))
    equal: int = 0  # pairs without any error
    nonfinite: int = 0  # pairs with NaN or an infinity, on either side or both


@dataclass(frozen=True, slots=True)
class UtteranceRow:
    """One output of an utterance, as the table shows it; ``difference`` is None where nothing was compared."""

    key: str
    output: str
    frames: int
    infer_seconds: float
    difference: ScoreDifference | None


@dataclass(frozen=True, slots=True)
class ErrorSeries:
    """RMS error of each frame of an utterance, the largest of every ``step`` frames; NaN where no pair is finite.

    ``broken`` are the places in ``rms`` with a frame in which scores and reference disagree in NaN or infinity.
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
    """Scores and reference of an utterance and their distance, each [classes, frames] with few enough cells to see.

    A cell holds the largest value of ``class_step`` classes and ``frame_step`` frames; NaN where none is finite.
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
    """What a run leaves behind for its page."""

    histograms: dict[str, ErrorHistogram] = field(default_factory=dict)  # output name -> distribution
    rows: list[UtteranceRow] = field(default_factory=list)  # worst first if anything was compared
    num_rows: int = 0  # with those that are left out
    series: list[ErrorSeries] = field(default_factory=list)  # worst first
    images: list[ScoreImages] = field(default_factory=list)  # worst first; only if asked for
