"""STM lines."""

from __future__ import annotations

import pytest

from ov_asr_score.errors import TranscriptFormatError, UsageError
from ov_asr_score.transcript.lines.stm import stm
from ov_asr_score.transcript.transcript import Segment, Transcript
from tests.transcript.samples import DATA, call, segment


def test_golden_file() -> None:
    assert stm(call()) == (DATA / "call.stm").read_text(encoding="utf-8")


def test_sides_and_unknown_speakers() -> None:
    made = stm(Transcript((segment("a", "b", start=1.0, recording="r"),)), {"r": ("sw2001", "A")})
    assert made == "sw2001 A unknown 1.00 2.00 a b\n"


def test_what_cannot_be_written() -> None:
    with pytest.raises(UsageError, match=r"^stm: utterance 'u': expected its start and end in the recording"):
        stm(Transcript((Segment("u", None, None, ()),)))
    with pytest.raises(
        TranscriptFormatError, match=r"^stm: utterance 'u': expected a speaker without spaces, found 'a b'"
    ):
        stm(Transcript((Segment("u", 0, 1, (), speaker="a b"),)))
