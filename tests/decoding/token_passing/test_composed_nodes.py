from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from ov_asr_score.decoding.decoded import Decoded
from ov_asr_score.decoding.token_passing import composed_nodes, search_buffers
from ov_asr_score.decoding.token_passing.search_arrays import LAST_MARK, NUM_NODES, PROBLEM, SearchArrays
from ov_asr_score.decoding.token_passing.search_graph import SearchGraph, compose_pair
from ov_asr_score.decoding.token_passing.utterance_search import UtteranceSearch
from tests.decoding.kaldi_live_searches import joined_scores, scores, transitions, whole_graph
from tests.decoding.token_passing.small_pairs import CHAIN, DISAMBIGUATION, pair, pair_graph, searched
from tests.decoding.token_passing.test_look_costs import own_mass

OPTIONS = replace(CHAIN, lattice_beam=3.0, allow_partial=True)


def new_graph(gr: str = "Gr.fst") -> SearchGraph:
    """A graph of which nothing is composed yet."""
    found = pair(gr)
    return compose_pair(gr, found.hclr, found.model, transitions().pdfs, transitions().num_pdfs, DISAMBIGUATION)


def in_pieces(graph: SearchGraph, size: int = 20) -> Decoded:
    search = UtteranceSearch(graph, OPTIONS, True)
    for first in range(0, len(joined_scores()), size):
        search.advance(joined_scores()[first : first + size])
    return search.finish("all")


def assert_same(found: Decoded, expected: Decoded) -> None:
    assert found.path is not None and expected.path is not None
    assert found.path.alignment.tolist() == expected.path.alignment.tolist()
    assert (found.path.graph_cost, found.path.acoustic_cost) == (expected.path.graph_cost, expected.path.acoustic_cost)
    assert found.lattice is not None and expected.lattice is not None
    for name in ("targets", "transition_ids", "words", "graph_costs", "acoustic_costs", "final_graph_costs"):
        assert np.array_equal(getattr(found.lattice, name), getattr(expected.lattice, name))


def arcs_by_definition(arrays: SearchArrays, state: int, history: int) -> list[tuple[int, int, float, int, int]]:
    """Input label, output label, cost, next state and next history of the arcs of a pair of states."""

    def look(state: int, history: int) -> float:
        mass = own_mass(arrays, int(arrays.sets[state]), history)
        return -math.log(mass) if mass else math.inf

    found = []
    for arc in arrays.arcs[arrays.first_arcs[state] : arrays.first_arcs[state + 1]].tolist():
        ilabel, olabel, cost, following = arc
        histories = [(history, cost)]
        if olabel:
            own = range(arrays.word_first[history], arrays.word_first[history + 1])
            words = [place for place in own if arrays.labels[place] == olabel]
            histories, then = [], int(arrays.nexts[words[0]]) if words else -1
            cost += float(arrays.word_costs[words[0]]) if words else 0.0
            while then >= 0:
                histories.append((then, cost))
                cost += float(arrays.backoff_costs[then])
                then = int(arrays.backoff_states[then])
        for then, before in histories:
            cost = before + look(following, then) - look(state, history)
            if cost < math.inf:
                found.append((ilabel, olabel, cost, following, then))
    return found


@pytest.mark.parametrize("gr", ["Gr.fst", "Gr_ngram.fst"])
def test_arcs_of_pairs_by_definition(gr: str) -> None:
    graph, random = new_graph(gr), np.random.default_rng(1)
    searched(graph, next(iter(scores().values())))
    (buffers,) = graph._free
    nodes, counters = buffers.arrays.nodes, np.zeros(8, np.int64)
    assert nodes.counts[NUM_NODES] > 500
    num_levels = 0
    for node in random.choice(int(nodes.counts[NUM_NODES]), 150, replace=False).tolist():
        if nodes.first_arcs[node] < 0:
            composed_nodes.compose(graph.arrays, nodes, buffers.arrays.looks, node, counters)
        pair_of_node = nodes.pairs[node]
        expected = arcs_by_definition(graph.arrays, int(pair_of_node["state"]), int(pair_of_node["history"]))
        arcs = nodes.arcs[nodes.first_arcs[node] : nodes.end_arcs[node]]
        assert [(arc["ilabel"], arc["olabel"]) for arc in arcs] == [each[:2] for each in expected]
        assert arcs["weight"].tolist() == pytest.approx([each[2] for each in expected], abs=1e-4)
        for place, (*_, state, history) in zip(
            range(nodes.first_arcs[node], nodes.end_arcs[node]), expected, strict=True
        ):
            then = int(nodes.arcs[place]["next"])
            if then < 0:
                then = composed_nodes.number_next(graph.arrays, nodes, buffers.arrays.looks, node, place, counters)
            assert nodes.arcs[place]["next"] == then
            assert (nodes.pairs[then]["state"], nodes.pairs[then]["history"]) == (state, history)
            num_levels += history != pair_of_node["history"]
    assert num_levels > 10 and not counters[PROBLEM]


@pytest.mark.parametrize("gr", ["Gr.fst", "Gr_ngram.fst"])
@pytest.mark.parametrize("room", [(1 << 14, 1 << 14), (500, 1 << 14), (1 << 14, 800), (2, 2)])
def test_nothing_depends_on_what_is_composed_already(
    gr: str, room: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = in_pieces(pair_graph(gr))
    monkeypatch.setattr(search_buffers, "_MOST_NODES", room[0])
    monkeypatch.setattr(search_buffers, "_MOST_ARCS", room[1])
    monkeypatch.setattr(search_buffers, "_FIRST_TABLE", 16)
    graph = new_graph(gr)
    assert_same(in_pieces(graph), expected)
    assert_same(in_pieces(graph, 7), expected)
    nodes = graph._free[0].arrays.nodes
    assert len(nodes.pairs) < 10000 and len(nodes.arcs) < 40000


@pytest.mark.parametrize("room", [0, 1])
def test_a_search_may_begin_where_the_table_of_nodes_is_full(room: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_buffers, "_FIRST_TABLE", 16)
    graph = new_graph()
    expected = UtteranceSearch(graph, OPTIONS)._run.tokens  # of the start, and of the state that it backs off to
    (buffers,) = graph._free
    nodes, history = buffers.arrays.nodes, expected["history"].max()
    nodes.table[:], nodes.counts[NUM_NODES] = -1, 8 - room
    nodes.pairs["state"], nodes.pairs["history"] = 1, history + 1 + np.arange(len(nodes.pairs))
    assert len(expected) == 2 and UtteranceSearch(graph, OPTIONS)._run.tokens.tolist() == expected.tolist()
    assert len(buffers.arrays.nodes.table) > 16


def test_a_table_that_grows_takes_nothing_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_buffers, "_FIRST_TABLE", 16)
    graph = new_graph()
    search = UtteranceSearch(graph, OPTIONS)
    (buffers,) = graph._free
    buffers.arrays.nodes.counts[NUM_NODES] = 8
    pairs = buffers.arrays.nodes.pairs
    pairs["state"], pairs["history"] = 1, np.arange(len(pairs))
    tokens = buffers.arrays.tokens[:2]
    assert not buffers.make_room_for_nodes(tokens, again=True) and buffers.arrays.nodes.counts[NUM_NODES] == 8
    buffers.put_tokens(search._run.tokens)
    size = len(buffers.arrays.nodes.pairs)
    assert buffers.make_room_for_nodes(tokens, again=False) and buffers.arrays.nodes.counts[NUM_NODES] == 2
    assert buffers.make_room_for_nodes(tokens, again=True) and len(buffers.arrays.nodes.pairs) == 2 * size


def test_sessions_that_take_turns_share_what_was_composed() -> None:
    graph, values = new_graph(), joined_scores()[:120]
    expected = UtteranceSearch(pair_graph(), OPTIONS, True)
    expected.advance(values)
    searches = [UtteranceSearch(graph, OPTIONS, True) for _ in range(3)]
    for first in range(0, len(values), 10):
        for search in searches:
            search.advance(values[first : first + 10])
    for search in searches:
        assert_same(search.finish("all"), expected.finish("all"))
    assert len(graph._free) == 1


@pytest.mark.parametrize("graph", [new_graph(), whole_graph()], ids=["pair", "whole"])
def test_marks_begin_anew(graph: SearchGraph) -> None:
    expected = in_pieces(graph)
    graph._free[0].mark = LAST_MARK - 100
    assert_same(in_pieces(graph), expected)
    assert graph._free[0].mark < LAST_MARK - 100
