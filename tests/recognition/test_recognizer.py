"""What a recognizer gives beside sessions: phrases, rates, notes, refusals."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ov_asr_score.decoding.phrases.phrase_options import PhraseOptions
from ov_asr_score.errors import (
    DeviceError,
    SessionEndedError,
    ShapeMismatchError,
    SoundFormatError,
    UnsupportedModelError,
    UsageError,
)
from ov_asr_score.recognition.recognizer import Recognizer, load_recognizer
from ov_asr_score.recognition.results import Final
from ov_asr_score.recognition.session_graphs import Boosts, phrase_options
from ov_asr_score.settings.recognition.endpointing import EndpointOptions
from tests.recognition.places import KEYS, MODEL, RATE, differs, kaldi_paths, path_of, pieces_of, samples_of


def text_of(
    recognizer: Recognizer, key: str, phrases: Sequence[str] | PhraseOptions | None = None, boost: Boosts | None = None
) -> str:
    session = recognizer.session(RATE, endpoints=False, phrases=phrases, boost=boost)
    session.accept(samples_of(key))
    return " ".join(final.text for final in session.finish())


def test_phrases_restrict_a_session(recognizer: Recognizer) -> None:
    key = "es_Gene-t0010"
    free = text_of(recognizer, key)
    said = [*free.split(), "no", "yes"]
    first, last = said[0], said[-2]
    assert text_of(recognizer, key, [first, last]) in (first, last)
    assert set(text_of(recognizer, key, PhraseOptions((first, last), repeat=True)).split()) <= {first, last}
    assert text_of(recognizer, key) == free  # others are not restricted


def test_phrases_that_cannot_be_said_are_told(recognizer: Recognizer) -> None:
    session = recognizer.session(RATE, phrases=["no", "kubernetes"])
    assert len(session.warnings) == 1 and "kubernetes" in session.warnings[0]
    with pytest.raises(UsageError, match=r"^phrases: "):
        recognizer.session(RATE, phrases=["kubernetes"])


def test_boosts_change_what_is_found(recognizer: Recognizer) -> None:
    key = "es_john-t0021"
    free = text_of(recognizer, key)
    assert text_of(recognizer, key, boost={free: -100.0}) != free
    assert set(text_of(recognizer, key, boost=[("no", 1000.0)]).split()) == {"no"}


def test_graphs_of_phrases_are_kept(recognizer: Recognizer) -> None:
    first = recognizer.graphs.graph(phrase_options(["no", "yes"], None))
    assert recognizer.graphs.graph(phrase_options(("no", "yes"), {})) is first
    assert recognizer.graphs.graph(phrase_options(["no", "yes"], {"no": 1.0})) is not first
    for number in range(20):
        recognizer.graphs.graph(phrase_options(["no"], {"no": float(number + 1)}))
    assert recognizer.graphs.graph(phrase_options(["no", "yes"], None)) is not first  # but not for ever


@pytest.mark.parametrize(("phrases", "boost", "name"), [("turn left", None, "phrases"), (None, "no:1", "boost")])
def test_a_text_is_no_list_of_phrases(
    phrases: Sequence[str] | PhraseOptions | None, boost: Boosts | None, name: str
) -> None:
    with pytest.raises(UsageError, match=rf"^{name}: expected a list, found a text"):
        phrase_options(phrases, boost)


@pytest.mark.parametrize(
    ("phrases", "boost", "message"),
    [
        (["no", 1], None, "phrases: expected texts, found '1'"),
        (None, [("no", "x")], "boost: expected pairs of a text and a number, found "),
        (None, ["no"], "boost: expected pairs of a text and a number, found "),
        (None, {1: 2.0}, "boost: expected pairs of a text and a number, found "),
    ],
)
def test_what_is_no_phrase_and_no_number(phrases: Any, boost: Any, message: str) -> None:
    with pytest.raises(UsageError, match=f"^{message}"):
        phrase_options(phrases, boost)


def test_other_rates_are_resampled_where_it_is_asked_for() -> None:
    with load_recognizer(MODEL, resample=True) as recognizer:
        assert recognizer.sample_rate == RATE
        doubled = np.repeat(samples_of("es_john-t0021"), 2)
        session = recognizer.session(2 * RATE, endpoints=False)
        session.accept(doubled)
        (final,) = session.finish()
        assert final.text == " ".join(kaldi_paths("utt-whole")["es_john-t0021"].words)


def test_low_latency_goes_in_steps_of_its_own(recognizer: Recognizer) -> None:
    expected = kaldi_paths("utt-0.18-step9")
    compared = {}
    for key in KEYS:
        session = recognizer.session(RATE, endpoints=False, low_latency=True)
        *pieces, last = pieces_of(key, 2880)
        for piece in pieces:
            session.accept(piece)
        (final,) = session.finish(last)
        compared[key] = differs(path_of(final), expected[key])
    assert compared == dict.fromkeys(KEYS, "")
    assert recognizer.engine(low_latency=True).model.frames_per_chunk == 9


def test_without_silence_phones_utterances_end_by_length(recognizer: Recognizer) -> None:
    rules = EndpointOptions()
    directory = replace(
        recognizer.directory, endpoints=replace(rules, rule5=replace(rules.rule5, min_utterance_length=2.0))
    )
    with Recognizer(directory) as other:
        assert "no silence phones are known: utterances end by their length alone (endpoint rule 5)" in other.notes
        session = other.session(RATE)
        results = [each for piece in pieces_of("pauses", 2880) for each in session.accept(piece)]
    finals = [each for each in results if isinstance(each, Final)]
    assert len(finals) == 3 and {each.endpoint_rule for each in finals} == {5}


def test_a_closed_recognizer_says_so() -> None:
    recognizer = load_recognizer(MODEL)
    session = recognizer.session(RATE)
    recognizer.close()
    with pytest.raises(SessionEndedError, match="the recognizer was closed"):
        recognizer.session(RATE)
    with pytest.raises(SessionEndedError, match="the recognizer was closed"):
        session.accept(samples_of("es_john-t0021"))
    assert not session.is_open
    recognizer.close()


def test_models_that_cannot_be_computed_in_pieces_are_refused(recognizer: Recognizer) -> None:
    with pytest.raises(UnsupportedModelError, match="a CTC model scores whole utterances"):
        load_recognizer(replace(recognizer.directory, program="ctc"))


def test_a_network_that_wants_ivectors_gets_some(recognizer: Recognizer) -> None:
    directory = recognizer.directory
    without = replace(directory.frontend, ivector_extractor="", ivector_options=None)
    with pytest.raises(ShapeMismatchError, match=r"takes i-vectors of 24 columns, and .* has no extractor"):
        load_recognizer(replace(directory, frontend=without))


def test_nothing_is_loaded_with_the_package() -> None:
    code = (
        "import sys, ov_asr_score; print(*(name for name in sys.modules if 'recognition' in name or 'numpy' == name))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"alternatives": "many"}, "alternatives: expected 1 or more, found 'many'"),
        ({"alternatives": 1.5}, "alternatives: expected 1 or more, found 1.5"),
        ({"max_seconds": "10"}, "max_seconds: expected a number above 0, found '10'"),
        ({"idle_seconds": float("nan")}, "idle_seconds: expected a number above 0, found nan"),
        ({"phrases": 5}, "phrases: expected a list, found int"),
        ({"boost": 5}, "boost: expected a list, found int"),
        ({"state": "{}"}, "state: expected a FrontendState, found str; FrontendState.from_json makes one of its text"),
        ({"rate": True}, "rate True: expected samples per second, 1 or more"),
        ({"rate": "16000"}, "rate '16000': expected samples per second, 1 or more"),
    ],
)
def test_arguments_of_other_kinds_are_named(recognizer: Recognizer, arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        recognizer.session(**arguments)
    assert str(caught.value) == said


@pytest.mark.parametrize("rate", [8000, 44100])
def test_other_rates_are_refused_with_what_takes_them(recognizer: Recognizer, rate: int) -> None:
    with pytest.raises(SoundFormatError, match=rf"^rate {rate}: .* 16000 Hz, .*resample=True"):
        recognizer.session(rate)


def test_recordings_are_not_names_of_files(recognizer: Recognizer) -> None:
    with pytest.raises(UsageError, match=r"^recording: expected one of those that .*read_recordings.* found str$"):
        recognizer.recognize("sound.wav")  # type: ignore[arg-type]


def test_devices_are_named() -> None:
    with load_recognizer(MODEL, device="CPU") as recognizer:
        assert recognizer.session(RATE).is_open
    with pytest.raises(DeviceError, match="XPU"):
        load_recognizer(MODEL, device="XPU")
    with pytest.raises(UsageError, match=r"^device: .* found 0$"):
        load_recognizer(MODEL, device=0)  # type: ignore[arg-type]
