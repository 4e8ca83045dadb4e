"""Paths nearest to the right words, as lattice-oracle finds them."""

from __future__ import annotations

import pytest

from ov_asr_score.lattice.files.building import EMPTY
from ov_asr_score.lattice.oracle import oracle
from tests.lattice.lattices import compact, kaldi_lattices, kaldi_lines, plain


@pytest.mark.parametrize("name", ["wide/lat.ark.gz", "wide/lat_raw.ark.gz"])
def test_words_of_kaldi(name: str) -> None:
    wanted, right = kaldi_lines("wide/oracle.int"), kaldi_lines("text.int")
    for key, lattice in kaldi_lattices(name).items():
        found = oracle(lattice, [int(word) for word in right[key]])
        assert found is not None and list(map(str, found.words)) == wanted[key]
        assert (found.errors == 0) == (wanted[key] == right[key])


@pytest.mark.parametrize(
    ("reference", "words", "errors"),
    [
        ([5, 6], [5, 6], (0, 0, 0)),
        ([5], [5, 6], (0, 1, 0)),
        ([5, 6, 7], [5, 6], (0, 0, 1)),
        ([8, 9], [8], (0, 0, 1)),
        ([5, 9], [5, 6], (1, 0, 0)),
        ([], [8], (0, 1, 0)),
    ],
)
def test_errors(reference: list[int], words: list[int], errors: tuple[int, int, int]) -> None:
    lattice = compact([(0, 1, 5, 0, 0, [1]), (1, 2, 6, 0, 0, [2]), (0, 2, 8, 0, 0, [1, 2])], [(2, 0, 0, [])])
    found = oracle(lattice, reference)
    assert found is not None and found.words.tolist() == words
    assert (found.substitutions, found.insertions, found.deletions) == errors and found.errors == sum(errors)


def test_without_paths() -> None:
    assert oracle(EMPTY, [1]) is None
    assert oracle(plain([(0, 1, 1, 5, 0, 0)], []), [1]) is None
