"""The page of a transcript: what it shows, escapes and names."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest

from ov_asr_score.report.html.transcript_page import transcript_page, write_transcript_page
from ov_asr_score.report.html.wave import PageSound, page_sound
from ov_asr_score.transcript.transcript import Alternative, Segment, Transcript, Word
from tests.report.pages import Page, check_self_contained
from tests.transcript.samples import call, lights, segment, untimed

HOSTILE = "<script>alert(1)</script>&\"'\n\0\u202e"


def sound(seconds: float = 6.5, channels: int = 2) -> PageSound:
    samples = np.full((int(seconds * 1000), channels), 1000, np.int16)
    return page_sound(samples, 1000)


def with_class(markup: str, tag: str, name: str) -> list[dict[str, str | None]]:
    return [
        attributes
        for found, attributes in Page(markup).tags
        if found == tag and name in (attributes.get("class") or "")
    ]


def test_words_can_be_heard_at_their_times() -> None:
    markup = transcript_page(call(), {"call": sound()})
    words = with_class(markup, "button", "w")
    assert [(word["data-s"], word["data-e"]) for word in words][:2] == [("0.500", "1.000"), ("1.000", "1.500")]
    assert len(words) == 8
    assert words[0]["title"] == "0.50–1.00 s, confidence 0.90"
    (audio,) = [attributes for tag, attributes in Page(markup).tags if tag == "audio"]
    assert (audio["src"] or "").startswith("data:audio/wav;base64,")


def test_page_without_sound_names_no_other_place() -> None:
    markup = transcript_page(call())
    check_self_contained(markup)
    assert with_class(markup, "button", "w") == []
    assert with_class(markup, "span", "w")[0]["title"] == "0.50–1.00 s, confidence 0.90"
    assert "media-src" not in markup


def test_page_with_sound_names_no_other_place() -> None:
    markup = transcript_page(call(), {"call": sound()})
    check_self_contained(re.sub(r' src="data:audio/wav;base64,[\w+/=]*"', "", markup))
    assert "media-src data:" in markup


def test_linked_sound() -> None:
    markup = transcript_page(call(), {"call": PageSound([[1.0]], source="call 1.wav")})
    assert '<audio controls preload="metadata" src="./call%201.wav">' in markup


def test_wave_of_each_row() -> None:
    markup = transcript_page(call(), {"call": sound()})
    assert len(re.findall("<svg ", markup)) == 3
    one_channel = transcript_page(call(), {"call": sound(channels=1)})
    assert len(re.findall("<svg ", one_channel)) == 2


@pytest.mark.parametrize(
    ("confidence", "style"), [(1.0, "--c:1.00"), (0.65, "--c:0.50"), (0.1, "--c:0.00"), (7.0, "--c:1.00")]
)
def test_confidence_is_a_colour(confidence: float, style: str) -> None:
    spoken = (Word("a", 0.0, 1.0, confidence), Word("b", 1.0, 2.0))
    markup = transcript_page(Transcript((Segment("u", 0.0, 2.0, (Alternative(spoken),)),)))
    known, unknown = with_class(markup, "span", "w")
    assert (known["style"] or "").endswith(style)
    assert "--c" not in (unknown["style"] or "")


def test_long_segments_have_rows_of_ten_seconds() -> None:
    long = Transcript((segment(*["word"] * 50, seconds=0.5),))
    rows = with_class(transcript_page(long), "div", "row")
    assert [(row["data-s"], row["data-e"]) for row in rows] == [
        ("0.000", "10.000"),
        ("10.000", "20.000"),
        ("20.000", "25.000"),
    ]


def test_pauses_between_rows_are_left_out() -> None:
    spoken = (Word("a", 0.0, 1.0), Word("b", 100.0, 101.0))
    rows = with_class(transcript_page(Transcript((Segment("u", 0.0, 101.0, (Alternative(spoken),)),))), "div", "row")
    assert [(row["data-s"], row["data-e"]) for row in rows] == [("0.000", "10.000"), ("100.000", "101.000")]


def test_silence_before_the_first_word_is_left_out() -> None:
    spoken = (Word("a", 90.0, 91.0),)
    (row,) = with_class(transcript_page(Transcript((Segment("u", 0.0, 91.0, (Alternative(spoken),)),))), "div", "row")
    assert (row["data-s"], row["data-e"]) == ("81.000", "91.000")


def test_words_at_one_place_have_lanes_of_their_own() -> None:
    spoken = tuple(Word(text, 0.0, 0.0) for text in "abc")
    words = with_class(transcript_page(Transcript((Segment("u", 0.0, 0.0, (Alternative(spoken),)),))), "span", "w")
    assert [(word["style"] or "").rpartition(":")[2] for word in words] == ["0", "1", "2"]


def test_alternatives_and_warnings() -> None:
    page = Page(transcript_page(lights()))
    assert page.tables[0][1] == ["2", "turn the lights on", "0.05", "815.5", "23.25"]
    assert "<summary>1 alternative</summary>" in transcript_page(lights())
    assert "automatic punctuation is not available for this model" in page.text_of["li"]
    assert "no path" in Page(transcript_page(call())).text_of["li"]


def test_segments_without_times_and_without_words() -> None:
    plain = Transcript((Segment("u", None, None, (Alternative(untimed("a", "b")),)), Segment("v", None, None, ())))
    page = Page(transcript_page(plain, {"u": sound()}))
    assert [text.strip() for text in page.text_of["p"]][-2:] == ["a b", "nothing was decoded"]


def test_several_recordings_have_sections() -> None:
    both = Transcript((segment("a", utterance="x"), segment("b", utterance="y")), durations={"x": 61.5, "y": 3600})
    page = Page(transcript_page(both))
    assert page.headings == ["x", "y"]
    assert page.text_of["h1"] == ["2 recordings"]
    assert "1:01:01.50" in page.text_of["dd"]
    assert Page(transcript_page(both, title="Today")).text_of["h1"] == ["Today"]


def test_everything_is_escaped() -> None:
    odd = Transcript(
        (
            Segment(
                HOSTILE,
                0.0,
                1.0,
                (Alternative((Word(HOSTILE, 0.0, 1.0),)),) * 2,
                HOSTILE,
                2,
                HOSTILE,
                warnings=(HOSTILE,),
            ),
            Segment("u", None, None, (Alternative((Word(HOSTILE),)),), HOSTILE),
        ),
        HOSTILE,
        HOSTILE,
        HOSTILE,
        warnings=(HOSTILE,),
    )
    markup = transcript_page(odd, {HOSTILE: PageSound([[1.0]], source=HOSTILE)}, HOSTILE)
    page = Page(markup)
    assert [tag for tag, _ in page.tags].count("script") == 1
    assert "alert(1)</script>" not in markup
    assert "\0" not in markup
    file = io.StringIO()
    write_transcript_page(file, odd, {HOSTILE: PageSound([[1.0]], source=HOSTILE)}, HOSTILE)
    assert file.getvalue() == markup
