from __future__ import annotations

import numpy as np
import pytest

from ov_asr_score.decoding.phrases.word_automaton import ANY_WORD, WordArc, make_automaton, ranges

FINALS = np.zeros(3, np.float32)
ARCS = [WordArc(1, 4, 2), WordArc(0, ANY_WORD, 1, 2.0, 9), WordArc(0, 4, 2, 1.0), WordArc(0, 4, 0), WordArc(0, 4, 0)]


def matched(states: list[int], words: list[int], any_is_other: bool) -> set[tuple[int, int, float, int]]:
    automaton = make_automaton(ARCS, FINALS, any_is_other)
    pairs, arcs = automaton.matches(np.array(states, np.int64), np.array(words, np.int64))
    columns = (pairs, automaton.targets[arcs], automaton.costs[arcs], automaton.said[arcs])
    return set(zip(*(column.tolist() for column in columns), strict=True))


def test_arcs_of_a_word_and_of_any_word() -> None:
    assert matched([0, 1, 2, 0], [4, 4, 4, 7], False) == {
        *((0, 2, 1.0, 0), (0, 0, 0.0, 0), (0, 1, 2.0, 9)),
        (1, 2, 0.0, 0),
        (3, 1, 2.0, 9),
    }


def test_any_other_word() -> None:
    assert matched([0, 0], [4, 7], True) == {(0, 2, 1.0, 0), (0, 0, 0.0, 0), (1, 1, 2.0, 9)}


def test_words_do_not_match_those_of_another_state() -> None:
    assert matched([1, 1], [3, 5], False) == set()
    assert matched([], [], False) == set()


def test_which_words_are_allowed() -> None:
    words = np.array([1, 4])
    assert make_automaton(ARCS, FINALS).allows(words).tolist() == [True, True]
    assert make_automaton([WordArc(0, 4, 1)], FINALS).allows(words).tolist() == [False, True]


def test_no_arcs() -> None:
    assert make_automaton([], FINALS).matches(np.array([0]), np.array([1]))[0].size == 0


@pytest.mark.parametrize(
    ("first", "counts", "expected"), [([5, 2], [2, 3], [5, 6, 2, 3, 4]), ([3, 9], [0, 1], [9]), ([], [], [])]
)
def test_ranges(first: list[int], counts: list[int], expected: list[int]) -> None:
    assert ranges(np.array(first, np.int64), np.array(counts, np.int64)).tolist() == expected
