"""Messages of kaldi-gstreamer-server."""

from __future__ import annotations

from dataclasses import replace

from ov_asr_score.transcript.services.gstreamer import (
    NO_WORKER,
    gstreamer_answer,
    gstreamer_result,
    gstreamer_status,
)
from ov_asr_score.transcript.transcript import Alternative, Segment, Transcript
from tests.transcript.samples import call, lights, untimed


def test_results() -> None:
    assert gstreamer_result(call().segments[0], 3, identifier="i", total_seconds=3.4) == {
        "status": 0,
        "segment": 3,
        "id": "i",
        "result": {"hypotheses": [{"transcript": 'grüß gott R&D "hier"', "confidence": 0.8}], "final": True},
        "segment-start": 0.5,
        "segment-length": 2.25,
        "total-length": 3.4,
    }
    assert len(gstreamer_result(lights().segments[0], 0, max_alternatives=3)["result"]["hypotheses"]) == 2


def test_partial_results() -> None:
    heard = Segment("u", None, None, (Alternative(untimed("a")),), final=False)
    assert gstreamer_result(heard, 0) == {
        "status": 0,
        "segment": 0,
        "id": "",
        "result": {"hypotheses": [{"transcript": "a"}], "final": False},
    }
    nothing = gstreamer_result(replace(heard, alternatives=(), start=1.0), 0)
    assert nothing["result"]["hypotheses"] == [{"transcript": ""}]
    assert "segment-length" not in nothing


def test_answers_to_whole_recordings() -> None:
    assert gstreamer_answer(lights()) == {
        "status": 0,
        "id": "t-81f0",
        "hypotheses": [{"utterance": "turn the light on"}],
    }
    assert gstreamer_answer(Transcript(())) == {"status": 1, "id": "", "hypotheses": []}


def test_statuses() -> None:
    assert gstreamer_status(NO_WORKER, "busy") == {"status": 9, "message": "busy"}
    assert gstreamer_status(0) == {"status": 0}
