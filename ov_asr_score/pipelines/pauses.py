"""Long transcripts in parts that end where nothing is said for a while."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from ov_asr_score.transcript.transcript import Segment, Transcript, Word, best_words

PAUSE_SECONDS = 0.5
"""Silence that ends an utterance, as in the second rule of Kaldi's endpoints."""


def cut_at_pauses(transcript: Transcript, seconds: float = PAUSE_SECONDS) -> Transcript:
    """The transcript with a segment for each run of words between pauses of at least ``seconds``.

    Segments reach from their first word to their last, and have no other alternatives. Those without words or times
    stay as they are.
    """
    return replace(transcript, segments=tuple(part for each in transcript.segments for part in _parts(each, seconds)))


def _parts(segment: Segment, seconds: float) -> list[Segment]:
    words = best_words(segment)
    if not words or any(word.start is None or word.end is None for word in words):
        return [segment]
    runs: list[list[Word]] = [[words[0]]]
    for before, word in pairwise(words):
        if word.start is not None and before.end is not None and word.start - before.end >= seconds:
            runs.append([])
        runs[-1].append(word)
    alternative = segment.alternatives[0]
    if len(runs) == 1:
        return [replace(segment, start=words[0].start, end=words[-1].end)]
    return [
        replace(
            segment,
            utterance=f"{segment.utterance}-{number}",
            recording=segment.recording or segment.utterance,
            start=run[0].start,
            end=run[-1].end,
            alternatives=(replace(alternative, words=tuple(run), acoustic_cost=None, graph_cost=None),),
        )
        for number, run in enumerate(runs)
    ]
