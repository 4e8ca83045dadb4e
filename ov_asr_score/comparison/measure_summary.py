"""Measures condensed into the few numbers that reports hold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ov_asr_score.comparison.error_histogram import by_octave
from ov_asr_score.comparison.measures import ScoreMeasures

MAX_WORST_CLASSES = 20
"""How many columns, those with the largest errors, a summary lists."""

PERCENTS = (50.0, 90.0, 99.0, 99.9)
"""Percentiles of the absolute error in a summary."""


@dataclass(frozen=True, slots=True)
class ClassError:
    """The error of one column over all frames."""

    column: int
    rms: float
    max_abs: float


@dataclass(frozen=True, slots=True)
class MeasureSummary:
    """Measures in a few numbers, as reports hold them; None where there is nothing to measure."""

    frames: int  # frames whose classes were compared
    skipped_frames: int  # frames with values that are not finite
    class_agreement: float | None  # share of frames with the same best class
    top5_agreement: float | None  # share of frames whose best class in the reference is among the best five scores
    top5_overlap: float | None  # mean share of the best five classes of the reference among those of the scores
    mean_kl: float | None  # nats
    max_kl: float | None
    correlation: float | None
    percentiles: dict[str, float]  # of the absolute error: "50", "90", "99", "99.9"
    rms_first_frames: float  # the first EDGE_FRAMES frames of each utterance
    rms_middle_frames: float
    rms_last_frames: float
    num_classes: int
    worst_classes: list[ClassError]  # by RMS error, at most MAX_WORST_CLASSES
    histogram_edges: list[float]  # powers of two
    histogram_counts: list[int]  # pairs whose error lies between two edges, the lower one included
    exact_pairs: int  # pairs without an error


def summarize(measures: ScoreMeasures) -> MeasureSummary:
    """The measures in the few numbers that reports hold."""
    rms, (first, middle, last) = measures.class_rms, measures.position_rms
    worst = np.argsort(-rms, kind="stable")[:MAX_WORST_CLASSES]
    edges, counts = by_octave(measures.histogram)
    return MeasureSummary(
        frames=measures.class_frames,
        skipped_frames=measures.skipped_frames,
        class_agreement=measures.class_agreement,
        top5_agreement=measures.top5_agreement,
        top5_overlap=measures.top5_overlap,
        mean_kl=measures.mean_kl,
        max_kl=measures.max_kl if measures.class_frames else None,
        correlation=measures.moments.correlation,
        percentiles={f"{percent:g}": measures.percentile(percent) for percent in PERCENTS},
        rms_first_frames=first,
        rms_middle_frames=middle,
        rms_last_frames=last,
        num_classes=len(rms),
        worst_classes=[
            ClassError(column, float(rms[column]), float(measures.class_largest[column]))
            for column in worst.tolist()
            if rms[column] != 0
        ],
        histogram_edges=edges,
        histogram_counts=counts,
        exact_pairs=int(measures.histogram[0]),
    )
