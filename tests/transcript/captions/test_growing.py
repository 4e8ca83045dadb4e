"""Captions that are appended while speech goes on."""

from __future__ import annotations

import io
from typing import Literal

import pysubs2
import pytest
import webvtt

from ov_asr_score.errors import UsageError
from ov_asr_score.settings.words.captions import CaptionOptions
from ov_asr_score.transcript.captions.growing import GrowingCaptions
from ov_asr_score.transcript.transcript import Alternative, Segment, Word


def segment(start: float, end: float, *words: Word) -> Segment:
    return Segment("standard input", start, end, (Alternative(words),))


FIRST = segment(0.0, 2.0, Word("turn", 0.4, 0.7), Word("the", 0.7, 0.8), Word("light", 0.8, 1.9))
SILENT = segment(2.0, 4.0)
SECOND = segment(4.0, 5.0, Word("on", 4.0, 4.2))


def test_every_beginning_of_vtt_is_a_file() -> None:
    growing = GrowingCaptions("vtt")
    text, seen = growing.header, []
    for each in (FIRST, SILENT, SECOND):
        text += growing.appended(each)
        seen.append([(cue.start, cue.end, cue.text) for cue in webvtt.from_buffer(io.StringIO(text)).captions])
    first, second = ("00:00:00.400", "00:00:01.900", "turn the light"), ("00:00:04.000", "00:00:05.000", "on")
    assert seen == [[first], [first], [first, second]]


def test_srt_counts_on() -> None:
    growing = GrowingCaptions("srt")
    text = growing.header + "".join(map(growing.appended, (SILENT, FIRST, SECOND)))
    assert text == ("1\n00:00:00,400 --> 00:00:01,900\nturn the light\n\n2\n00:00:04,000 --> 00:00:05,000\non\n")
    assert [each.text for each in pysubs2.SSAFile.from_string(text, format_="srt")] == ["turn the light", "on"]


@pytest.mark.parametrize("form", ["srt", "vtt"])
def test_captions_do_not_meet(form: Literal["srt", "vtt"]) -> None:
    growing = GrowingCaptions(form, CaptionOptions(caption_min_seconds=5.0))
    at_once = segment(2.0, 2.5, Word("now", 2.0, 2.1))
    times = [
        line.replace(",", ".")
        for each in (FIRST, at_once)
        for line in growing.appended(each).splitlines()
        if ">" in line
    ]
    assert times == ["00:00:00.400 --> 00:00:02.000", "00:00:02.000 --> 00:00:02.500"]


def test_options_are_checked() -> None:
    with pytest.raises(UsageError, match="caption_min_seconds"):
        GrowingCaptions("vtt", CaptionOptions(caption_min_seconds=9.0))
