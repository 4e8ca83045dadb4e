from __future__ import annotations

import numpy as np
import pytest

from ov_asr_score.lattice.align_lexicon import AlignLexicon
from ov_asr_score.lattice.aligning.phone_patterns import make_patterns
from ov_asr_score.lattice.aligning.word_doubts import dropped_words, end_doubts, missing_word, phone_doubts
from tests.lattice.aligning.toy_model import BOUNDARY, ids_of, toy_transitions

TOY = toy_transitions()
PATTERNS = make_patterns(TOY, BOUNDARY)


@pytest.mark.parametrize("phones", [(2,), (3, 5), (3, 4, 4, 5)])
def test_whole_words_at_the_end(phones: tuple[int, ...]) -> None:
    assert end_doubts(ids_of(*phones), True, TOY, PATTERNS) == []


@pytest.mark.parametrize("phones", [(3,), (3, 4), (1,), (4, 5), (2, 3)])
def test_words_that_are_cut_off(phones: tuple[int, ...]) -> None:
    assert end_doubts(ids_of(*phones), True, TOY, PATTERNS) == ["the path ends inside a word"]


def test_ends_without_a_word() -> None:
    assert end_doubts(ids_of(1), False, TOY, PATTERNS) == []
    assert end_doubts(np.array([2, 2], np.int32), False, TOY, PATTERNS) == ["the path ends inside a silence"]
    assert end_doubts(ids_of(3), False, TOY, PATTERNS) == ["the path ends with phones of no word"]


def test_unexpected_phones() -> None:
    ids = ids_of(1, 3, 4, 5, 2)
    assert phone_doubts(ids, np.array([0, 2, 8, 10], np.int32), TOY, BOUNDARY) == []
    said = ["phone 2 may not stand inside a word by toy.int; does it belong to the model, and the graph?"]
    assert phone_doubts(ids, np.array([0, 2, 10], np.int32), TOY, BOUNDARY) == said
    assert phone_doubts(ids, np.array([0], np.int32), TOY, BOUNDARY) == []


def test_missing_words() -> None:
    lexicon = AlignLexicon({3: {(2,): 3}}, "words.int")
    assert missing_word(np.array([0, 3], np.int32), lexicon) is None
    assert missing_word(np.array([7, 3], np.int32), lexicon) == "word 7 has no line in words.int"


def test_number_of_dropped_words() -> None:
    assert dropped_words(1) == "1 word at the end left out: no frames are left"
    assert dropped_words(2) == "2 words at the end left out: no frames are left"
