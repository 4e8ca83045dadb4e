"""Best paths, as lattice-best-path and lattice-1best find them."""

from __future__ import annotations

import numpy as np

from ov_asr_score.lattice.costs import Scales
from ov_asr_score.lattice.files.building import EMPTY
from ov_asr_score.lattice.shortest_path import best_path, best_words
from tests.lattice.lattices import compact, kaldi_lattices, kaldi_lines, plain


def test_best_words_of_kaldi() -> None:
    words, with_lm2 = kaldi_lines("wide/best_words.int"), kaldi_lines("wide/best_words_lm2.int")
    with_penalty = kaldi_lattices("wide/1best_wip2.txt")
    for key, lattice in kaldi_lattices("wide/lat.ark.gz").items():
        scales = [Scales(0.3), Scales(0.3, 2.0), Scales(0.3, 1.0, 2.0)]
        found = best_words(lattice, scales)
        theirs = best_path(with_penalty[key])
        assert theirs is not None
        wanted = [[int(word) for word in words[key]], [int(word) for word in with_lm2[key]], theirs.words.tolist()]
        assert [None if one is None else one.tolist() for one in found] == wanted
        paths = [best_path(lattice, scale) for scale in scales]
        assert [None if path is None else path.words.tolist() for path in paths] == wanted
        assert paths[-1] is not None and np.isclose(paths[-1].acoustic_cost, theirs.acoustic_cost, rtol=1e-5)


def test_best_alignments_of_kaldi() -> None:
    """In compact and in state-level lattices."""
    alignments = kaldi_lines("tri/ali.txt")
    for key, lattice in kaldi_lattices("tri/lat.ark.gz").items():
        path = best_path(lattice, Scales(0.1))
        assert path is not None and list(map(str, path.alignment)) == alignments[key]
    alignments = kaldi_lines("chain/ali.txt")
    for key, lattice in kaldi_lattices("chain/lat_raw.ark.gz").items():
        path = best_path(lattice)
        assert path is not None and list(map(str, path.alignment)) == alignments[key]


def test_costs_and_frames_of_a_path() -> None:
    lattice = compact(
        [(0, 1, 3, 1, 10, [7, 8]), (0, 1, 4, 2, 5, [7, 9]), (1, 2, 0, 1, 1, [6]), (2, 3, 5, 1, 1, [])],
        [(3, 0.5, 2, [5])],
    )
    path = best_path(lattice)
    assert path is not None and path.is_final
    assert (path.words.tolist(), path.word_frames.tolist()) == ([4, 5], [0, 3])
    assert path.alignment.tolist() == [7, 9, 6, 5]
    assert (path.graph_cost, path.acoustic_cost) == (4.5, 9)
    other = best_path(lattice, Scales(acoustic=0.1))
    assert other is not None and other.words.tolist() == [3, 5] and other.acoustic_cost == 14


def test_of_equal_paths_the_first() -> None:
    path = best_path(plain([(0, 1, 1, 5, 1, 0), (0, 1, 2, 6, 1, 0)], [(1, 0, 0)]))
    assert path is not None and path.words.tolist() == [5]


def test_without_paths() -> None:
    for lattice in (EMPTY, plain([(0, 1, 1, 5, 1, 0)], []), plain([(1, 2, 1, 5, 1, 0)], [(2, 0, 0)])):
        assert best_path(lattice) is None
        assert best_words(lattice, [Scales(), Scales(0.1)]) == [None, None]


def test_start_that_ends() -> None:
    path = best_path(plain([], [(0, 1, 2)]))
    assert path is not None and (len(path.words), len(path.alignment), path.graph_cost) == (0, 0, 1)
