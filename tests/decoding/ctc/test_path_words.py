"""Tests of the words of a path that its tokens do not spell; tests/decoding/ctc/test_graph_search.py has the others."""

from __future__ import annotations

import numpy as np

from ov_asr_score.decoding.ctc.path_words import FROM_ARCS, path_tokens, path_words
from ov_asr_score.decoding.ctc.token_spans import CtcWord
from ov_asr_score.decoding.ctc.word_rules import find_word_rule
from ov_asr_score.lattice.best_path import BestPath

RULE = find_word_rule(["<blk>", "x", "y"], 0, "each-token", "tokens.txt")
LOG_PROBS = np.log(np.full((8, 3), 0.5))


def path(labels: list[int], words: list[int], frames: list[int]) -> BestPath:
    first, second, third = (np.array(each, np.int32) for each in (words, frames, labels))
    return BestPath(first, second, third, graph_cost=0.0, acoustic_cost=0.0, is_final=True)


def test_words_begin_with_the_first_token_of_their_arcs() -> None:
    # blank, x, x, y, blank, x, y, blank
    found = path([1, 2, 2, 3, 1, 2, 3, 1], [7, 8], [1, 5])
    spans = path_tokens(found, LOG_PROBS, 0)
    assert spans.ids.tolist() == [1, 2, 1, 2]
    words, warning = path_words(found, ["one", "two"], spans, RULE, "mean")
    assert words == [CtcWord("one", 1, 4, 0.5), CtcWord("two", 5, 7, 0.5)]
    assert warning == FROM_ARCS


def test_words_without_tokens_of_their_own() -> None:
    found = path([1, 2, 1], [7, 8, 9], [1, 1, 3])
    words, _ = path_words(found, ["one", "two", "three"], path_tokens(found, LOG_PROBS, 0), RULE, "least")
    assert words == [CtcWord("one", 1, 1, 0.5), CtcWord("two", 1, 2, 0.5), CtcWord("three", 3, 3, 0.5)]
    silent = path([1, 1], [7], [1])
    assert path_words(silent, ["one"], path_tokens(silent, LOG_PROBS, 0), RULE, "mean")[0] == [
        CtcWord("one", 1, 1, 0.0)
    ]
