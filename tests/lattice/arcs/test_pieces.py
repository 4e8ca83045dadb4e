"""Lattices cut at states that all paths pass through."""

from __future__ import annotations

import numpy as np

from ov_asr_score.lattice.arcs.pieces import cut, shared_states
from ov_asr_score.lattice.files.building import EMPTY
from tests.lattice.lattices import compact, paths_of, plain, rounded


def test_shared_states() -> None:
    arcs = [
        (0, 1, 1, 5, 0, 0),
        (0, 2, 1, 6, 0, 0),
        (1, 3, 1, 0, 0, 0),
        (2, 3, 1, 0, 0, 0),
        (3, 4, 1, 0, 0, 0),
        (4, 5, 1, 0, 0, 0),
    ]
    assert shared_states(plain(arcs, [(5, 0, 0)])).tolist() == [0, 3, 4, 5]
    assert shared_states(plain(arcs, [(5, 0, 0), (3, 0, 0)])).tolist() == [0, 3]
    assert shared_states(EMPTY).tolist() == []


def test_pieces_make_the_whole() -> None:
    lattice = compact(
        [
            (0, 1, 5, 1, 2, [1]),
            (0, 1, 6, 3, 4, [2]),
            (1, 2, 7, 5, 6, [3]),
            (1, 3, 8, 7, 8, [6]),
            (2, 3, 0, 0, 0, [4, 5]),
        ],
        [(3, 0.5, 0.25, [9])],
    )
    first, second = cut(lattice, [1])
    joined = [
        (words + more, ids + more_ids, graph + more_graph, cost + more_cost)
        for words, ids, graph, cost in paths_of(first)
        for more, more_ids, more_graph, more_cost in paths_of(second)
    ]
    assert rounded(iter(joined)) == rounded(paths_of(lattice))
    assert np.array_equal(cut(lattice, [])[0].transition_ids, lattice.transition_ids)
