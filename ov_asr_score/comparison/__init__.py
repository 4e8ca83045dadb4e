"""Distance between scores and reference scores: errors, measures of classes and posteriors, limits."""

from ov_asr_score.comparison.differences import ErrorLocation, ScoreDifference, compare_scores, describe_location
from ov_asr_score.comparison.limits import exceeded_limits
from ov_asr_score.comparison.measure_summary import ClassError, MeasureSummary, summarize
from ov_asr_score.comparison.measures import EDGE_FRAMES, ScoreMeasures, measure_scores
from ov_asr_score.settings.limits import DEFAULT_THRESHOLD, Limits

__all__ = [
    "DEFAULT_THRESHOLD",
    "EDGE_FRAMES",
    "ClassError",
    "ErrorLocation",
    "Limits",
    "MeasureSummary",
    "ScoreDifference",
    "ScoreMeasures",
    "compare_scores",
    "describe_location",
    "exceeded_limits",
    "measure_scores",
    "summarize",
]
