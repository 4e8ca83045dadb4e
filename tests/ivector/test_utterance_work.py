"""Utterances on their way, and their systems solved together."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
import pytest

from ov_asr_score.features.steps.online_cmvn import CmvnState, LiveCmvn
from ov_asr_score.ivector.adaptation_state import first_state
from ov_asr_score.ivector.gaussian_frames import GaussianFrames
from ov_asr_score.ivector.utterance_work import SystemSolver, UtteranceWork, normalized_by, number_of_lanes
from tests.ivector.references import TWO, extractor, table


def test_lanes_fit_the_cache() -> None:
    assert [number_of_lanes(dim) for dim in (10, 24, 50, 100, 400)] == [64, 64, 52, 13, 8]


def solve(solver: SystemSolver, work: Sequence[UtteranceWork]) -> None:
    for each, ivector in zip(work, solver.solve([(each.stats, each.ivector) for each in work]), strict=True):
        assert ivector is not None
        each.set_ivector(ivector)


def begun(key: str, weight: float = 1.0) -> UtteranceWork:
    features = table("feats.ark")[key]
    weights = np.full(len(features), weight, np.float32)
    return UtteranceWork(extractor(), GaussianFrames(extractor()), first_state(extractor()), features, weights)


def test_utterances_are_solved_together() -> None:
    solver = SystemSolver(extractor(), 4)
    work = [begun(key) for key in TWO]
    left = list(work)
    while left:
        left = [each for each in left if each.next_system()]
        solve(solver, left)
    for key, each in zip(TWO, work, strict=True):
        np.testing.assert_allclose(each.ivectors(), table("online/utt_p10.ark")[key], atol=1e-3)
        assert each.state().stats.count == each.stats.count


def test_no_frames_that_count_give_the_prior() -> None:
    solver = SystemSolver(extractor(), 4)
    work = [begun(TWO[0], weight) for weight in (0, 1, -1)]
    assert all(each.next_system() for each in work)
    solve(solver, work)
    default = extractor().default_ivector
    assert np.array_equal(work[0].ivector, default) and np.array_equal(work[2].ivector, default)
    assert not np.array_equal(work[1].ivector, default)


def test_an_ivector_that_begins_with_zero_starts_at_the_prior() -> None:
    """As Kaldi does, whatever led there."""
    solver = SystemSolver(extractor(), 4)
    usual, other = begun(TWO[0]), begun(TWO[0])
    for each in (usual, other):
        each.next_system()
    other.ivector = np.zeros(24)
    solve(solver, [usual, other])
    assert np.allclose(usual.ivector, other.ivector, atol=1e-6)


def test_wild_statistics_of_cmvn_give_no_warnings() -> None:
    """Rows that are not finite then are refused when frames are made of them."""
    state = CmvnState(extractor().global_stats, np.full((2, 41), 1e308))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = normalized_by(LiveCmvn(extractor().cmvn, state), np.ones((5, 40), np.float32))
    assert found.shape == (5, 40)


@pytest.mark.parametrize("size", [1e300, 1e60])
def test_ivectors_beyond_single_precision_are_none(size: float) -> None:
    solver = SystemSolver(extractor(), 4)
    usual, wild = begun(TWO[0]), begun(TWO[0])
    for each in (usual, wild):
        each.next_system()
    wild.stats.linear[:] = size
    found = solver.solve([(wild.stats, wild.ivector), (usual.stats, usual.ivector)])
    assert found[0] is None and found[1] is not None
    (alone,) = solver.solve([(usual.stats, usual.ivector)])
    assert alone is not None and np.array_equal(alone, found[1])
