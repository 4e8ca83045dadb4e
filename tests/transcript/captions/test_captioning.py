"""Channels, segments and what words may hold."""

from __future__ import annotations

import pytest

from ov_asr_score.errors import UsageError
from ov_asr_score.settings.words.captions import CaptionOptions
from ov_asr_score.transcript.captions.captioning import clock, in_one_line, make_captions
from ov_asr_score.transcript.transcript import Alternative, Segment, Transcript, Word
from tests.transcript.samples import call, segment


def test_channels_are_captioned_apart_and_shown_in_order() -> None:
    captions = make_captions(call(), CaptionOptions(), "srt")
    assert [(caption.start, caption.speaker) for caption in captions] == [(500, "ann"), (2500, "bob"), (5100, "ann")]


def test_segments_of_one_channel_may_share_a_caption() -> None:
    parts = (segment("turn", "it", recording="r"), segment("off", "now", utterance="b", recording="r", start=1.0))
    assert [caption.lines for caption in make_captions(Transcript(parts), CaptionOptions(), "srt")] == [
        ("turn it off now",)
    ]


def test_words_of_overlapping_segments_are_put_in_order() -> None:
    parts = (segment("a", "c", recording="r"), segment("b", utterance="v", recording="r", start=0.25))
    assert [caption.lines for caption in make_captions(Transcript(parts), CaptionOptions(), "srt")] == [("a b c",)]


def test_empty_words_and_line_breaks() -> None:
    assert in_one_line("\r\n a\n\nb\u2028c\0") == "a b c"
    assert in_one_line("a\u00a0b") == "a\u00a0b"
    assert make_captions(Transcript((segment("\n", ""),)), CaptionOptions(), "srt") == []


def test_clock() -> None:
    assert clock(0, ",") == "00:00:00,000"
    assert clock(((101 * 60 + 2) * 60 + 3) * 1000 + 45, ".") == "101:02:03.045"


def test_what_cannot_be_captioned() -> None:
    with pytest.raises(UsageError, match=r"^vtt: utterance 'u': expected times for the word 'a', found none"):
        make_captions(Transcript((Segment("u", 0, 1, (Alternative((Word("a"),)),)),)), CaptionOptions(), "vtt")
    with pytest.raises(UsageError, match=r"^srt: expected the transcript of one recording, found 2"):
        make_captions(Transcript((segment("a"), segment("a", utterance="b"))), CaptionOptions(), "srt")
    with pytest.raises(UsageError, match=r"^caption_min_seconds: "):
        make_captions(call(), CaptionOptions(caption_min_seconds=9), "srt")
