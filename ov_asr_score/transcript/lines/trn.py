"""TRN, sclite's form without times: a line for each utterance, ``word word … (speaker-utterance)``."""

from __future__ import annotations

from ov_asr_score.errors import TranscriptFormatError
from ov_asr_score.text import shown_key
from ov_asr_score.transcript.lines.text_columns import column, not_a_comment
from ov_asr_score.transcript.transcript import Segment, Transcript, best_words

VIEW = "trn"


def trn(transcript: Transcript) -> str:
    """A line for each segment: its words, then its key in parentheses.

    sclite takes the key up to the first hyphen or underscore for the speaker (``-i spu_id`` and the like): keys stay as
    they are. Raises TranscriptFormatError for words with spaces in them and keys with parentheses.
    """
    return "".join(_line(segment) for segment in transcript.segments)


def _line(segment: Segment) -> str:
    utterance = column(segment.utterance, "key", segment.utterance, VIEW)
    if "(" in utterance or ")" in utterance:
        raise TranscriptFormatError(f"{VIEW}: utterance {shown_key(utterance)}: expected a key without parentheses")
    words = [column(word.text, "word", utterance, VIEW) for word in best_words(segment)]
    return not_a_comment(" ".join([*words, f"({utterance})"]), utterance, VIEW) + "\n"
