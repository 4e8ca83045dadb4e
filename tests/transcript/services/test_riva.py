"""Riva's JSON, as OVH's clients read it."""

from __future__ import annotations

from dataclasses import replace

from ov_asr_score.transcript.services.riva import riva
from ov_asr_score.transcript.transcript import Alternative, Segment, Transcript
from tests.transcript.samples import call, lights, untimed


def test_best_alternative_with_words_in_milliseconds() -> None:
    (result,) = riva(lights())
    assert result["audio_processed"] == 2.0
    assert result["channel_tag"] == 1
    (best,) = result["alternatives"]
    assert (best["transcript"], best["confidence"]) == ("turn the light on", 0.93)
    assert best["words"][0] == {
        "word": "turn",
        "start_time": 310,
        "end_time": 580,
        "confidence": 0.97,
        "speaker_tag": 1,
        "language_code": "en-GB",
    }


def test_alternatives_have_words_too() -> None:
    (result,) = riva(lights(), max_alternatives=5)
    assert [each["transcript"] for each in result["alternatives"]] == ["turn the light on", "turn the lights on"]
    assert result["alternatives"][1]["words"][2]["word"] == "lights"
    assert "words" not in riva(lights(), words=False)[0]["alternatives"][0]


def test_transcripts_of_results_can_be_put_together() -> None:
    results = riva(call())
    assert "".join(result["alternatives"][0]["transcript"] for result in results) == call().text
    assert [result["channel_tag"] for result in results] == [1, 2, 1]
    assert [result["alternatives"][0]["words"][0]["speaker_tag"] for result in results] == [1, 2, 1]


def test_unknown_values_are_left_out_or_zero() -> None:
    plain = Transcript((Segment("u", None, None, (Alternative(untimed("a")),)), Segment("v", None, None, ())))
    word = {"word": "a", "confidence": 0.0, "speaker_tag": 0}
    assert riva(plain) == [
        {"alternatives": [{"transcript": "a", "confidence": 0.0, "words": [word]}], "channel_tag": 1}
    ]
    assert riva(replace(plain, segments=())) == []
