"""Tokens with the frames that they last, and the words of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.decoding.ctc.word_rules import WordRule

Floats: TypeAlias = NDArray[np.floating]
Confidence: TypeAlias = Literal["mean", "least"]


@dataclass(frozen=True, slots=True, eq=False)
class TokenSpans:
    """N tokens in their order. ``posteriors`` are means over the frames of a token, 0 to 1."""

    ids: NDArray[np.int64]  # [N]
    first_frames: NDArray[np.int64]  # [N]
    end_frames: NDArray[np.int64]  # [N]; the frame behind the last one
    posteriors: NDArray[np.float64]  # [N]


@dataclass(frozen=True, slots=True)
class CtcWord:
    """A word from its first frame up to, not including, ``end_frame``; ``confidence`` from 0 to 1."""

    text: str
    first_frame: int
    end_frame: int
    confidence: float


def measure_spans(
    log_probs: Floats, ids: NDArray[np.int64], first: NDArray[np.int64], end: NDArray[np.int64]
) -> TokenSpans:
    """Tokens with their posteriors in ``log_probs`` [T, V]; spans are not empty and do not overlap."""
    lengths = end - first
    frames = np.repeat(first - (np.cumsum(lengths) - lengths), lengths) + np.arange(lengths.sum())
    values = np.exp(log_probs[frames, np.repeat(ids, lengths)].astype(np.float64))
    sums = np.add.reduceat(values, np.cumsum(lengths) - lengths) if len(ids) else np.zeros(0)
    return TokenSpans(ids, first, end, np.minimum(sums / lengths, 1.0))


def spell_words(spans: TokenSpans, rule: WordRule, confidence: Confidence = "mean") -> list[CtcWord]:
    """The words of the tokens, from the first frame of the first token to the last of the last."""
    reduce = np.mean if confidence == "mean" else np.min
    silent = rule.silent
    words = []
    for word in rule.words(spans.ids.tolist()):
        inner = slice(word.first, word.end)
        heard = spans.posteriors[inner][~silent[spans.ids[inner]]]
        first, end = int(spans.first_frames[word.first]), int(spans.end_frames[word.end - 1])
        words.append(CtcWord(word.text, first, end, float(reduce(heard))))
    return words
