"""Scaled costs, as lattice-scale and lattice-add-penalty write them."""

from __future__ import annotations

import numpy as np

from ov_asr_score.lattice.costs import Scales, add_word_penalty, arc_costs, final_costs, scale_costs, state_scores
from tests.lattice.lattices import kaldi_lattices, plain

LATTICE = plain([(0, 1, 7, 3, 0.5, -1), (1, 2, 9, 0, 2, 3)], [(1, 1, 2), (2, 3, 4)])


def test_costs_in_all() -> None:
    scales = Scales(acoustic=0.1, lm=2, word_insertion_penalty=10)
    assert np.allclose(arc_costs(LATTICE, scales), [1 - 0.1 + 10, 4 + 0.3])
    assert np.allclose(final_costs(LATTICE, scales), [2 + 0.2, 6 + 0.4])
    assert state_scores(LATTICE, np.array([5.0, 6.0])).tolist() == [-np.inf, 5, 6]


def test_scales_of_kaldi() -> None:
    theirs = kaldi_lattices("chain/scale_inv10_a2l0.1_l2a0.2.txt")
    for key, lattice in kaldi_lattices("chain/lat.ark.gz").items():
        scaled = scale_costs(lattice, 0.1, 1.0, 0.1, 0.2)
        for name in ("graph_costs", "acoustic_costs", "final_graph_costs", "final_acoustic_costs"):
            assert np.allclose(getattr(scaled, name), getattr(theirs[key], name), rtol=1e-5, atol=1e-5)


def test_penalty_of_kaldi() -> None:
    theirs = kaldi_lattices("chain/penalty1.5.txt")
    for key, lattice in kaldi_lattices("chain/lat.ark.gz").items():
        assert np.allclose(add_word_penalty(lattice, 1.5).graph_costs, theirs[key].graph_costs, rtol=1e-5)
    assert add_word_penalty(LATTICE, 1.5).graph_costs.tolist() == [2, 2]
