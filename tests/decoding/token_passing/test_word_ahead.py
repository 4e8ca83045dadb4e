from __future__ import annotations

import math

import pytest

from ov_asr_score.decoding.token_passing.utterance_search import UtteranceSearch
from ov_asr_score.decoding.token_passing.word_ahead import label_ahead
from tests.decoding.kaldi_live_searches import scores, whole_graph
from tests.decoding.token_passing.small_pairs import CHAIN, pair_graph


@pytest.mark.parametrize("name", ["Gr.fst", "Gr_ngram.fst"])
def test_the_only_word_that_a_history_has_within_reach(name: str) -> None:
    arrays = pair_graph(name).arrays
    found = 0
    for state in range(0, len(arrays.finals), 3):
        reach = arrays.sets[state]
        places = range(arrays.set_first[reach], arrays.set_first[reach + 1])
        within = {label for place in places for label in range(arrays.set_begins[place], arrays.set_ends[place])}
        for history in range(len(arrays.ends)):
            words = within & set(arrays.labels[arrays.word_first[history] : arrays.word_first[history + 1]].tolist())
            may_end = bool(arrays.label_sets["is_final"][reach]) and math.isfinite(arrays.ends[history])
            expected = words.pop() if len(words) == 1 and not may_end else 0
            assert label_ahead(arrays, state, history) == expected
            found += expected > 0
    assert found > 50


def test_a_complete_graph_says_words_where_it_has_them() -> None:
    assert label_ahead(whole_graph().arrays, 0, 0) == 0


def test_partial_results_are_ahead_of_their_paths_by_one_word_at_most() -> None:
    ahead = 0
    for values in scores().values():
        search = UtteranceSearch(pair_graph(), CHAIN)
        for first in range(0, len(values), 4):
            search.advance(values[first : first + 4])
            path, so_far = search.best_path(False), search.path_so_far()
            assert path is not None and so_far is not None
            assert so_far.words.tolist() == search.words().tolist()
            assert so_far.words[: len(path.words)].tolist() == path.words.tolist()
            assert len(so_far.words) == len(so_far.word_frames) <= len(path.words) + 1
            assert so_far.alignment.tolist() == path.alignment.tolist()
            ahead += len(so_far.words) - len(path.words)
    assert ahead > 5


def test_nothing_is_ahead_before_the_first_frame() -> None:
    search = UtteranceSearch(pair_graph(), CHAIN)
    assert search.words().tolist() == []
    assert search.path_so_far() is None
