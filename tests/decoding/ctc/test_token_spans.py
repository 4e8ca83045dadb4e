"""Tests of words with frames and confidences."""

from __future__ import annotations

import numpy as np

from ov_asr_score.decoding.ctc.token_spans import CtcWord, TokenSpans, measure_spans, spell_words
from ov_asr_score.decoding.ctc.word_rules import find_word_rule

RULE = find_word_rule(["<blk>", "|", "a", "b"], 0, "", "tokens.txt")


def spans(ids: list[int], first: list[int], end: list[int], posteriors: list[float]) -> TokenSpans:
    return TokenSpans(np.array(ids), np.array(first), np.array(end), np.array(posteriors))


def test_words_last_from_their_first_token_to_their_last() -> None:
    found = spans([2, 3, 1, 2], [3, 5, 8, 9], [4, 7, 9, 12], [0.9, 0.5, 0.1, 0.8])
    assert spell_words(found, RULE) == [CtcWord("ab", 3, 7, (0.9 + 0.5) / 2), CtcWord("a", 9, 12, 0.8)]
    assert [word.confidence for word in spell_words(found, RULE, "least")] == [0.5, 0.8]


def test_no_tokens() -> None:
    assert spell_words(spans([], [], [], []), RULE) == []


def test_posteriors_do_not_exceed_one() -> None:
    nothing = np.zeros(0, np.int64)
    assert measure_spans(np.zeros((0, 3)), nothing, nothing, nothing).posteriors.shape == (0,)
    found = measure_spans(np.full((2, 3), 1e-4), np.array([1]), np.array([0]), np.array([2]))
    assert found.posteriors.tolist() == [1.0]
