"""What may stand in a column."""

from __future__ import annotations

import math

import pytest

from ov_asr_score.errors import TranscriptFormatError
from ov_asr_score.transcript.lines.text_columns import column, decimals, not_a_comment


@pytest.mark.parametrize("text", ["", "a b", "a\tb", "a\n", "\v"])
def test_columns_without_spaces(text: str) -> None:
    with pytest.raises(TranscriptFormatError, match=r"^ctm: utterance 'u': expected a word without spaces, found '"):
        column(text, "word", "u", "ctm")


@pytest.mark.parametrize("text", ["a", "<unk>", "a\u00a0b", "日\u3000本", "\udce9"])
def test_columns(text: str) -> None:
    assert column(text, "word", "u", "ctm") == text


def test_comments() -> None:
    assert not_a_comment("; a", "u", "trn") == "; a"
    with pytest.raises(TranscriptFormatError, match=r"^trn: utterance 'u': expected a line that is no comment"):
        not_a_comment(";;a (u)", "u", "trn")


@pytest.mark.parametrize(
    ("number", "shown"),
    [(0.3, "0.30"), (0.1 + 0.2, "0.30"), (-0.001, "0.00"), (-0.0, "0.00"), (-1.5, "-1.50"), (12345.678, "12345.68")],
)
def test_decimals(number: float, shown: str) -> None:
    assert decimals(number) == shown


def test_other_decimals() -> None:
    assert decimals(0.0125, 3) == "0.013" or decimals(0.0125, 3) == "0.012"
    assert decimals(math.nan) == "0"
