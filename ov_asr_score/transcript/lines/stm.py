"""STM, NIST's form of references: a line for each segment, ``file channel speaker start end words …``."""

from __future__ import annotations

from ov_asr_score.transcript.lines.ctm import Sides, file_and_side
from ov_asr_score.transcript.lines.text_columns import column, decimals, not_a_comment
from ov_asr_score.transcript.timed_words import segment_times
from ov_asr_score.transcript.transcript import Segment, Transcript, best_words

VIEW = "stm"
UNKNOWN_SPEAKER = "unknown"  # the column cannot be empty


def stm(transcript: Transcript, sides: Sides | None = None) -> str:
    """A line for each segment; one without words says that nothing was said there.

    ``sides`` as for :func:`~ov_asr_score.transcript.lines.ctm.ctm`. Raises UsageError where start or end of a segment
    are unknown, TranscriptFormatError for words with spaces in them.
    """
    return "".join(_line(segment, sides) for segment in transcript.segments)


def _line(segment: Segment, sides: Sides | None) -> str:
    utterance = segment.utterance
    file, side = file_and_side(segment, sides)
    start, end = segment_times(segment, VIEW)
    columns = [
        column(file, "name", utterance, VIEW),
        column(side, "side", utterance, VIEW),
        column(segment.speaker or UNKNOWN_SPEAKER, "speaker", utterance, VIEW),
        decimals(start),
        decimals(end),
        *(column(word.text, "word", utterance, VIEW) for word in best_words(segment)),
    ]
    return not_a_comment(" ".join(columns), utterance, VIEW) + "\n"
