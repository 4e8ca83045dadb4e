"""Messages of kaldi-gstreamer-server: results of its WebSocket, and answers of its HTTP form."""

from __future__ import annotations

from typing import Any

from ov_asr_score.transcript.transcript import Alternative, Segment, Transcript

SUCCESS, NO_SPEECH, ABORTED, NO_WORKER = 0, 1, 2, 9
"""Statuses; the server closes the connection after any but SUCCESS."""


def gstreamer_result(
    segment: Segment,
    number: int,
    *,
    identifier: str = "",
    max_alternatives: int = 1,
    total_seconds: float | None = None,
) -> dict[str, Any]:
    """The message of one segment, the ``number``-th of its session from 0 on; final or not, as the segment is.

    ``total_seconds`` are those of sound heard so far. Times in seconds are left out where they are unknown.
    """
    hypotheses = [_hypothesis(alternative) for alternative in segment.alternatives[:max_alternatives]]
    answer: dict[str, Any] = {
        "status": SUCCESS,
        "segment": number,
        "id": identifier,
        "result": {"hypotheses": hypotheses or [{"transcript": ""}], "final": segment.final},
    }
    if segment.start is not None:
        answer["segment-start"] = round(segment.start, 6)
        if segment.end is not None:
            answer["segment-length"] = round(segment.end - segment.start, 6)
    if total_seconds is not None:
        answer["total-length"] = round(total_seconds, 6)
    return answer


def gstreamer_status(status: int, message: str = "") -> dict[str, Any]:
    """The message of a session that has no more results."""
    return {"status": status} | ({"message": message} if message else {})


def gstreamer_answer(transcript: Transcript) -> dict[str, Any]:
    """The answer of the HTTP form to a whole recording."""
    if not transcript.text:
        return {"status": NO_SPEECH, "id": transcript.id, "hypotheses": []}
    return {"status": SUCCESS, "id": transcript.id, "hypotheses": [{"utterance": transcript.text}]}


def _hypothesis(alternative: Alternative) -> dict[str, Any]:
    answer: dict[str, Any] = {"transcript": alternative.text}
    if alternative.confidence is not None:
        answer["confidence"] = round(alternative.confidence, 6)
    return answer
