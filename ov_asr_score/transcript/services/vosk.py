"""Messages of vosk and its server: partial and final results, with words or with alternatives.

Source: vosk-api, src/recognizer.cc (MbrResult, NbestResult, PartialResult).
"""

from __future__ import annotations

from typing import Any

from ov_asr_score.transcript.timed_words import timed_word
from ov_asr_score.transcript.transcript import Alternative, Segment

VIEW = "vosk"


def vosk_partial(text: str) -> dict[str, Any]:
    """What was understood so far."""
    return {"partial": text}


def vosk_result(segment: Segment | None, *, words: bool = True) -> dict[str, Any]:
    """The best alternative of a final segment; an empty text for None, or if nothing was decoded.

    ``conf`` is left out where it is unknown. Raises UsageError where times of words are unknown, if ``words`` are asked
    for.
    """
    if segment is None or not segment.text:
        return {"text": ""}
    best = segment.alternatives[0]
    if not words:
        return {"text": best.text}
    result = [
        _known("conf", word.confidence) | timed for word, timed in zip(best.words, _words(best, segment), strict=True)
    ]
    return {"result": result, "text": best.text}


def vosk_alternatives(
    segment: Segment | None, *, max_alternatives: int, words: bool = True, acoustic_scale: float = 1.0
) -> dict[str, Any]:
    """Up to ``max_alternatives`` of a final segment, the best first.

    Here ``confidence`` is a log-likelihood: that of graph and sound together, where the costs are known, the sound's
    times ``acoustic_scale``; else the probability, if there is one. Raises UsageError as :func:`vosk_result` does.
    """
    if segment is None or not segment.text:
        return {"alternatives": [{"text": "", "confidence": 1.0}]}
    answers = []
    for alternative in segment.alternatives[:max_alternatives]:
        answer = _known("confidence", _likelihood(alternative, acoustic_scale))
        if words and alternative.words:
            answer["result"] = _words(alternative, segment)
        answers.append(answer | {"text": alternative.text})
    return {"alternatives": answers}


def _words(alternative: Alternative, segment: Segment) -> list[dict[str, Any]]:
    timed = (timed_word(word, segment, VIEW) for word in alternative.words)
    return [{"start": round(word.start, 6), "end": round(word.end, 6), "word": word.text} for word in timed]


def _known(name: str, value: float | None) -> dict[str, Any]:
    return {} if value is None else {name: round(value, 6) + 0.0}


def _likelihood(alternative: Alternative, acoustic_scale: float) -> float | None:
    if alternative.acoustic_cost is not None and alternative.graph_cost is not None:
        return -(alternative.graph_cost + acoustic_scale * alternative.acoustic_cost)
    return alternative.confidence
