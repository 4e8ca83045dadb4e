"""Lattices with a transition-id per arc from compact ones, and back."""

from __future__ import annotations

import pytest

from ov_asr_score.lattice.arcs.arc_groups import AnyLattice
from ov_asr_score.lattice.conversion import to_compact, to_lattice
from ov_asr_score.lattice.files.building import EMPTY, EMPTY_COMPACT
from tests.lattice.lattices import compact, kaldi_lattices, paths_of, plain, rounded


@pytest.mark.parametrize(
    "lattice",
    [
        compact([(0, 1, 3, 0.5, -1, [7, 8, 9]), (0, 1, 4, 0.25, -2, [])], [(1, 1, 2, [5, 6])]),
        compact([(0, 1, 3, 0.5, -1, [7]), (1, 2, 0, 0.25, -2, [8, 9])], [(1, 1, 2, []), (2, 1, 2, [4])]),
        compact([], [(0, 1, 2, [5, 6])]),
        compact([], [(0, 1, 2, [])]),
    ],
)
def test_paths_stay(lattice: AnyLattice) -> None:
    converted = to_lattice(lattice)
    assert bool((converted.targets > converted.sources).all())
    assert rounded(paths_of(converted)) == rounded(paths_of(lattice))
    assert rounded(paths_of(to_compact(converted))) == rounded(paths_of(lattice))


def test_chains_become_arcs() -> None:
    """A chain ends where paths meet, part or end, and before an arc with a word."""
    chain = [(0, 1, 7, 3, 1.0, 0.5), (1, 2, 0, 0, 1.0, 0.5), (2, 3, 8, 0, 1.0, 0.5), (3, 4, 9, 4, 1.0, 0.5)]
    lattice = to_compact(plain(chain, [(4, 0, 0)]))
    assert (lattice.words.tolist(), lattice.first_ids.tolist()) == ([3, 4], [0, 2, 3, 3])
    assert lattice.graph_costs.tolist() == [3, 1]
    assert len(to_compact(plain(chain, [(4, 0, 0), (1, 0, 0)])).words) == 3


def test_compact_lattices_of_kaldi() -> None:
    """The shallow ones have few enough paths to list all."""
    for key, lattice in kaldi_lattices("chain/lat.ark.gz").items():
        if key in ("es_Andrea-t0004", "es_Annie-t0002", "es_john-t0021", "es_victor-t0036"):
            converted = to_lattice(lattice)
            assert rounded(paths_of(converted)) == rounded(paths_of(lattice))
            assert rounded(paths_of(to_compact(converted))) == rounded(paths_of(lattice))


def test_nothing_stays_nothing() -> None:
    assert to_lattice(EMPTY_COMPACT).num_states == to_compact(EMPTY).num_states == 0
    assert to_lattice(EMPTY) is EMPTY and to_compact(EMPTY_COMPACT) is EMPTY_COMPACT
