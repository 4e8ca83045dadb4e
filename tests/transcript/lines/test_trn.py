"""TRN lines."""

from __future__ import annotations

import pytest

from ov_asr_score.errors import TranscriptFormatError
from ov_asr_score.transcript.lines.trn import trn
from ov_asr_score.transcript.transcript import Segment, Transcript
from tests.transcript.samples import DATA, call, segment


def test_golden_file() -> None:
    assert trn(call()) == (DATA / "call.trn").read_text(encoding="utf-8")


def test_keys_with_parentheses() -> None:
    with pytest.raises(TranscriptFormatError, match=r"^trn: utterance 'u\(1\)': expected a key without parentheses"):
        trn(Transcript((Segment("u(1)", None, None, ()),)))


def test_comments() -> None:
    with pytest.raises(TranscriptFormatError, match="expected a line that is no comment"):
        trn(Transcript((segment(";;", "a"),)))
