"""Order of segments, and recordings taken apart."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from ov_asr_score.errors import UsageError
from ov_asr_score.transcript.assembling import assemble_transcript, only_recording, split_recordings
from ov_asr_score.transcript.transcript import Segment, Transcript
from tests.transcript.samples import call, segment


def names(transcript: Transcript) -> list[str]:
    return [each.utterance for each in transcript.segments]


def test_segments_are_ordered_by_recording_time_and_channel() -> None:
    given = [
        segment("a", utterance="z-late", start=5, recording="z"),
        segment("a", utterance="a-only", start=1, recording="a"),
        Segment("z-unknown", None, None, (), "z"),
        segment("a", utterance="z-second-channel", start=2, recording="z", channel=2),
        segment("a", utterance="z-first-channel", start=2, recording="z", channel=1),
    ]
    made = assemble_transcript(given, identifier="i", model="m", language="de", durations={"z": 9}, warnings=["w"])
    assert names(made) == ["z-first-channel", "z-second-channel", "z-late", "z-unknown", "a-only"]
    assert (made.id, made.model, made.language, made.durations, made.warnings) == ("i", "m", "de", {"z": 9}, ("w",))


def test_split_recordings() -> None:
    both = assemble_transcript(
        [
            segment("a", utterance="u1", recording="x"),
            segment("b", utterance="u2"),
            segment("c", recording="x", start=1),
        ],
        durations={"x": 4.0, "silent": 1.0},
        model="m",
    )
    parts = split_recordings(both)
    assert {name: part.text for name, part in parts.items()} == {"x": "a c", "u2": "b", "silent": ""}
    assert {name: part.duration for name, part in parts.items()} == {"x": 4.0, "u2": None, "silent": 1.0}
    assert {part.model for part in parts.values()} == {"m"}


def test_only_recording() -> None:
    assert only_recording(call(), "srt") == "call"
    assert only_recording(Transcript(()), "srt") == ""
    several = replace(call(), segments=(*call().segments, segment("a", utterance="b"), segment("a", utterance="c")))
    message = (
        "srt: expected the transcript of one recording, found 3 ('call', 'b', 'c'); write a file for each recording"
    )
    with pytest.raises(UsageError, match=f"^{re.escape(message)}$"):
        only_recording(several, "srt")
