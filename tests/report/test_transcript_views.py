"""The table of views, and golden files of all of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ov_asr_score.cli.naming import in_option_names
from ov_asr_score.errors import UsageError
from ov_asr_score.report.transcript_views import VIEWS, ViewOptions, encoded, view, view_of_file
from ov_asr_score.settings.words.captions import CaptionOptions
from ov_asr_score.transcript.json_form import read_transcript
from ov_asr_score.transcript.transcript import Alternative, Segment, Transcript, Word
from tests.transcript.samples import DATA, call, lights, segment

GOLDEN = {
    **{name: f"call{each.suffix}" for name, each in VIEWS.items() if each.suffix and name != "html"},
    **{name: f"lights.{name}.json" for name in VIEWS if not VIEWS[name].suffix and "text" not in name},
    "nbest-text": "lights.nbest.txt",
    "kaldi-ctm": "lights.kaldi.ctm",
}


@pytest.mark.parametrize("name", GOLDEN)
def test_golden_files(name: str) -> None:
    transcript = call() if GOLDEN[name].startswith("call") else lights()
    assert encoded(view(transcript, name)) == (DATA / GOLDEN[name]).read_bytes()


def test_every_view_has_a_golden_file() -> None:
    assert set(GOLDEN) | {"html"} == set(VIEWS)


@pytest.mark.parametrize("name", VIEWS)
def test_views_of_nothing(name: str) -> None:
    assert isinstance(view(Transcript(()), name), str)


@pytest.mark.parametrize("name", [name for name in GOLDEN if GOLDEN[name].endswith(".json")])
def test_views_in_json(name: str) -> None:
    lines = view(lights(), name)
    documents: list[Any] = [json.loads(line) for line in (lines.splitlines() if "\n{" in lines else [lines])]
    assert documents


def test_views_are_the_same_after_json() -> None:
    again = read_transcript(DATA / "call.json")
    for name in VIEWS:
        assert view(again, name) == view(call(), name)


@pytest.mark.parametrize("name", VIEWS)
def test_several_recordings(name: str) -> None:
    both = Transcript((segment("a", utterance="x"), segment("b", utterance="y")))
    if VIEWS[name].of_one_recording:
        with pytest.raises(UsageError, match="expected the transcript of one recording"):
            view(both, name)
    else:
        view(both, name)


def test_options_reach_their_views() -> None:
    options = ViewOptions(CaptionOptions(caption_line_length=8), {"lights": ("sw2001", "A")}, acoustic_scale=0.1)
    assert "turn the\nlight on" in view(lights(), "srt", options)
    assert "turn the\nlight on" in view(lights(), "vtt", options)
    assert view(lights(), "ctm", options).startswith("sw2001 A 0.31 ")
    assert view(lights(), "stm", options).startswith("sw2001 A ann ")
    assert json.loads(view(lights(), "vosk-alternatives", options))["alternatives"][0]["confidence"] == -102.94


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("a/b.srt", "srt"),
        ("b.TEXTGRID", "textgrid"),
        ("b.TextGrid", "textgrid"),
        ("x.y.json", "json"),
        ("t.txt", "text"),
    ],
)
def test_views_by_suffix(path: str, name: str) -> None:
    assert view_of_file(path) == name


def test_other_suffixes_and_names() -> None:
    with pytest.raises(UsageError) as caught:
        view_of_file("a.doc")
    assert in_option_names(caught.value, {}) == (
        "a.doc: expected a suffix of .json, .txt, .ctm, .stm, .trn, .srt, .vtt, .TextGrid, .csv, .html; "
        "give the format by --transcript-format"
    )
    with pytest.raises(
        UsageError, match=r"^transcript_format: expected one of json, .*, found 'opnai'; did you mean openai"
    ):
        view(lights(), "opnai")


def test_bytes_that_are_no_text() -> None:
    word = Word(b"caf\xe9".decode("utf-8", "surrogateescape"), 0.0, 1.0)
    odd = Transcript((Segment("u", 0.0, 1.0, (Alternative((word,)),)),))
    assert encoded(view(odd, "text")) == b"u caf\xe9\n"
    for name in VIEWS:
        assert encoded(view(odd, name))
