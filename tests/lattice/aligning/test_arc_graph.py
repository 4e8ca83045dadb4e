from __future__ import annotations

from ov_asr_score.lattice.aligning.arc_graph import Arc, ArcGraph, arcs_by_state, from_bytes, without_epsilons
from tests.lattice.aligning.lattice_texts import parse_lattice
from tests.lattice.aligning.toy_model import ids_of

FREE = (0.0, 0.0)


def test_arcs_lead_from_final_states_to_one_more() -> None:
    arcs, end = arcs_by_state(parse_lattice("0 1 7 1,2,3_4\n1 0.5,0,5"))
    assert end == 2
    assert arcs[0] == [Arc(1, 7, ids_of(2).tobytes(), (1.0, 2.0))]
    assert from_bytes(arcs[1][0].ids).tolist() == [5]
    assert arcs[1][0][:2] == (2, 0)
    assert arcs[2] == []


def test_costs_of_removed_arcs_stay_on_the_paths() -> None:
    graph = ArcGraph(
        [[Arc(1, None, b"", (1, 2))], [Arc(2, 7, b"\1\0\0\0", (0, 0.5))], [Arc(3, None, b"", (4, 0))], []], {3: (8, 1)}
    )
    lattice = without_epsilons(graph)
    assert lattice.num_states == 2
    assert (lattice.words.tolist(), lattice.transition_ids.tolist()) == ([7], [1])
    assert (lattice.graph_costs.tolist(), lattice.acoustic_costs.tolist()) == ([1], [2.5])
    assert (lattice.final_graph_costs.tolist(), lattice.final_acoustic_costs.tolist()) == ([12], [1])


def test_the_best_of_equal_words_between_two_states_stays() -> None:
    ways = [Arc(1, 7, b"\1\0\0\0", (2, 0)), Arc(1, 7, b"\2\0\0\0", (1, 0)), Arc(1, 8, b"\3\0\0\0", (9, 0))]
    lattice = without_epsilons(ArcGraph([ways, []], {1: FREE}))
    assert sorted(zip(lattice.words.tolist(), lattice.graph_costs.tolist(), strict=True)) == [(7, 1), (8, 9)]
    assert sorted(lattice.transition_ids.tolist()) == [2, 3]


def test_what_does_not_lead_to_the_end_is_left_out() -> None:
    graph = ArcGraph([[Arc(1, 7, b"", FREE), Arc(2, 8, b"", FREE)], [], [Arc(3, None, b"", FREE)], []], {1: FREE})
    lattice = without_epsilons(graph)
    assert (lattice.num_states, lattice.words.tolist()) == (2, [7])
    assert without_epsilons(ArcGraph([[Arc(1, 7, b"", FREE)], []], {})).num_states == 0
    assert without_epsilons(ArcGraph()).num_states == 0


def test_states_are_in_topological_order() -> None:
    graph = ArcGraph([[Arc(2, 1, b"", FREE), Arc(1, 2, b"", FREE)], [Arc(3, 3, b"", FREE)], [], [Arc(2, 4, b"", FREE)]])
    graph.finals[2] = FREE
    lattice = without_epsilons(graph)
    assert (lattice.targets > lattice.sources).all()
    assert lattice.num_states == 4
