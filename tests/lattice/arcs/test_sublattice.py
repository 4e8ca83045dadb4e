"""Parts of lattices, and their states in order."""

from __future__ import annotations

import numpy as np

from ov_asr_score.lattice.arcs.sublattice import in_order, rearrange, select
from tests.lattice.lattices import compact, paths_of, plain, rounded

ARCS = [(0, 1, 1, 5, 1, 0), (0, 2, 2, 6, 2, 0), (1, 3, 3, 7, 3, 0), (2, 3, 4, 8, 4, 0), (2, 4, 5, 9, 5, 0)]


def test_what_lies_on_no_path_goes() -> None:
    lattice = plain(ARCS, [(3, 0.5, 0), (4, 0.25, 0)])
    chosen = select(lattice, np.array([False, True, True, True, True]), np.array([True, False]))
    assert rounded(paths_of(chosen)) == [((6, 8), (2, 4), 6.5, 0)]
    assert (chosen.num_states, chosen.sources.tolist(), chosen.final_states.tolist()) == (3, [0, 1], [2])


def test_nothing_is_left_without_final_states() -> None:
    chosen = select(plain(ARCS, [(3, 0, 0)]), np.ones(5, bool), np.zeros(1, bool))
    assert (chosen.num_states, len(chosen.sources), len(chosen.final_states)) == (0, 0, 0)


def test_transition_ids_follow_their_arcs() -> None:
    lattice = compact(
        [(0, 1, 5, 0, 0, [1, 2]), (0, 2, 6, 0, 0, [3]), (1, 2, 7, 0, 0, [])], [(2, 0, 0, [9]), (1, 0, 0, [8])]
    )
    turned = rearrange(lattice, np.array([2, 0, 1]), None, None)
    assert turned.sources.tolist() == [1, 1, 2]
    assert turned.final_states.tolist() == [0, 2]
    assert turned.transition_ids.tolist() == [1, 2, 3, 9, 8]
    assert turned.first_ids.tolist() == [0, 2, 3, 3, 4, 5]


def test_states_in_order() -> None:
    given = plain(
        [(2, 1, 1, 5, 0, 0), (1, 0, 2, 6, 0, 0), (2, 0, 3, 7, 0, 0), (3, 1, 4, 8, 0, 0)], [(0, 0, 0), (3, 0, 0)]
    )
    ordered = in_order(given, 2)
    assert ordered is not None
    assert rounded(paths_of(ordered)) == [((5, 6), (1, 2), 0, 0), ((7,), (3,), 0, 0)]
    assert ordered.num_states == 3 and bool((ordered.targets > ordered.sources).all())


def test_states_in_order_stay() -> None:
    given = plain(ARCS, [(4, 0, 0)])
    assert in_order(given, 0) is given
    turned = in_order(plain([ARCS[4], *ARCS[:4]], [(4, 0, 0), (3, 0, 0)]), 0)
    assert turned is not None
    assert turned.words.tolist() == [5, 6, 7, 9, 8]
    assert turned.final_states.tolist() == [3, 4]


def test_cycles_have_no_order() -> None:
    assert in_order(plain([(0, 1, 1, 0, 0, 0), (1, 1, 2, 0, 0, 0)], [(1, 0, 0)]), 0) is None
    assert in_order(plain([(0, 1, 1, 0, 0, 0), (1, 0, 2, 0, 0, 0)], [(1, 0, 0)]), 0) is None
    # A cycle that is not reached is none.
    reached = in_order(plain([(0, 1, 1, 0, 0, 0), (2, 3, 2, 0, 0, 0), (3, 2, 2, 0, 0, 0)], [(1, 0, 0)]), 0)
    assert reached is not None and reached.num_states == 2
