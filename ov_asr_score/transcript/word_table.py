"""CSV of words: a row for each word of the best alternatives, as spreadsheets and pandas read it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ov_asr_score.transcript.json_form import rounded
from ov_asr_score.transcript.transcript import Transcript, best_words, recording_name

COLUMNS = ("recording", "channel", "speaker", "utterance", "start", "end", "confidence", "word")
_QUOTED = re.compile('[",\r\n]')


def word_table(transcript: Transcript) -> str:
    """A line with the names of the columns, then the words in order; cells are empty for what is not known.

    Times are in seconds of the recording. Quotes, commas and line breaks in words are quoted as RFC 4180 has it.
    """
    rows: list[Iterable[object]] = [COLUMNS]
    for segment in transcript.segments:
        for word in best_words(segment):
            numbers = [
                None if number is None else rounded(number) for number in (word.start, word.end, word.confidence)
            ]
            name = recording_name(segment)
            rows.append([name, segment.channel, segment.speaker, segment.utterance, *numbers, word.text])
    return "".join(",".join(map(_cell, row)) + "\n" for row in rows)


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    # Python's csv writes a carriage return without quotes, unless its lines end in one
    return '"' + text.replace('"', '""') + '"' if _QUOTED.search(text) else text
