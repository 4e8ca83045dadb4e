"""WebVTT files, read by webvtt-py."""

from __future__ import annotations

import html
import io

import webvtt
from hypothesis import given, settings

from ov_asr_score.settings.words.captions import CaptionOptions
from ov_asr_score.transcript.captions.captioning import clock, make_captions
from ov_asr_score.transcript.captions.vtt import vtt
from ov_asr_score.transcript.transcript import Transcript
from tests.transcript.samples import DATA, call, lights, transcripts


def test_golden_file() -> None:
    assert vtt(call()) == (DATA / "call.vtt").read_text(encoding="utf-8")
    assert vtt(Transcript(())) == "WEBVTT\n"


def test_speakers_are_voices() -> None:
    cues = webvtt.from_buffer(io.StringIO(vtt(call()))).captions
    assert [cue.voice for cue in cues] == ["ann", "bob", "ann"]
    assert [cue.start for cue in cues] == ["00:00:00.500", "00:00:02.500", "00:00:05.100"]


def test_lines_obey_options() -> None:
    assert vtt(lights(), CaptionOptions(caption_line_length=10)).endswith("<v ann>turn the\nlight on\n")


@settings(deadline=None, max_examples=50)
@given(transcripts())
def test_webvtt_reads_the_same_captions(transcript: Transcript) -> None:
    captions = make_captions(transcript, CaptionOptions(), "vtt")
    cues = webvtt.from_buffer(io.StringIO(vtt(transcript))).captions
    assert [(cue.start, cue.end) for cue in cues] == [
        (clock(caption.start, "."), clock(caption.end, ".")) for caption in captions
    ]
    assert [html.unescape(cue.raw_text) for cue in cues] == ["\n".join(caption.lines) for caption in captions]
