from __future__ import annotations

import numpy as np
import pytest

from tests.decoding.kaldi_decodings import FOLDER, integers, scores
from tests.kaldi_judge.decoding.judging import Found, open_subject, ours, random_options, random_scores, verdict
from tests.places import ROOT


def test_verdicts() -> None:
    one, tie = Found([1], [2, 3], 10.0), Found([2], [2, 4], 10.001)
    assert verdict(one, one) == "equal"
    assert verdict(one, tie) == "same cost"
    assert verdict(Found([2], [2, 4], 9.9), one) == "ours is better"
    assert verdict(Found([2], [2, 4], 10.1), one) == "Kaldi's is better"
    assert (verdict(None, None), verdict(None, one), verdict(one, None)) == (
        *("none by both", "none by us", "none by Kaldi"),
    )


@pytest.mark.parametrize("for_lattice", [False, True])
def test_random_searches_are_possible_and_repeatable(for_lattice: bool) -> None:
    subject = open_subject(ROOT / "models/nnet3_chain_tdnnf/final.mdl", FOLDER / "HCLG.fst")
    key = "es_Annie-t0002"
    for number in range(5):
        options, changed = (
            (random_options(random, [1.0], for_lattice), random_scores(random, {key: scores()[key]}))
            for random in [np.random.default_rng(number)]
        ).__next__()
        again = np.random.default_rng(number)
        assert random_options(again, [1.0], for_lattice) == options
        np.testing.assert_array_equal(random_scores(again, {key: scores()[key]})[key], changed[key])
        found = ours(subject, options, changed)
        assert set(found) <= {key}
    found = ours(subject, random_options(np.random.default_rng(1), [1.0], for_lattice), scores())
    assert sum(found[key].words == words for key, words in integers("chain_words.int").items()) >= 8
