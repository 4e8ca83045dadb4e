"""SubRip files, read by pysubs2."""

from __future__ import annotations

import pysubs2
from hypothesis import given, settings

from ov_asr_score.settings.words.captions import CaptionOptions
from ov_asr_score.transcript.captions.captioning import make_captions
from ov_asr_score.transcript.captions.srt import srt
from ov_asr_score.transcript.transcript import Transcript
from tests.transcript.samples import DATA, call, segment, transcripts


def read(text: str) -> list[tuple[int, int, str]]:
    return [
        (cue.start, cue.end, cue.text.replace("\\N", "\n")) for cue in pysubs2.SSAFile.from_string(text, format_="srt")
    ]


def test_golden_file() -> None:
    assert srt(call()) == (DATA / "call.srt").read_text(encoding="utf-8")
    assert srt(Transcript(())) == ""


def test_marks_are_kept_apart_from_tags() -> None:
    assert read(srt(call())) == [
        (500, 2500, 'grüß gott R&D "hier"'),
        (2500, 3500, "ja, <\u200bunk>"),
        (5100, 6100, "-\u200b-> <\u200bb>"),
    ]
    assert "{\u200b\\an8}" in srt(Transcript((segment("{\\an8}"),)))
    assert "\u200b" not in srt(Transcript((segment("a<3", "{x}", "->", "--"),)))


def test_lines_obey_options() -> None:
    made = srt(Transcript((segment("turn", "the", "light", "on"),)), CaptionOptions(caption_line_length=10))
    assert made == "1\n00:00:00,000 --> 00:00:02,000\nturn the\nlight on\n"


def test_texts_that_look_like_numbers_and_times() -> None:
    made = srt(Transcript((segment("7", "00:00:01,000", "-->", "00:00:02,000"),)))
    assert read(made) == [(0, 2000, "7 00:00:\u200b01,000 -\u200b-> 00:00:\u200b02,000")]


@settings(deadline=None, max_examples=50)
@given(transcripts())
def test_pysubs2_reads_the_same_captions(transcript: Transcript) -> None:
    captions = make_captions(transcript, CaptionOptions(), "srt")
    cues = read(srt(transcript))
    assert [(start, end) for start, end, _ in cues] == [(caption.start, caption.end) for caption in captions]
    assert [text.replace("\u200b", "") for *_, text in cues] == [
        "\n".join(caption.lines).strip() for caption in captions
    ]
