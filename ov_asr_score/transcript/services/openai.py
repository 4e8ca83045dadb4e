"""Answers of OpenAI's audio transcriptions (``POST /v1/audio/transcriptions``): json, verbose_json, errors.

Its ``text``, ``srt`` and ``vtt`` are the plain text and the captions of a transcript.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Collection
from typing import Any, Literal

from ov_asr_score.transcript.timed_words import segment_times, timed_words
from ov_asr_score.transcript.transcript import Alternative, Segment, Transcript

VIEW = "openai-verbose"
Granularity = Literal["word", "segment"]
_SEGMENTS: tuple[Granularity, ...] = ("segment",)


def openai_json(transcript: Transcript) -> dict[str, Any]:
    """The answer for ``response_format=json``."""
    return {"text": transcript.text}


def openai_verbose_json(transcript: Transcript, granularities: Collection[Granularity] = _SEGMENTS) -> dict[str, Any]:
    """The answer for ``response_format=verbose_json``, with segments or words or both, as ``granularities`` ask.

    Typed clients need all fields of a segment. ``tokens``, ``temperature``, ``seek`` and ``no_speech_prob`` are of
    another kind of model: empty, or 0. ``avg_logprob`` is the mean logarithm of the words' confidence, 0 if none is
    known; ``compression_ratio`` that of zlib, as Whisper's. A duration that is not known is the end of the last
    segment. Raises UsageError where times are unknown.
    """
    spoken = [segment for segment in transcript.segments if segment.text]
    duration = transcript.duration
    if duration is None:
        duration = max((segment_times(segment, VIEW)[1] for segment in spoken), default=0.0)
    answer: dict[str, Any] = {
        "task": "transcribe",
        "language": transcript.language,
        "duration": round(duration, 6),
        "text": transcript.text,
    }
    if "word" in granularities:
        answer["words"] = [
            {"word": word.text, "start": round(word.start, 6), "end": round(word.end, 6)}
            for segment in spoken
            for word in timed_words(segment, VIEW)
        ]
    if "segment" in granularities:
        answer["segments"] = [_segment(number, segment) for number, segment in enumerate(spoken)]
    return answer


def openai_error(
    message: str, *, kind: str = "invalid_request_error", param: str = "", code: str = ""
) -> dict[str, Any]:
    """The answer to a request that failed; ``param`` is the field of the request that is wrong."""
    return {"error": {"message": message, "type": kind, "param": param or None, "code": code or None}}


def _segment(number: int, segment: Segment) -> dict[str, Any]:
    start, end = segment_times(segment, VIEW)
    content = segment.text.encode("utf-8", "surrogateescape")
    return {
        "id": number,
        "seek": 0,
        "start": round(start, 6),
        "end": round(end, 6),
        "text": segment.text,
        "tokens": [],
        "temperature": 0.0,
        "avg_logprob": _mean_log_confidence(segment.alternatives[0]),
        "compression_ratio": round(len(content) / len(zlib.compress(content)), 6),
        "no_speech_prob": 0.0,
    }


def _mean_log_confidence(alternative: Alternative) -> float:
    known = [word.confidence for word in alternative.words if word.confidence is not None]
    if not known and alternative.confidence is not None:
        known = [alternative.confidence]
    logs = [math.log(max(confidence, 1e-10)) for confidence in known]  # JSON has no infinity
    return round(sum(logs) / len(logs), 6) + 0.0 if logs else 0.0
