"""JSON of a transcript: all of it there and back; whatever else a file holds is refused with its place."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from ov_asr_score.errors import FileAccessError, TranscriptFormatError
from ov_asr_score.transcript.json_form import parse_transcript, read_transcript, to_json
from ov_asr_score.transcript.transcript import Alternative, Segment, Transcript, Word
from tests.transcript.samples import DATA, call, lights, transcripts


@pytest.mark.parametrize("name", ["lights", "call"])
def test_golden_files(name: str) -> None:
    made = {"lights": lights, "call": call}[name]()
    assert to_json(made) == (DATA / f"{name}.json").read_text(encoding="utf-8")
    assert to_json(read_transcript(DATA / f"{name}.json")) == to_json(made)


def test_lights_come_back_as_they_were(tmp_path: Path) -> None:
    (tmp_path / "t.json").write_text(to_json(lights()), encoding="utf-8")
    assert read_transcript(tmp_path / "t.json") == lights()


@given(transcripts())
def test_what_was_read_is_written_again(transcript: Transcript) -> None:
    text = to_json(transcript)
    again = parse_transcript(text)
    assert to_json(again) == text
    assert [segment.text for segment in again.segments] == [segment.text for segment in transcript.segments]
    assert parse_transcript(to_json(transcript, indent=None)) == again


def test_numbers_are_rounded_and_plain() -> None:
    word = Word("a", 0.1 + 0.2, float(np.float32(0.7)), np.float32(1.0000001))  # type: ignore[arg-type]
    costs = Alternative((word,), None, math.inf, math.nan)
    document = json.loads(to_json(Transcript((Segment("u", -0.0, 1, (costs,)),))))
    (segment,) = document["segments"]
    assert segment["alternatives"][0]["words"] == [{"text": "a", "start": 0.3, "end": 0.7, "confidence": 1.0}]
    assert (segment["alternatives"][0]["acoustic_cost"], segment["alternatives"][0]["graph_cost"]) == ("inf", "nan")
    assert parse_transcript(json.dumps(document)).segments[0].alternatives[0].acoustic_cost == math.inf


def test_bytes_that_are_no_text_stay_as_they_are() -> None:
    word = b"caf\xe9".decode("utf-8", "surrogateescape")
    text = to_json(Transcript((Segment("u", 0, 1, (Alternative((Word(word),)),)),)))
    assert '"caf\\udce9"' in text
    text.encode()
    assert parse_transcript(text).segments[0].text == word


def test_unknown_members_and_missing_defaults_are_allowed() -> None:
    document = {
        "format": "ov-asr-score-transcript",
        "format_version": 1,
        "segments": [{"utterance": "u", "start": None, "end": None, "alternatives": [{"words": []}], "new": 1}],
        "mood": "good",
    }
    assert parse_transcript(json.dumps(document)) == Transcript((Segment("u", None, None, (Alternative(()),)),))
    assert parse_transcript(b"\xef\xbb\xbf" + json.dumps(document).encode()).text == ""


SEGMENT = "segments[0]"
WORD = f"{SEGMENT}.alternatives[0].words[1]"


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("segments", None, "segments: expected a list, found null"),
        ("segments", {}, "segments: expected a list, found an object"),
        (SEGMENT, [], f"{SEGMENT}: expected an object, found a list"),
        (f"{SEGMENT}.utterance", 3, f"{SEGMENT}.utterance: expected a text, found 3"),
        (f"{SEGMENT}.utterance", "\ud800", f"{SEGMENT}.utterance: expected a text, found '\\\\ud800'"),
        (f"{SEGMENT}.channel", 0, f"{SEGMENT}.channel: expected a number from 1 on, found 0"),
        (f"{SEGMENT}.channel", 1.0, f"{SEGMENT}.channel: expected a whole number, found 1"),
        (f"{SEGMENT}.channel", True, f"{SEGMENT}.channel: expected a whole number, found true"),
        (f"{SEGMENT}.final", 1, f"{SEGMENT}.final: expected true or false, found 1"),
        (f"{SEGMENT}.end", "2", f"{SEGMENT}.end: expected a number, found '2'"),
        (f"{SEGMENT}.start", 3, f"{SEGMENT}.end: expected 3 or more, its start, found 2"),
        (f"{WORD}.start", -1, f"{WORD}.start: expected a number that is not negative, found -1"),
        (f"{WORD}.start", "inf", f"{WORD}.start: expected a number, found 'inf'"),
        (f"{WORD}.end", 10**400, f"{WORD}.end: expected a number, found a number that is too large"),
        (f"{WORD}.end", 0.5, f"{WORD}.end: expected 0.58 or more, its start, found 0.5"),
        (f"{WORD}.confidence", 1.5, f"{WORD}.confidence: expected a number from 0 to 1, found 1.5"),
        (
            f"{SEGMENT}.alternatives[0].graph_cost",
            "x",
            f"{SEGMENT}.alternatives[0].graph_cost: expected a number, found 'x'",
        ),
        ("durations", [], "durations: expected an object, found a list"),
        ("durations.lights", "x", "durations.'lights': expected a number, found 'x'"),
        ("format_version", 2, "format_version: expected 1, found '2'; it is of another release"),
        ("format_version", True, "format_version: expected 1, found 'True'; it is of another release"),
        (
            "format",
            "ov-asr-score-run",
            "expected an object with the format 'ov-asr-score-transcript', found 'ov-asr-score-run'",
        ),
    ],
)
def test_wrong_values(path: str, value: object, message: str) -> None:
    document = json.loads(to_json(lights()))
    place: Any = document
    *outer, last = path.replace("]", "").replace("[", ".").split(".")
    for step in outer:
        place = place[int(step) if isinstance(place, list) else step]
    place[int(last) if isinstance(place, list) else last] = value
    with pytest.raises(TranscriptFormatError) as caught:
        parse_transcript(json.dumps(document), "t.json")
    assert str(caught.value) == f"t.json: {message}"


def test_missing_values() -> None:
    document = json.loads(to_json(lights()))
    del document["segments"][0]["alternatives"][0]["words"]
    with pytest.raises(TranscriptFormatError, match=r"words: expected a value, found none$"):
        parse_transcript(json.dumps(document), "t.json")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "t.json: line 1, column 1: expected JSON: Expecting value"),
        (b'{"a": 1,\n}', "t.json: line 2, column 1: expected JSON: "),
        (b"\xff\xfe", "t.json: at byte 0: expected JSON in UTF-8"),
        (b"[" * 200_000, "t.json: expected the JSON of a transcript: "),
        (b"1" * 10_000, "t.json: expected the JSON of a transcript: "),
        (b'{"a": NaN}', "t.json: expected the JSON of a transcript: found the number NaN, which JSON does not have"),
        (b"[1]", "t.json: expected an object with the format 'ov-asr-score-transcript', found a list"),
        (b"{}", "t.json: expected an object with the format 'ov-asr-score-transcript', found 'None'"),
    ],
)
def test_other_files(content: bytes, message: str) -> None:
    with pytest.raises(TranscriptFormatError) as caught:
        parse_transcript(content, "t.json")
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FileAccessError, match="No such file"):
        read_transcript(tmp_path / "none.json")


def test_cut_files_are_refused_in_one_line() -> None:
    text = to_json(replace(call(), model="m"))
    for end in range(0, len(text) - 2, 37):
        with pytest.raises(TranscriptFormatError) as caught:
            parse_transcript(text[:end])
        assert "\n" not in str(caught.value)
