"""Messages of a lattice of Kaldi's, beside those that vosk gave for the same sound."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.decoding.decoded import Decoded
from ov_asr_score.fst.symbols import read_symbols
from ov_asr_score.kaldi_model.transitions import load_transitions
from ov_asr_score.lattice.archive import read_plain_lattices
from ov_asr_score.lattice.best_path import BestPath
from ov_asr_score.lattice.conversion import to_compact
from ov_asr_score.lattice.nbest import n_best
from ov_asr_score.lattice.word_boundary import read_word_boundary
from ov_asr_score.vosk.messages import MessageMaker, MessageOptions, StreamClock, empty_message

MODEL = Path(__file__).parents[2] / "models/chain_ivector"
VOSK = Path(__file__).parents[1] / "kaldi_speech/vosk"
CLOCK = StreamClock(16000, 0.03)
SAID = json.loads((VOSK / "messages.json").read_text())
NOTHING = BestPath(*(np.zeros(0, np.int32),) * 3, 0.0, 0.0, True)
NUMBER = re.compile(r"-?[0-9]+\.[0-9]+")


@pytest.fixture(scope="module")
def maker() -> MessageMaker:
    boundary = read_word_boundary(str(MODEL / "graph/phones/word_boundary.int"))
    symbols = read_symbols(MODEL / "graph/words.txt")
    return MessageMaker(load_transitions(MODEL / "final.mdl"), symbols, boundary, 1.0, 2.0)


@pytest.fixture(scope="module")
def decoded() -> Decoded:
    ((key, lattice),) = read_plain_lattices(f"ark:{VOSK / 'es_belinda-t0011.lat.ark'}")
    return Decoded(key, 76, NOTHING, lattice)


@pytest.mark.parametrize(("name", "options"), [("text", MessageOptions()), ("words", MessageOptions(words=True))])
def test_words_and_confidences_are_those_of_vosk(
    maker: MessageMaker, decoded: Decoded, name: str, options: MessageOptions
) -> None:
    assert maker.final(decoded, options, CLOCK) == SAID[name]


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("alternatives", MessageOptions(False, 5)),
        ("alternatives_words", MessageOptions(True, 5)),
        ("one_alternative", MessageOptions(False, 1)),
        ("nlsml", MessageOptions(True, 5, nlsml=True)),
    ],
)
def test_alternatives_are_those_of_vosk(
    maker: MessageMaker, decoded: Decoded, name: str, options: MessageOptions
) -> None:
    found = maker.final(decoded, options, CLOCK)
    assert NUMBER.sub("#", found) == NUMBER.sub("#", SAID[name])
    numbers, expected = (np.array(NUMBER.findall(text), float) for text in (found, SAID[name]))
    np.testing.assert_allclose(numbers, expected, atol=1e-3)


def test_nlsml_needs_alternatives(maker: MessageMaker, decoded: Decoded) -> None:
    assert maker.final(decoded, MessageOptions(nlsml=True), CLOCK) == SAID["text"]


def test_nothing_was_decoded(maker: MessageMaker) -> None:
    for options in (MessageOptions(), MessageOptions(True, 3), MessageOptions(False, 3, nlsml=True)):
        assert maker.final(Decoded("u", 0, None), options, CLOCK) == empty_message(options)


def test_an_utterance_without_a_lattice(maker: MessageMaker, decoded: Decoded) -> None:
    assert decoded.lattice is not None
    (path,) = n_best(to_compact(decoded.lattice), 1)
    found = Decoded("u", 76, path)
    assert json.loads(maker.final(found, MessageOptions(), CLOCK)) == {"text": "on start six right"}
    said = json.loads(SAID["words"])
    for word in said["result"]:
        del word["conf"]
    assert json.loads(maker.final(found, MessageOptions(words=True), CLOCK)) == said
    (alternative,) = json.loads(maker.final(found, MessageOptions(False, 5), CLOCK))["alternatives"]
    assert alternative == {"confidence": pytest.approx(289.889069, abs=1e-3), "text": "on start six right"}


def test_partial_texts(maker: MessageMaker) -> None:
    assert maker.partial(None) == maker.partial_words(None, None, CLOCK) == '{\n  "partial" : ""\n}'
    path = BestPath(np.array([15, 22], np.int32), np.array([0, 4], np.int32), np.zeros(9, np.int32), 0.0, 0.0, False)
    assert json.loads(maker.partial(path)) == {"partial": "one start"}


def test_the_clock_counts_as_that_of_vosk() -> None:
    assert f"{StreamClock(16000, 0.03, 50).seconds(18):.6f}" == "0.543125"
    third = StreamClock(16000, 0.03, 28445)
    assert [f"{third.seconds(row):.6f}" for row in (10, 20, 33)] == ["2.077812", "2.377812", "2.767812"]
