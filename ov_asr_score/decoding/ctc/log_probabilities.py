"""Scores of a CTC model as log-probabilities, whatever the model gives."""

from __future__ import annotations

import numpy as np

from ov_asr_score.decoding.ctc.token_spans import Floats
from ov_asr_score.errors import TableFormatError
from ov_asr_score.finite import value_text
from ov_asr_score.settings.words.ctc import CtcScores
from ov_asr_score.text import shown_key

# Sums of probabilities that were rounded to bfloat16 lie within this of 1.
_SUM_TOLERANCE = 0.05
_BLOCK = 4096  # frames at a time: memory holds no second copy of an hour


def log_probabilities(scores: Floats, kind: CtcScores, key: str) -> tuple[Floats, str]:
    """Log-probabilities [T, V] of scores [T, V], and a note of what was done to them, empty for nothing.

    ``auto``: rows whose exponentials sum to 1 are log-probabilities; rows that are nowhere negative and sum to 1 are
    probabilities; of any others the log-softmax is taken. Raises TableFormatError, which names utterance ``key``, for
    NaN and +inf, and for frames in which every token has the probability 0.
    """
    _check(scores, key)
    if kind == "as-they-are" or not len(scores):
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


def _check(scores: Floats, key: str) -> None:
    wrong = np.flatnonzero(~(scores.max(axis=1, initial=-np.inf) < np.inf))  # NaN, too
    if wrong.size:
        row = int(wrong[0])
        column = int(np.flatnonzero(~(scores[row] < np.inf))[0])
        raise TableFormatError(
            f"utterance {shown_key(key)}: expected scores below infinity, found {value_text(scores, (row, column))}"
        )
    empty = np.flatnonzero(scores.max(axis=1, initial=-np.inf) == -np.inf)
    if empty.size:
        raise TableFormatError(
            f"utterance {shown_key(key)}: frame {int(empty[0])}: expected a probability above 0, found none"
        )


def _sum_to_one(scores: Floats, *, exponential: bool) -> bool:
    for start in range(0, len(scores), _BLOCK):
        rows = scores[start : start + _BLOCK].astype(np.float64)
        with np.errstate(over="ignore"):
            sums = (np.exp(rows) if exponential else rows).sum(axis=1)
        if np.abs(sums - 1).max() > _SUM_TOLERANCE:
            return False
    return True
