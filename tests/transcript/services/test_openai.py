"""OpenAI's JSON."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from ov_asr_score.errors import UsageError
from ov_asr_score.transcript.services.openai import openai_error, openai_json, openai_verbose_json
from ov_asr_score.transcript.transcript import Alternative, Segment, Transcript, Word
from tests.transcript.samples import call, lights, untimed

SEGMENT_FIELDS = (
    *("id", "seek", "start", "end", "text", "tokens", "temperature"),
    *("avg_logprob", "compression_ratio", "no_speech_prob"),
)


def test_json() -> None:
    assert openai_json(lights()) == {"text": "turn the light on"}


def test_verbose_json_has_all_fields_of_segments() -> None:
    answer = openai_verbose_json(call())
    assert {name: answer[name] for name in ("task", "language", "duration", "text")} == {
        "task": "transcribe",
        "language": "de",
        "duration": 6.5,
        "text": call().text,
    }
    assert "words" not in answer
    assert [tuple(segment) for segment in answer["segments"]] == [SEGMENT_FIELDS] * 3
    assert [segment["id"] for segment in answer["segments"]] == [0, 1, 2]
    assert (answer["segments"][0]["start"], answer["segments"][0]["end"]) == (0.5, 2.75)


def test_words() -> None:
    answer = openai_verbose_json(lights(), ["word"])
    assert answer["words"][0] == {"word": "turn", "start": 0.31, "end": 0.58}
    assert "segments" not in answer


def test_mean_logarithm_of_confidence() -> None:
    (segment,) = openai_verbose_json(lights())["segments"]
    mean = sum(map(math.log, (0.97, 0.99, 0.91, 0.88))) / 4
    assert segment["avg_logprob"] == pytest.approx(mean, abs=1e-6)

    def of(alternative: Alternative) -> float:
        found: float = openai_verbose_json(Transcript((Segment("u", 0, 1, (alternative,)),)))["segments"][0][
            "avg_logprob"
        ]
        return found

    assert of(Alternative(untimed("a"))) == 0.0
    assert of(Alternative(untimed("a"), 0.5)) == pytest.approx(math.log(0.5), abs=1e-6)
    assert math.isfinite(of(Alternative((Word("a", confidence=0.0),))))


def test_compression_ratio_is_that_of_repeated_text() -> None:
    repeated = Transcript((Segment("u", 0, 1, (Alternative(untimed(*["yes"] * 100)),)),))
    assert openai_verbose_json(repeated)["segments"][0]["compression_ratio"] > 10
    assert openai_verbose_json(lights())["segments"][0]["compression_ratio"] < 1.5


def test_unknown_duration_is_the_end_of_speech() -> None:
    assert openai_verbose_json(replace(lights(), durations={}))["duration"] == 2.0
    assert openai_verbose_json(Transcript(()))["duration"] == 0.0
    with pytest.raises(UsageError, match=r"^openai-verbose: utterance 'u': expected its start and end"):
        openai_verbose_json(Transcript((Segment("u", None, None, (Alternative(untimed("a")),)),)))


def test_errors() -> None:
    assert openai_error("no sound", param="file", code="bad_audio") == {
        "error": {"message": "no sound", "type": "invalid_request_error", "param": "file", "code": "bad_audio"}
    }
    assert openai_error("x", kind="server_error")["error"]["param"] is None
