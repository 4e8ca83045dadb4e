from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from ov_asr_score.decoding.token_passing import look_costs
from ov_asr_score.decoding.token_passing.compiled import kernel
from ov_asr_score.decoding.token_passing.search_arrays import LOOK, Records, SearchArrays
from ov_asr_score.decoding.token_passing.search_graph import with_language_model
from tests.decoding.token_passing.small_pairs import pair, pair_graph


def labels_of(arrays: SearchArrays, labels: int) -> set[int]:
    intervals = range(arrays.set_first[labels], arrays.set_first[labels + 1])
    return {label for i in intervals for label in range(arrays.set_begins[i], arrays.set_ends[i])}


def own_mass(arrays: SearchArrays, labels: int, history: int) -> float:
    wanted, mass = labels_of(arrays, labels), 0.0
    for arc in range(arrays.word_first[history], arrays.word_first[history + 1]):
        if int(arrays.labels[arc]) in wanted:
            mass += math.exp(-float(arrays.word_costs[arc]))
    if mass and arrays.label_sets["backs_off"][labels]:
        mass += math.exp(-float(arrays.backoff_costs[history]))
    if pair().hclr.final_label in wanted:  # the end is not added
        mass = max(mass, math.exp(-float(arrays.ends[history])))
    return mass


@pytest.mark.parametrize("gr", ["Gr.fst", "Gr_ngram.fst"])
def test_looks_are_sums_over_all_words_within_reach(gr: str) -> None:
    @kernel
    def look(graph: SearchArrays, labels: int, history: int, looks: Records) -> float:
        begin, end = graph.word_first[history], graph.word_first[history + 1]
        found: float = look_costs.look_ahead(graph, labels, history, looks, begin, end)
        return found

    arrays, looks = pair_graph(gr).arrays, np.zeros(1 << 10, LOOK)
    looks["key"] = -1
    for _ in range(2):  # computed, and cached
        for labels in range(len(arrays.set_first) - 1):
            for history in range(0, len(arrays.ends), 3):
                mass = own_mass(arrays, labels, history)
                expected = -math.log(mass) if mass else math.inf
                assert look(arrays, labels, history, looks) == pytest.approx(expected, abs=2e-5)


def test_the_widest_history_has_tables() -> None:
    arrays = pair_graph().arrays
    wide = arrays.wide_history
    assert arrays.backoff_states[wide] < 0
    for labels, look in enumerate(arrays.wide_looks):
        mass = own_mass(arrays, labels, wide)
        assert look == pytest.approx(-math.log(mass) if mass else math.inf, abs=2e-5)
    arcs = arrays.wide_arcs[arrays.wide_arcs >= 0]
    assert arcs.tolist() == list(range(arrays.word_first[wide], arrays.word_first[wide + 1]))


def test_rare_words_are_not_lost_in_sums() -> None:
    costs = np.array([0.0, 60.0, 0.0], np.float32)
    sums = np.zeros(4)
    look_costs.fill_sums(np.array([0, 3], np.int64), costs, sums)
    arrays = pair_graph().arrays._replace(sums=sums, word_costs=costs, wide_history=-1)
    assert sums.tolist() == [0, 1, 1, 2]

    @kernel
    def mass(graph: SearchArrays) -> float:
        found: float = look_costs.mass_of_arcs(graph, 0, 1, 2)
        return found

    assert mass(arrays) == pytest.approx(math.exp(-60), rel=1e-6)


@pytest.mark.parametrize("lowered", [20.0, 35.0])
def test_the_widest_history_after_a_boosted_word(lowered: float) -> None:
    model = pair().model
    costs = model.weights.copy()
    costs[model.labels == 3] -= np.float32(lowered)
    arrays = with_language_model(pair_graph(), replace(model, weights=costs)).arrays
    for labels, look in enumerate(arrays.wide_looks):
        mass = own_mass(arrays, labels, arrays.wide_history)
        assert look == pytest.approx(-math.log(mass) if mass else math.inf, abs=1e-3)


def test_sums_stay_finite_and_right_behind_boosted_words() -> None:
    costs = np.array([-1e4, 1.0, -30.0, 1.0, 2.0], np.float32)
    sums = np.zeros(7)
    look_costs.fill_sums(np.array([0, 2, 5], np.int64), costs, sums)
    assert np.isfinite(sums).all() and sums[1] == math.exp(600)
    arrays = pair_graph().arrays._replace(sums=sums, word_costs=costs)

    @kernel
    def mass(graph: SearchArrays, history: int, begin: int, end: int) -> float:
        found: float = look_costs.mass_of_arcs(graph, history, begin, end)
        return found

    assert mass(arrays, 0, 1, 2) == math.exp(-1)
    assert mass(arrays, 1, 3, 4) == pytest.approx(math.exp(-1), rel=1e-12)


@pytest.mark.parametrize("gr", ["Gr.fst", "Gr_ngram.fst"])
def test_sets_with_the_label_of_backing_off(gr: str) -> None:
    arrays, label = pair_graph(gr).arrays, pair(gr).model.backoff_label
    holds = [label in labels_of(arrays, labels) for labels in range(len(arrays.set_first) - 1)]
    assert arrays.label_sets["backs_off"].tolist() == holds
    assert any(holds) == (label > 0) == (gr == "Gr.fst")
