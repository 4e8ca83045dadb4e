from __future__ import annotations

import numpy as np

from ov_asr_score.decoding.phrases.grammars import UnknownWord
from ov_asr_score.decoding.phrases.phrase_lists import END, phrase_tree
from ov_asr_score.decoding.phrases.vocabulary import Vocabulary
from ov_asr_score.decoding.phrases.word_automaton import ANY_WORD, WordArc
from tests.decoding.phrases.random_graphs import SYMBOLS

UNKNOWN = UnknownWord(9, 3.0)


def test_phrases_share_their_beginnings_and_end_in_arcs_of_their_own() -> None:
    tree = phrase_tree(["turn on", "turn off", "turn", " turn  on "], Vocabulary(SYMBOLS, np.arange(5)), UNKNOWN)
    assert set(tree.arcs) == {WordArc(0, 4, 2), WordArc(2, 1, END), WordArc(2, 2, END), WordArc(0, 4, END)}
    assert len(tree.arcs) == 4
    assert tree.last_arcs == {
        "turn on": WordArc(2, 1, END),
        "turn off": WordArc(2, 2, END),
        "turn": WordArc(0, 4, END),
    }
    assert (tree.num_states, tree.unknown_ends, tree.unknown) == (3, set(), {})


def test_other_words() -> None:
    tree = phrase_tree(["on [unk]", "[unk] off"], Vocabulary(SYMBOLS, np.arange(5)), UNKNOWN)
    other = [ANY_WORD, 3.0, 9]
    arcs = {(0, 1, 2), (0, ANY_WORD, 4), (2, ANY_WORD, 3), (3, ANY_WORD, 3), (4, ANY_WORD, 4), (4, 2, END)}
    assert {arc[:3] for arc in tree.arcs} == arcs
    assert all([arc.word, arc.cost, arc.said] == other for arc in tree.arcs if arc.word == ANY_WORD)
    assert tree.unknown_ends == {3}


def test_phrases_with_unknown_words_are_left_out() -> None:
    tree = phrase_tree(["turn onn", "on", "of onn", ""], Vocabulary(SYMBOLS, np.arange(5)), UNKNOWN)
    assert tree.unknown == {"turn onn": ["onn"], "of onn": ["of", "onn"]}
    assert list(tree.last_arcs) == ["on"]
