"""Levels of states, and passes over a lattice against plain loops over its arcs."""

from __future__ import annotations

import numpy as np

from ov_asr_score.lattice.arcs.arc_groups import group_arcs, index_ranges, propagate, state_levels
from tests.lattice.lattices import kaldi_lattices, plain


def test_levels_are_the_longest_ways() -> None:
    levels = state_levels(6, np.array([0, 0, 1, 2, 0]), np.array([1, 2, 2, 3, 3]))
    assert levels.tolist() == [0, 1, 2, 3, 0, 0]


def test_cycles_have_no_levels() -> None:
    levels = state_levels(5, np.array([0, 1, 2, 3, 2]), np.array([1, 2, 3, 2, 4]))
    assert levels.tolist() == [0, 1, -1, -1, -1]


def test_index_ranges() -> None:
    assert index_ranges(np.array([5, 0, 7]), np.array([2, 0, 3])).tolist() == [5, 6, 7, 8, 9]
    assert index_ranges(np.zeros(0, int), np.zeros(0, int)).tolist() == []


def test_passes_are_loops_over_arcs() -> None:
    for lattice in kaldi_lattices("chain/lat_raw.ark.gz").values():
        forward, backward = group_arcs(lattice)
        scores = -(lattice.graph_costs.astype(float) + lattice.acoustic_costs)
        wanted, back = np.full((2, lattice.num_states), -np.inf)
        wanted[0] = 0
        back[lattice.final_states] = 0
        for arc, (source, target) in enumerate(zip(lattice.sources, lattice.targets, strict=True)):
            wanted[target] = np.logaddexp(wanted[target], wanted[source] + scores[arc])
        for arc in reversed(range(len(scores))):
            source, target = lattice.sources[arc], lattice.targets[arc]
            back[source] = max(back[source], back[target] + scores[arc])
        found, found_back = np.full((2, lattice.num_states), -np.inf)
        found[0] = 0
        found_back[lattice.final_states] = 0
        assert np.allclose(propagate(forward, scores, found, np.logaddexp), wanted)
        assert np.array_equal(propagate(backward, scores, found_back, np.maximum), back)


def test_several_scores_at_once() -> None:
    lattice = plain([(0, 1, 1, 1, 0, 0), (0, 1, 2, 1, 0, 0), (1, 2, 3, 0, 0, 0)], [(2, 0, 0)])
    forward, _ = group_arcs(lattice)
    values = np.array([[0.0, 0.0], [-np.inf] * 2, [-np.inf] * 2])
    found = propagate(forward, np.array([[1.0, 5.0], [2.0, 4.0], [10.0, 20.0]]), values, np.maximum)
    assert found.tolist() == [[0, 0], [2, 5], [12, 25]]


def test_lattice_without_arcs() -> None:
    forward, backward = group_arcs(plain([], [(0, 0, 0)]))
    for groups in (forward, backward):
        assert propagate(groups, np.zeros(0), np.zeros(1), np.maximum).tolist() == [0]
