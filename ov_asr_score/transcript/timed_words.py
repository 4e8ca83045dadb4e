"""Words whose times are known, for the views that cannot do without, and what to do where they are not."""

from __future__ import annotations

import math
from typing import NamedTuple

from ov_asr_score.errors import UsageError
from ov_asr_score.text import clipped, shown_key
from ov_asr_score.transcript.transcript import Segment, Word, best_words


class TimedWord(NamedTuple):
    """A word with its times in seconds of the recording; ``confidence`` is None where unknown."""

    text: str
    start: float
    end: float
    confidence: float | None = None


def timed_words(segment: Segment, view: str) -> list[TimedWord]:
    """The words of the best alternative with their times, as they come. Raises UsageError if one has no times.

    ``view`` is what needs the times, for the error.
    """
    return [timed_word(word, segment, view) for word in best_words(segment)]


def timed_word(word: Word, segment: Segment, view: str) -> TimedWord:
    """A word of a segment with its times. Raises UsageError as :func:`timed_words` does."""
    start, end = word.start, word.end
    if start is None or end is None or not (math.isfinite(start) and math.isfinite(end)):
        raise UsageError(
            f"{view}: utterance {shown_key(segment.utterance)}: expected times for the word {clipped(word.text)}, "
            "found none; give word_boundary or align_lexicon",
            fields=("word_boundary", "align_lexicon"),
        )
    return TimedWord(word.text, start, end, word.confidence)


def segment_times(segment: Segment, view: str) -> tuple[float, float]:
    """Start and end of a segment in seconds. Raises UsageError if one is unknown."""
    if segment.start is None or segment.end is None:
        raise UsageError(
            f"{view}: utterance {shown_key(segment.utterance)}: expected its start and end in the recording, found none"
        )
    return segment.start, segment.end
