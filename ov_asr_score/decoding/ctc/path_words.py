"""Words of a graph's path over the scores of a CTC model: their frames and confidences."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ov_asr_score.decoding.ctc.greedy import collapse
from ov_asr_score.decoding.ctc.token_spans import Confidence, CtcWord, Floats, TokenSpans, measure_spans, spell_words
from ov_asr_score.decoding.ctc.word_rules import WordRule
from ov_asr_score.lattice.best_path import BestPath

FROM_ARCS = "the tokens do not spell as many words as the graph has: times of words are those of the graph's arcs"


def path_tokens(path: BestPath, log_probs: Floats, blank: int) -> TokenSpans:
    """The tokens of a path with their frames, measured in log-probabilities [T, V]; a label is a token plus 1."""
    return measure_spans(log_probs, *collapse(path.alignment.astype(np.int64) - 1, blank))


def path_words(
    path: BestPath, texts: Sequence[str], spans: TokenSpans, rule: WordRule, confidence: Confidence
) -> tuple[list[CtcWord], str]:
    """The words of a path, whose ``texts`` are given, with frames and confidences, and a warning or an empty text.

    Where the tokens spell as many words (pieces, letters), each has the frames of its tokens. Else (phones) a word goes
    from the first token of its arc up to that of the next word, and the warning says so.
    """
    spelled = spell_words(spans, rule, confidence)
    if len(spelled) == len(texts):
        words = zip(spelled, texts, strict=True)
        return [CtcWord(text, word.first_frame, word.end_frame, word.confidence) for word, text in words], ""
    return _words_of_arcs(path, texts, spans, confidence), FROM_ARCS


def _words_of_arcs(path: BestPath, texts: Sequence[str], spans: TokenSpans, confidence: Confidence) -> list[CtcWord]:
    starts = np.searchsorted(spans.first_frames, path.word_frames)
    ends = np.append(starts[1:], len(spans.ids))[: len(starts)]
    reduce = np.mean if confidence == "mean" else np.min
    words = []
    for text, frame, start, end in zip(texts, path.word_frames.tolist(), starts.tolist(), ends.tolist(), strict=True):
        if start < end:
            first, last = int(spans.first_frames[start]), int(spans.end_frames[end - 1])
            words.append(CtcWord(text, first, last, float(reduce(spans.posteriors[start:end]))))
        else:  # no token begins between this arc and that of the next word
            sure = float(spans.posteriors[max(0, start - 1)]) if len(spans.ids) else 0.0
            words.append(CtcWord(text, frame, frame, sure))
    return words
