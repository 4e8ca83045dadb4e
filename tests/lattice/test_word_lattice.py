"""Word lattices, as lattice-determinize-pruned makes them, and against all paths of small lattices."""

from __future__ import annotations

import logging
from math import inf

import numpy as np
import pytest

from ov_asr_score.lattice.arcs.arc_groups import AnyLattice
from ov_asr_score.lattice.costs import Scales
from ov_asr_score.lattice.files.building import EMPTY, EMPTY_COMPACT
from ov_asr_score.lattice.lattice import CompactLattice
from ov_asr_score.lattice.nbest import is_deterministic
from ov_asr_score.lattice.word_lattice import determinize, word_lattice
from tests.lattice.lattices import compact, kaldi_lattices, paths_of, plain


def best_of(lattice: AnyLattice, scales: Scales) -> dict[tuple[int, ...], tuple[float, tuple[int, ...], float, float]]:
    """For each word sequence the cost in all, the transition-ids, and both costs of the best path."""
    best: dict[tuple[int, ...], tuple[float, tuple[int, ...], float, float]] = {}
    for words, ids, graph, acoustic in paths_of(lattice):
        total = scales.lm * graph + scales.acoustic * acoustic + scales.word_insertion_penalty * len(words)
        best[words] = min(best.get(words, (inf, ids, 0.0, 0.0)), (total, ids, graph, acoustic))
    return best


def test_lattices_of_kaldi() -> None:
    """As many states and arcs as Kaldi finds, with the same words, transition-ids and costs."""
    theirs = kaldi_lattices("wide/lat_det_pruned_of_raw.txt.gz")
    raw = kaldi_lattices("wide/lat_raw.ark.gz")
    assert len(raw) == 9
    for key, lattice in raw.items():
        if key in ("flite_slt-t0017", "es_belinda-t0011"):  # take long
            continue
        found, other = word_lattice(lattice, Scales(0.3), 8.0), theirs[key]
        assert isinstance(other, CompactLattice) and is_deterministic(found)
        assert (found.num_states, len(found.words)) == (other.num_states, len(other.words))
        ours, wanted = (
            sorted(zip(one.words.tolist(), np.diff(one.first_ids).tolist(), one.graph_costs.tolist(), strict=False))
            for one in (found, other)
        )
        assert [one[:2] for one in ours] == [one[:2] for one in wanted]
        assert np.allclose([one[2] for one in ours], [one[2] for one in wanted], atol=1e-3)
        assert sorted(found.transition_ids.tolist()) == sorted(other.transition_ids.tolist())


@pytest.mark.parametrize("seed", range(30))
def test_best_path_of_every_word_sequence(seed: int) -> None:
    """Random lattices, in which many paths have the same words."""
    chance = np.random.default_rng(seed)
    arcs = []
    for source in range(9):
        for _ in range(chance.integers(1, 4)):
            target = min(9, source + int(chance.integers(1, 4)))
            graph, acoustic = chance.integers(0, 64, 2) / 8
            arcs.append((source, target, int(chance.integers(0, 4)), int(chance.integers(0, 3)), graph, acoustic))
    lattice = plain(arcs, [(9, 0.5, 0.25), (7, 1, 0)])
    scales = Scales(acoustic=0.5, lm=2.0, word_insertion_penalty=0.75)
    wanted = best_of(lattice, scales)
    found = word_lattice(lattice, scales, inf)
    assert is_deterministic(found)
    paths = list(paths_of(found))
    assert len(paths) == len({path[0] for path in paths}) == len(wanted)
    for words, _, graph, acoustic in paths:
        total = 2.0 * graph + 0.5 * acoustic + 0.75 * len(words)
        assert np.isclose(total, wanted[words][0])
    # Transition-ids are those of a path of that cost.
    given = {(words, ids, round(graph, 4), round(cost, 4)) for words, ids, graph, cost in paths_of(lattice)}
    assert {(words, ids, round(graph, 4), round(cost, 4)) for words, ids, graph, cost in paths} <= given
    least = min(cost for cost, *_ in wanted.values())
    within = {words for words, (cost, *_) in wanted.items() if cost <= least + 4}
    assert within <= {path[0] for path in paths_of(word_lattice(lattice, scales, 4.0))}


def test_compact_lattices_with_silence() -> None:
    """Arcs without words go, and final transition-ids stay."""
    lattice = compact(
        [(0, 1, 0, 1, 0, [5, 5]), (0, 1, 3, 2, 0, [6, 6]), (1, 2, 3, 0, 1, [7]), (0, 2, 3, 0, 4, [8, 8, 8])],
        [(2, 0.5, 0, [9]), (1, 3, 0, [])],
    )
    found = word_lattice(lattice, beam=inf)
    assert is_deterministic(found)
    assert {path[0]: path[1:] for path in paths_of(found)} == {
        (): ((5, 5), 4, 0),
        (3,): ((5, 5, 7, 9), 1.5, 1),
        (3, 3): ((6, 6, 7, 9), 2.5, 1),
    }


def test_limit_narrows_the_beam(caplog: pytest.LogCaptureFixture) -> None:
    lattice = kaldi_lattices("wide/lat_raw.ark.gz")["es_Gene-t0010"]
    scales = Scales(0.3)
    whole, limited = determinize(lattice, scales, 8.0), determinize(lattice, scales, 8.0, 100)
    assert whole.beam == 8.0
    assert 0 < limited.beam < 8
    assert 0 < len(limited.lattice.words) < len(whole.lattice.words)
    with caplog.at_level(logging.WARNING):
        word_lattice(lattice, scales, 8.0, 100)
    assert "the word lattice is too large: its beam is" in caplog.text


@pytest.mark.parametrize("lattice", [EMPTY, EMPTY_COMPACT, plain([(0, 1, 1, 5, 0, 0)], [])])
def test_without_paths(lattice: AnyLattice) -> None:
    assert word_lattice(lattice).num_states == 0


def test_path_without_words() -> None:
    found = word_lattice(plain([(0, 1, 4, 0, 1, 2)], [(1, 0, 0)]))
    assert list(paths_of(found)) == [((), (4,), 1, 2)]
