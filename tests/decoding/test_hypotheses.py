"""Words with times and confidences, n-best lists and lattices of decoded utterances, against Kaldi's lattice tools."""

from __future__ import annotations

import pickle
from functools import cache

import numpy as np
import pytest

from ov_asr_score.decoding.decoded import Decoded
from ov_asr_score.decoding.hypotheses import Hypotheses, HypothesisMaker, HypothesisOptions
from ov_asr_score.decoding.search import decode
from ov_asr_score.kaldi_model.transitions import load_transitions
from ov_asr_score.lattice.lattice import CompactLattice, Lattice
from ov_asr_score.lattice.word_boundary import read_word_boundary
from ov_asr_score.settings.words.decoding import DecodingOptions
from tests.decoding.kaldi_decodings import graph, scores
from tests.places import ROOT

KALDI = ROOT / "tests/kaldi_speech/lattices"
SEARCH = DecodingOptions(beam=15.0, lattice_beam=8.0, decoding_scale=0.3)
TRANSITIONS = load_transitions(ROOT / "models/nnet3_chain_tdnnf/final.mdl")
BOUNDARY = read_word_boundary(str(KALDI / "lang/word_boundary.int"))


@cache
def decoded() -> list[Decoded]:
    return [decode(graph(), SEARCH, key, rows, wants_lattice=True) for key, rows in scores().items()]


def made(**options: object) -> list[Hypotheses]:
    wanted = HypothesisOptions(acoustic_scale=0.3, lattice_beam=8.0, **options)  # type: ignore[arg-type]
    maker = HypothesisMaker(TRANSITIONS, BOUNDARY, wanted)
    return [maker(each) for each in decoded()]


def spoken(hypotheses: list[Hypotheses]) -> list[tuple[str, float, float, int, float]]:
    """The columns of lattice-to-ctm-conf that count: utterance, start and duration in seconds, word, confidence."""
    found = []
    for each in hypotheses:
        said = each.spoken
        assert said is not None and said.first_frames is not None and said.num_frames is not None
        assert said.confidences is not None
        columns = (said.first_frames * 0.03, said.num_frames * 0.03, said.words, said.confidences)
        found += [(each.key, *row) for row in zip(*(column.tolist() for column in columns), strict=True)]
    return found


@pytest.mark.parametrize(
    ("confidence", "name"), [("mbr", "ctm_conf.txt"), ("best-path", "ctm_conf_decode_mbr_false.txt")]
)
def test_confidences_as_lattice_to_ctm_conf(confidence: str, name: str) -> None:
    lines = [line.split() for line in (KALDI / "wide" / name).read_text().splitlines()]
    found = spoken(made(times=True, confidence=confidence))
    assert [(row[0], row[3]) for row in found] == [(line[0], int(line[4])) for line in lines]
    for row, line in zip(found, lines, strict=True):
        assert row[4] == pytest.approx(float(line[5]), abs=0.02)
    # Times of the best path are its own, not means over all paths.
    timed = lines if confidence == "mbr" else best_path_times()
    for row, line in zip(found, timed, strict=True):
        assert row[1:3] == pytest.approx((float(line[2]), float(line[3])), abs=0.0301)


def best_path_times() -> list[list[str]]:
    return [line.split() for line in (KALDI / "wide" / "ctm_1best.txt").read_text().splitlines()]


def test_the_best_path_is_the_first_of_the_n_best() -> None:
    for each in made(nbest=10):
        assert each.path is not None
        best = each.alternatives[0]
        assert best.words.tolist() == each.path.words.tolist()
        assert best.graph_cost + 0.3 * best.acoustic_cost == pytest.approx(
            each.path.graph_cost + 0.3 * each.path.acoustic_cost, abs=1e-3
        )
        costs = [found.graph_cost + 0.3 * found.acoustic_cost for found in each.alternatives]
        assert costs == sorted(costs)
        assert len({tuple(found.words) for found in each.alternatives}) == len(each.alternatives)
        assert each.lattice is None
    assert max(len(each.alternatives) for each in made(nbest=10)) == 10


def test_lattices_are_those_asked_for() -> None:
    assert all(isinstance(each.lattice, CompactLattice) for each in made(lattice="compact"))
    for each, of_search in zip(made(lattice="raw"), decoded(), strict=True):
        assert isinstance(each.lattice, Lattice)
        assert each.lattice is of_search.lattice


def test_without_a_path_there_is_nothing_but_the_reason() -> None:
    lost = Decoded("utt", 5, None, warnings=("no path",))
    found = HypothesisMaker(TRANSITIONS, None, HypothesisOptions(1.0, nbest=3))(lost, 0.5)
    assert (found.alternatives, found.spoken, found.warnings, found.seconds) == ((), None, ("no path",), 0.5)


def test_hypotheses_go_between_processes() -> None:
    maker = HypothesisMaker(TRANSITIONS, BOUNDARY, HypothesisOptions(0.3, times=True, confidence="mbr"))
    again = pickle.loads(pickle.dumps(maker))(decoded()[0])  # noqa: S301
    expected = maker(decoded()[0])
    assert again.spoken is not None and expected.spoken is not None
    np.testing.assert_array_equal(again.spoken.words, expected.spoken.words)
