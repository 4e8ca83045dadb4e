"""vosk's messages."""

from __future__ import annotations

import pytest

from ov_asr_score.errors import UsageError
from ov_asr_score.transcript.services.vosk import vosk_alternatives, vosk_partial, vosk_result
from ov_asr_score.transcript.transcript import Alternative, Segment, Word
from tests.transcript.samples import lights, untimed

UNTIMED = Segment("u", None, None, (Alternative(untimed("a")),))


def test_partial_results() -> None:
    assert vosk_partial("turn the") == {"partial": "turn the"}
    assert vosk_partial("") == {"partial": ""}


def test_results() -> None:
    result = vosk_result(lights().segments[0])
    assert result["text"] == "turn the light on"
    assert result["result"][0] == {"conf": 0.97, "start": 0.31, "end": 0.58, "word": "turn"}
    assert vosk_result(lights().segments[0], words=False) == {"text": "turn the light on"}


def test_unknown_confidence_is_left_out() -> None:
    known = Segment("u", 0, 1, (Alternative((Word("a", 0, 1),)),))
    assert vosk_result(known)["result"] == [{"start": 0, "end": 1, "word": "a"}]


def test_alternatives_have_likelihoods() -> None:
    answers = vosk_alternatives(lights().segments[0], max_alternatives=2, acoustic_scale=0.1)["alternatives"]
    assert [answer["confidence"] for answer in answers] == [-102.94, -104.8]
    assert answers[1]["text"] == "turn the lights on"
    assert answers[1]["result"][2] == {"start": 0.7, "end": 1.2, "word": "lights"}
    one = vosk_alternatives(lights().segments[0], max_alternatives=1, words=False)
    assert one == {"alternatives": [{"confidence": -834.1, "text": "turn the light on"}]}


def test_alternatives_without_costs() -> None:
    assert vosk_alternatives(UNTIMED, max_alternatives=1, words=False) == {"alternatives": [{"text": "a"}]}
    probable = Segment("u", None, None, (Alternative(untimed("a"), 0.5),))
    assert vosk_alternatives(probable, max_alternatives=1, words=False)["alternatives"][0]["confidence"] == 0.5


def test_nothing_was_said() -> None:
    for nothing in (None, Segment("u", 0, 1, ()), Segment("u", 0, 1, (Alternative(()),))):
        assert vosk_result(nothing) == {"text": ""}
        assert vosk_alternatives(nothing, max_alternatives=3) == {"alternatives": [{"text": "", "confidence": 1.0}]}


def test_words_without_times() -> None:
    assert vosk_result(UNTIMED, words=False) == {"text": "a"}
    with pytest.raises(UsageError, match=r"^vosk: utterance 'u': expected times for the word 'a'"):
        vosk_result(UNTIMED)
