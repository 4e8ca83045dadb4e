"""Scores and probabilities of arcs, against all paths of small lattices."""

from __future__ import annotations

import numpy as np

from ov_asr_score.lattice.arc_posteriors import path_scores, posteriors
from ov_asr_score.lattice.arcs.state_times import num_frames, state_times
from ov_asr_score.lattice.costs import Scales
from ov_asr_score.lattice.files.building import EMPTY
from tests.lattice.lattices import kaldi_lattices, plain

LATTICE = plain(
    [(0, 1, 1, 5, 1, 0), (0, 1, 2, 6, 0, 3), (1, 2, 3, 7, 0.5, 0), (0, 2, 4, 8, 0, 2), (2, 3, 5, 0, 0, 0)],
    [(2, 1, 0), (1, 0, 2)],
)


def test_probabilities_of_small_lattices() -> None:
    """The last arc leads nowhere."""
    paths = {(0, 2): 2.5, (1, 2): 4.5, (3,): 3.0, (0,): 3.0, (1,): 5.0}  # costs
    total = sum(np.exp(-cost) for cost in paths.values())
    found = posteriors(LATTICE)
    wanted = [sum(np.exp(-cost) for path, cost in paths.items() if arc in path) / total for arc in range(5)]
    assert np.allclose(found.arcs, wanted)
    assert np.isclose(found.log_likelihood, np.log(total))
    assert np.allclose(found.finals, [1 - found.finals[1], (np.exp(-3) + np.exp(-5)) / total])
    scores = path_scores(LATTICE, best_only=True)
    assert scores.arcs.tolist() == [-2.5, -4.5, -2.5, -3, -np.inf]
    assert scores.total == -2.5


def test_probabilities_of_each_frame_add_up() -> None:
    for lattice in kaldi_lattices("wide/lat_raw.ark.gz").values():
        found = posteriors(lattice, Scales(acoustic=0.3))
        has_frame = lattice.transition_ids != 0
        frames = state_times(lattice)[lattice.sources[has_frame]]
        sums = np.bincount(frames, found.arcs[has_frame])
        assert len(sums) == num_frames(lattice) and np.allclose(sums, 1)
        assert np.isclose(found.finals.sum(), 1)


def test_without_paths() -> None:
    found = posteriors(plain([(0, 1, 1, 0, 0, 0)], []))
    assert found.arcs.tolist() == [0] and found.log_likelihood == -np.inf
    assert posteriors(EMPTY).log_likelihood == -np.inf
