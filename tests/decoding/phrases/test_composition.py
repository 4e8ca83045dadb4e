from __future__ import annotations

from unittest.mock import patch

import numpy as np
import pytest

from ov_asr_score.decoding.phrases import composition
from ov_asr_score.decoding.phrases.composition import compose, reach_end
from ov_asr_score.decoding.phrases.word_automaton import ANY_WORD, WordArc, WordAutomaton, make_automaton
from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.fst.graph_file import GraphFst
from tests.decoding.phrases.random_graphs import best_costs, random_graph, sentence_graph

# 1, then 2 or 3, at any length; the last state has a cost of its own
AUTOMATON = make_automaton(
    [WordArc(0, 1, 1, 0.5), WordArc(1, 2, 0), WordArc(1, 3, 2, 0.25), WordArc(2, 1, 1)],
    np.array([0, np.inf, 2], np.float32),
)


def costs_of(words: tuple[int, ...], automaton: WordAutomaton) -> float:
    """The cost that the automaton adds, infinity if it does not take the words."""
    reached = {0: 0.0}
    for word in words:
        following: dict[int, float] = {}
        rows = zip(automaton.sources, automaton.words, automaton.targets, automaton.costs, strict=True)
        for source, label, target, cost in rows:
            if source in reached and label in (word, ANY_WORD):
                total = reached[source] + float(cost)
                following[int(target)] = min(total, following.get(int(target), np.inf))
        reached = following
    return min((cost + float(automaton.final_costs[state]) for state, cost in reached.items()), default=np.inf)


def expected(graph: GraphFst, automaton: WordAutomaton) -> dict[tuple[int, ...], float]:
    found = {words: cost + costs_of(words, automaton) for words, cost in best_costs(graph).items()}
    return {words: cost for words, cost in found.items() if cost < np.inf}


@pytest.mark.parametrize("largest_table", [0, 1 << 30])
def test_every_word_sequence_has_the_best_cost_of_the_graph(largest_table: int) -> None:
    num_sequences = 0
    with patch.object(composition, "_LARGEST_TABLE", largest_table):
        for seed in range(60):
            graph = random_graph(seed)
            composed = compose("a", graph, AUTOMATON)
            wanted = expected(graph, AUTOMATON)
            found = best_costs(composed.fst) if composed else {}
            assert {words: cost for words, cost in found.items() if cost < np.inf} == pytest.approx(wanted)
            num_sequences += len(wanted)
    assert num_sequences > 100


def test_all_states_lead_to_an_end() -> None:
    for seed in range(60):
        composed = compose("a", random_graph(seed), AUTOMATON)
        if composed is not None:
            fst = composed.fst
            sources = np.repeat(np.arange(fst.num_states), np.diff(fst.first_arcs))
            assert reach_end(sources, fst.next_states, np.isfinite(fst.final_weights)).all()
            assert fst.num_final_states == np.isfinite(fst.final_weights).sum() > 0
            assert fst.largest_olabel == fst.olabels.max(initial=0)
            assert fst.largest_ilabel == fst.ilabels.max(initial=0)


def test_words_that_are_said_for_others() -> None:
    automaton = make_automaton([WordArc(0, ANY_WORD, 0, 3.0, 9)], np.zeros(1, np.float32))
    composed = compose("a", sentence_graph("on off", "light"), automaton)
    assert composed is not None
    assert best_costs(composed.fst)[9, 9] == 6.0
    assert best_costs(composed.fst)[(9,)] == 4.0
    assert composed.automaton_arcs.tolist() == [0]


def test_arcs_of_the_automaton_that_are_in_use() -> None:
    composed = compose("a", sentence_graph("on off", "on turn"), AUTOMATON)
    assert composed is not None
    # 1 2 is said; 1 3 is not, and 1 leads from state 0 only
    assert composed.automaton_arcs.tolist() == [0, 1]


def test_nothing_is_left() -> None:
    assert compose("a", sentence_graph("off"), AUTOMATON) is None


def test_too_many_arcs() -> None:
    with pytest.raises(UnsupportedModelError, match=r"^a: the graph with the phrases would have more than 3 arcs;"):
        compose("a", sentence_graph("on off on off"), AUTOMATON, most_arcs=3)
