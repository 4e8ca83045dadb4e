"""JSON of speech-recognition-api."""

from __future__ import annotations

from ov_asr_score.transcript.services.speech_recognition_api import task, task_status, transcription
from tests.transcript.samples import lights


def test_answers() -> None:
    assert transcription(lights()) == {"transcription": "turn the light on"}
    assert task("4b1c") == {"task_id": "4b1c"}


def test_status() -> None:
    assert task_status("PENDING") == {"status": "PENDING", "transcription": None}
    assert task_status("SUCCESS", lights()) == {"status": "SUCCESS", "transcription": "turn the light on"}
    assert task_status("FAILED", error="no sound") == {"status": "FAILED", "transcription": None, "error": "no sound"}
