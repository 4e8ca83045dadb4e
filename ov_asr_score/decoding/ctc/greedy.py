"""The best token of each frame, repetitions merged and blanks left out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.decoding.ctc.token_spans import Floats, TokenSpans, measure_spans


def collapse(labels: NDArray[np.int64], blank: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Tokens of an alignment [T], and for each its first frame and the frame behind its last."""
    starts = np.flatnonzero(np.r_[True, labels[1:] != labels[:-1]][: len(labels)])
    ends = np.r_[starts[1:], len(labels)][: len(starts)]
    spoken = labels[starts] != blank
    return labels[starts][spoken], starts[spoken], ends[spoken]


def decode_greedily(log_probs: Floats, blank: int) -> TokenSpans:
    """The tokens of log-probabilities [T, V], best frame by frame: the first of equal ones, as ``argmax`` takes it."""
    labels = log_probs.argmax(axis=1).astype(np.int64)
    return measure_spans(log_probs, *collapse(labels, blank))
