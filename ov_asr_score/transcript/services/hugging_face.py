"""Answers of Hugging Face's inference for the task automatic-speech-recognition, and of its pipelines."""

from __future__ import annotations

from typing import Any, Literal

from ov_asr_score.errors import UsageError
from ov_asr_score.transcript.timed_words import segment_times, timed_words
from ov_asr_score.transcript.transcript import Transcript

VIEW = "hugging-face"


def hugging_face(
    transcript: Transcript, return_timestamps: bool | Literal["word", "segment"] = False
) -> dict[str, Any]:
    """The text, and with ``return_timestamps`` its chunks with their times in seconds: words, or segments for True.

    Chunks have a confidence where one is known, which Hugging Face's lack. Raises UsageError where times are unknown.
    """
    answer: dict[str, Any] = {"text": transcript.text}
    if return_timestamps == "word":
        answer["chunks"] = [
            _chunk(word.text, word.start, word.end, word.confidence)
            for segment in transcript.segments
            for word in timed_words(segment, VIEW)
        ]
    elif return_timestamps in (True, "segment"):
        answer["chunks"] = [
            _chunk(segment.text, *segment_times(segment, VIEW), segment.alternatives[0].confidence)
            for segment in transcript.segments
            if segment.text
        ]
    elif return_timestamps is not False:
        raise UsageError(f"return_timestamps: expected true, false or 'word', found {return_timestamps!r}")
    return answer


def _chunk(text: str, start: float, end: float, confidence: float | None) -> dict[str, Any]:
    chunk: dict[str, Any] = {"text": text, "timestamp": [round(start, 6), round(end, 6)]}
    return chunk if confidence is None else chunk | {"confidence": round(confidence, 6)}
