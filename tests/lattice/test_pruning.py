"""Pruned lattices, as lattice-prune writes them."""

from __future__ import annotations

import numpy as np

from ov_asr_score.lattice.costs import Scales
from ov_asr_score.lattice.pruning import prune
from tests.lattice.lattices import kaldi_lattices, paths_of, plain, rounded


def test_pruned_by_kaldi() -> None:
    theirs = kaldi_lattices("wide/prune_beam4.txt")
    for key, lattice in kaldi_lattices("wide/lat.ark.gz").items():
        pruned = prune(lattice, 4.0, Scales(acoustic=0.3))
        assert (pruned.num_states, len(pruned.words)) == (theirs[key].num_states, len(theirs[key].words))
        assert sorted(pruned.words.tolist()) == sorted(theirs[key].words.tolist())
        assert np.isclose(pruned.graph_costs.sum(), theirs[key].graph_costs.sum(), rtol=1e-4)


def test_paths_within_the_beam_stay() -> None:
    lattice = plain(
        [(0, 1, 1, 5, 0, 0), (0, 1, 2, 6, 3, 0), (1, 2, 3, 7, 0, 0), (1, 3, 4, 8, 1, 0)], [(2, 0, 0), (3, 0, 0)]
    )
    assert [path[0] for path in rounded(paths_of(prune(lattice, 2.0)))] == [(5, 7), (5, 8)]
    assert [path[0] for path in rounded(paths_of(prune(lattice, 3.5)))] == [(5, 7), (5, 8), (6, 7), (6, 8)]


def test_without_paths_nothing_is_left() -> None:
    assert prune(plain([(0, 1, 1, 5, 0, 0)], []), 2.0).num_states == 0
