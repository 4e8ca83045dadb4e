"""Scores of a CTC model as log-probabilities, whatever the model gives."""

from __future__ import annotations

import numpy as np

from ov_asr_score.decoding.ctc.token_spans import Floats
from ov_asr_score.decoding.search import NO_FRAMES
from ov_asr_score.settings.words.ctc import CtcScores

# Sums of probabilities that were rounded to bfloat16 lie within this of 1.
_SUM_TOLERANCE = 0.05
_BLOCK = 4096  # frames at a time: memory holds no second copy of an hour


def why_without_words(scores: Floats) -> str:
    """Why no words can be found in scores [T, V], empty if they can: NaN, infinity, nothing possible, no frames."""
    if not len(scores):
        return NO_FRAMES
    highest = scores.max(axis=1)
    wrong = np.flatnonzero(~(highest < np.inf))  # NaN propagates, and is not less than anything
    if wrong.size:
        return f"NaN or infinity in the scores of frame {int(wrong[0])}: no words"
    empty = np.flatnonzero(highest == -np.inf)
    return f"no token has a probability above 0 in frame {int(empty[0])}: no words" if empty.size else ""


def log_probabilities(scores: Floats, kind: CtcScores) -> tuple[Floats, str]:
    """Log-probabilities [T, V] of scores [T, V], and a note of what was done to them, empty for nothing.

    ``auto``: rows whose exponentials sum to 1 are log-probabilities; rows that are nowhere negative and sum to 1 are
    probabilities; of any others the log-softmax is taken. Scores are those that ``why_without_words`` says nothing of.
    """
    if kind == "as-they-are":
        return scores, ""
    if kind == "auto":
        if _sum_to_one(scores, exponential=True):
            return scores, ""
        if scores.min() >= 0 and _sum_to_one(scores, exponential=False):
            with np.errstate(divide="ignore"):
                return np.log(scores), "the logarithm of scores is taken: they are probabilities"
    found = np.empty(scores.shape, np.float32)
    for start in range(0, len(scores), _BLOCK):
        rows = scores[start : start + _BLOCK].astype(np.float64)
        rows -= rows.max(axis=1, keepdims=True)
        found[start : start + _BLOCK] = rows - np.log(np.exp(rows).sum(axis=1, keepdims=True))
    note = "the log-softmax of scores is taken: they are not normalized" if kind == "auto" else ""
    return found, note


def _sum_to_one(scores: Floats, *, exponential: bool) -> bool:
    for start in range(0, len(scores), _BLOCK):
        rows = scores[start : start + _BLOCK].astype(np.float64)
        with np.errstate(over="ignore"):
            sums = (np.exp(rows) if exponential else rows).sum(axis=1)
        if np.abs(sums - 1).max() > _SUM_TOLERANCE:
            return False
    return True
