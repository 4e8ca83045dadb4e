from __future__ import annotations

import numpy as np
import pytest

from ov_asr_score.decoding.phrases import boosting
from ov_asr_score.decoding.phrases.boosting import boost_words, phrase_booster
from ov_asr_score.decoding.phrases.composition import compose
from ov_asr_score.errors import UnsupportedModelError
from tests.decoding.phrases.random_graphs import best_costs, random_graph

# overlapping, within each other, dearer instead of cheaper, one that begins another
LOWERED = {(1, 2): 2.0, (2, 1, 2): 4.0, (1, 2, 3): -1.5, (3, 3): 1.0, (1, 2, 2, 1): 8.0, (2, 2): 0.5}


def lowered(words: tuple[int, ...]) -> float:
    """By how much, counting the places where each phrase is."""
    return sum(
        cost
        for phrase, cost in LOWERED.items()
        for place in range(len(words))
        if words[place : place + len(phrase)] == phrase
    )


def test_each_time_that_a_phrase_is_said_counts_once() -> None:
    booster = phrase_booster(LOWERED)
    changed = 0
    for seed in range(60):
        graph = random_graph(seed)
        composed = compose("a", graph, booster)
        found = best_costs(composed.fst) if composed else {}
        wanted = {words: cost - lowered(words) for words, cost in best_costs(graph).items() if cost < np.inf}
        assert {words: cost for words, cost in found.items() if cost < np.inf} == pytest.approx(wanted, abs=1e-5)
        changed += sum(lowered(words) != 0 for words in wanted)
    assert changed > 100


def test_the_beginning_of_a_phrase_gets_its_share_at_once() -> None:
    booster = phrase_booster({(1, 2, 3): 6.0})
    arcs = {
        (source, word): (target, cost)
        for source, word, target, cost in zip(
            *(column.tolist() for column in (booster.sources, booster.words, booster.targets, booster.costs)),
            strict=True,
        )
    }
    assert arcs[0, 1] == (1, -2.0)
    assert arcs[1, 2] == (2, -2.0)
    assert arcs[2, 3] == (3, -2.0)
    assert arcs[2, -1] == (0, 4.0)
    assert arcs[2, 1] == (1, 2.0)
    assert booster.final_costs.tolist() == [0, 2, 4, 0]


def test_words() -> None:
    graph = random_graph(3)
    boosted = boost_words(graph, {1: 2.5, 3: -1.0, 100: 5.0})
    changes = np.array([0, 2.5, 0, -1.0], np.float32)
    np.testing.assert_array_equal(boosted.weights, graph.weights - changes[graph.olabels])
    assert boosted.arcs is not graph.arcs
    np.testing.assert_array_equal(boosted.next_states, graph.next_states)


def test_too_many_phrases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boosting, "MOST_PARTS", 5)
    with pytest.raises(UnsupportedModelError, match=r"^boost: expected phrases that make at most 5 arcs, found more"):
        phrase_booster(LOWERED)
