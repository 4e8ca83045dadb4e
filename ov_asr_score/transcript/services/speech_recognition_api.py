"""Answers of the project speech-recognition-api: transcriptions, tasks and their status."""

from __future__ import annotations

from typing import Any, Literal

from ov_asr_score.transcript.transcript import Transcript

TaskStatus = Literal["PENDING", "SUCCESS", "FAILED"]


def transcription(transcript: Transcript) -> dict[str, Any]:
    """The answer to a recording that was transcribed at once."""
    return {"transcription": transcript.text}


def task(identifier: str) -> dict[str, Any]:
    """The answer to a recording that will be transcribed."""
    return {"task_id": identifier}


def task_status(status: TaskStatus, transcript: Transcript | None = None, error: str = "") -> dict[str, Any]:
    """How a task stands: the transcription of one that succeeded, the ``error`` of one that failed.

    The project's own answers have no ``error``.
    """
    answer: dict[str, Any] = {"status": status, "transcription": None if transcript is None else transcript.text}
    return answer | ({"error": error} if error else {})
