"""The best word sequences, as lattice-to-nbest gives them."""

from __future__ import annotations

import numpy as np
import pytest

from ov_asr_score.lattice.arcs.arc_groups import AnyLattice
from ov_asr_score.lattice.costs import Scales
from ov_asr_score.lattice.files.building import EMPTY
from ov_asr_score.lattice.nbest import is_deterministic, n_best
from ov_asr_score.lattice.shortest_path import best_path
from tests.lattice.lattices import compact, kaldi_lattices, kaldi_lines, paths_of, plain


@pytest.mark.parametrize("source", ["lat.ark.gz", "lat_raw.ark.gz"])
def test_ten_best_of_kaldi(source: str) -> None:
    names = ("words.int", "ali.txt.gz", "lmcost.txt", "accost.txt")
    words, alignments, graph, acoustic = (kaldi_lines(f"wide/nbest10_{name}") for name in names)
    paths = 0
    for key, lattice in kaldi_lattices(f"wide/{source}").items():
        if key in ("flite_slt-t0017", "es_belinda-t0011") and "raw" in source:  # take long
            continue
        found = n_best(lattice, 10, Scales(0.3), 8.0)
        assert f"{key}-{len(found) + 1}" not in words
        for number, path in enumerate(found, start=1):
            name = f"{key}-{number}"
            assert list(map(str, path.words)) == words[name]
            assert list(map(str, path.alignment)) == alignments[name]
            assert np.isclose(path.graph_cost, float(graph[name][0]), atol=1e-3)
            assert np.isclose(path.acoustic_cost, float(acoustic[name][0]), atol=1e-3)
            paths += 1
    assert paths == (len(words) if source == "lat.ark.gz" else len(words) - 20)


def test_order_follows_the_scales() -> None:
    theirs = kaldi_lattices("chain/nbest10_lm0.5.txt")
    found = {
        f"{key}-{number}": path
        for key, lattice in kaldi_lattices("chain/lat.ark.gz").items()
        for number, path in enumerate(n_best(lattice, 10, Scales(1.0, 0.5)), start=1)
    }
    assert list(found) == list(theirs)
    for key, path in found.items():
        other = best_path(theirs[key])
        assert other is not None and path.words.tolist() == other.words.tolist()


@pytest.mark.parametrize("most", [1, 3, 1000])
def test_all_paths_in_order(most: int) -> None:
    lattice = kaldi_lattices("chain/lat.ark.gz")["es_belinda-t0011"]
    costs = sorted(graph + acoustic for *_, graph, acoustic in paths_of(lattice))
    found = [path.graph_cost + path.acoustic_cost for path in n_best(lattice, most)]
    assert np.allclose(found, costs[:most])


def test_same_words_come_once() -> None:
    lattice = compact([(0, 1, 3, 1, 0, [5]), (0, 1, 3, 0, 0, [6]), (0, 1, 0, 2, 0, [7])], [(1, 0, 0, [])])
    assert not is_deterministic(lattice)
    assert [(path.words.tolist(), path.alignment.tolist()) for path in n_best(lattice, 10)] == [([3], [6]), ([], [7])]


@pytest.mark.parametrize("lattice", [EMPTY, plain([(0, 1, 1, 5, 0, 0)], [])])
def test_without_paths(lattice: AnyLattice) -> None:
    assert n_best(lattice, 10) == []
