"""CSV of words, read by Python's csv."""

from __future__ import annotations

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from ov_asr_score.transcript.transcript import Alternative, Segment, Transcript, Word
from ov_asr_score.transcript.word_table import COLUMNS, word_table
from tests.transcript.samples import DATA, call, transcripts, untimed


def test_golden_file() -> None:
    assert word_table(call()) == (DATA / "call.csv").read_text(encoding="utf-8")


@given(transcripts(st.text(max_size=5)))
def test_words_come_back(transcript: Transcript) -> None:
    rows = list(csv.DictReader(io.StringIO(word_table(transcript), newline="")))
    words = [word for segment in transcript.segments for option in segment.alternatives for word in option.words]
    assert [row["word"] for row in rows] == [word.text for word in words]
    assert [float(row["start"]) for row in rows] == [round(word.start or 0.0, 6) for word in words]


def test_unknown_numbers_are_empty() -> None:
    made = word_table(Transcript((Segment("u", None, None, (Alternative((*untimed("a,b"), Word("c", 0.5))),)),)))
    assert made == ",".join(COLUMNS) + '\nu,1,,u,,,,"a,b"\nu,1,,u,0.5,,,c\n'
