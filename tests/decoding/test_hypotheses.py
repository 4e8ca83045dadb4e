"""Hypotheses of the small chain model at an acoustic scale that makes lattices deep."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from ov_asr_score.decoding.decoded import Decoded
from ov_asr_score.decoding.hypotheses import HypothesisMaker, HypothesisOptions
from ov_asr_score.kaldi_model.transitions import TransitionModel, load_transitions
from ov_asr_score.lattice import consensus
from ov_asr_score.lattice.word_boundary import read_word_boundary
from ov_asr_score.settings.words.decoding import DecodingOptions
from tests.decoding import kaldi_decodings
from tests.places import ROOT

SCALE = 0.3
OPTIONS = HypothesisOptions(SCALE, times=True, nbest=5)
BOUNDARY = ROOT / "tests/kaldi_speech/lattices/lang/word_boundary.int"


@cache
def transitions() -> TransitionModel:
    return load_transitions(ROOT / "models/nnet3_chain_tdnnf/final.mdl")


@cache
def decoded(key: str = "es_Andrea-t0004") -> Decoded:
    options = DecodingOptions(beam=12.0, lattice_beam=6.0, decoding_scale=SCALE)
    return kaldi_decodings.decode_either(options, key, kaldi_decodings.scores()[key], wants_lattice=True)


def maker(options: HypothesisOptions) -> HypothesisMaker:
    return HypothesisMaker(transitions(), read_word_boundary(str(BOUNDARY)), options)


def test_times_of_the_n_best() -> None:
    """What nbest-to-ctm has of lattice-to-nbest and lattice-align-words: word, first frame, frames."""
    kaldi = [
        [(25, 5, 8), (16, 13, 14), (20, 27, 17)],
        [(16, 6, 21), (20, 27, 17)],
        [(28, 5, 9), (16, 14, 13), (20, 27, 17)],
        [(6, 6, 7), (16, 13, 14), (20, 27, 17)],
        [(24, 5, 8), (16, 13, 14), (20, 27, 17)],
    ]
    found = []
    for each in maker(OPTIONS)(decoded("es_Gene-t0010")).alternatives:
        assert each.first_frames is not None and each.num_frames is not None
        found.append(list(zip(each.words, each.first_frames, each.num_frames, strict=True)))
    assert found == kaldi
    untimed = maker(replace(OPTIONS, times=False))(decoded("es_Gene-t0010")).alternatives
    assert [each.words.tolist() for each in untimed] == [[word for word, *_ in each] for each in kaldi]
    assert all(each.first_frames is None for each in untimed)


@pytest.mark.parametrize("is_best", [True, False])
def test_words_of_least_expected_error(is_best: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Costs are those of the best path's words, so that other words have none."""

    original = consensus.consensus

    def others(*arguments: Any, **options: Any) -> Any:
        found = original(*arguments, **options)
        assert found is not None
        return found if is_best else replace(found, words=found.words[::-1])

    monkeypatch.setattr(consensus, "consensus", others)
    found = maker(replace(OPTIONS, confidence="mbr"))(decoded("es_Gene-t0010"))
    assert found.path is not None
    assert found.spoken is not None
    words = found.path.words if is_best else found.path.words[::-1]
    np.testing.assert_array_equal(found.spoken.words, words)
    assert found.spoken.graph_cost == (found.path.graph_cost if is_best else None)
    assert found.spoken.acoustic_cost == (found.path.acoustic_cost if is_best else None)
    assert found.spoken.confidences is not None
    assert ((found.spoken.confidences > 0) & (found.spoken.confidences <= 1)).all()


def test_a_lattice_too_large_for_confidences_costs_only_these(monkeypatch: pytest.MonkeyPatch) -> None:
    timed = maker(OPTIONS)(decoded())
    monkeypatch.setattr(consensus, "_MOST_CELLS_AT_ALL", 10)
    found = maker(replace(OPTIONS, confidence="best-path"))(decoded())
    assert timed.spoken is not None
    assert found.spoken is not None
    np.testing.assert_array_equal(found.spoken.words, timed.spoken.words)
    assert found.spoken.confidences is None
    assert [warning.split(":")[0] for warning in found.warnings] == ["no confidences"]


@pytest.mark.parametrize("nbest", [1, 3])
def test_the_best_path_comes_first_among_those_of_its_cost(nbest: int) -> None:
    best = decoded("es_Gene-t0010")
    assert best.path is not None
    other = maker(OPTIONS)(best).alternatives[1].words
    tied = replace(best, path=replace(best.path, words=other, word_frames=best.path.word_frames[: len(other)]))
    options = replace(OPTIONS, nbest=nbest, lattice="compact")
    alternatives = maker(options)(tied).alternatives
    assert len(alternatives) == nbest
    assert alternatives[0].words.tolist() == other.tolist()
    assert len({tuple(each.words.tolist()) for each in alternatives}) == nbest


def test_words_without_frames_stay_among_alternatives() -> None:
    best = decoded("es_Gene-t0010")
    assert best.path is not None
    # two words on arcs without a frame at the end; the first one gets the silence there
    words = np.append(best.path.words, [7, 8]).astype(np.int32)
    frames = np.append(best.path.word_frames, [best.num_frames] * 2).astype(np.int32)
    found = maker(OPTIONS)(replace(best, path=replace(best.path, words=words, word_frames=frames)))
    assert found.spoken is not None and found.spoken.words.tolist() == words[:-1].tolist()
    texts = [tuple(each.words.tolist()) for each in found.alternatives]
    assert texts[:2] == [tuple(words.tolist()), tuple(best.path.words.tolist())]
    assert len(set(texts)) == len(texts)
    assert found.alternatives[0].first_frames is None and found.alternatives[1].first_frames is not None


def test_no_path() -> None:
    found = maker(OPTIONS)(Decoded("u", 3, None, warnings=("why",)))
    assert (found.path, found.alternatives, found.warnings, found.num_frames) == (None, (), ("why",), 3)
