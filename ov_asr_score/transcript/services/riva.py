"""Answers of NVIDIA Riva in JSON, as OVH's AI Endpoints give them (``POST …/api/v1/asr/recognize``)."""

from __future__ import annotations

from typing import Any

from ov_asr_score.transcript.transcript import Alternative, Segment, Transcript, Word


def riva(transcript: Transcript, *, max_alternatives: int = 1, words: bool = True) -> list[dict[str, Any]]:
    """A result for each segment in which something was decoded, with up to ``max_alternatives``, the best first.

    Clients put the first transcripts of all results together without a space between: each but the last ends in one.
    Times are whole milliseconds; a confidence of 0 means that none is known (riva_asr.proto). ``words``: with the words
    of each alternative. ``speaker_tag`` numbers speakers from 1 on, in the order in which they come; 0 is unknown.
    """
    decoded = [segment for segment in transcript.segments if segment.alternatives]
    tags = {name: tag for tag, name in enumerate(dict.fromkeys(each.speaker for each in decoded if each.speaker), 1)}
    results = []
    for number, segment in enumerate(decoded, start=1):
        space = " " if number < len(decoded) else ""
        result: dict[str, Any] = {
            "alternatives": [
                _alternative(alternative, segment, transcript.language, tags, space, words)
                for alternative in segment.alternatives[:max_alternatives]
            ],
            "channel_tag": segment.channel,
        }
        if transcript.duration is not None:
            result["audio_processed"] = round(transcript.duration, 6)
        results.append(result)
    return results


def _alternative(
    alternative: Alternative, segment: Segment, language: str, tags: dict[str, int], space: str, words: bool
) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "transcript": alternative.text + (space if alternative.words else ""),
        "confidence": round(alternative.confidence or 0.0, 6),
    }
    if words:
        answer["words"] = [_word(word, tags.get(segment.speaker, 0), language) for word in alternative.words]
    return answer


def _word(word: Word, tag: int, language: str) -> dict[str, Any]:
    answer: dict[str, Any] = {"word": word.text}
    if word.start is not None and word.end is not None:
        answer |= {"start_time": round(word.start * 1000), "end_time": round(word.end * 1000)}
    answer |= {"confidence": round(word.confidence or 0.0, 6), "speaker_tag": tag}
    return answer | ({"language_code": language} if language else {})
