from __future__ import annotations

import pytest

from ov_asr_score.errors import UsageError
from ov_asr_score.settings.words.wer_sweep import MAX_VALUES, SweepSettings, parse_values, parse_weights


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("7", (7.0,)),
        ("7,8.5,10", (7.0, 8.5, 10.0)),
        ("7:9", (7.0, 8.0, 9.0)),
        ("0.1:0.5:0.1", (0.1, 0.2, 0.3, 0.4, 0.5)),
        ("0:1:0.3", (0.0, 0.3, 0.6, 0.9)),
        ("-1:1", (-1.0, 0.0, 1.0)),
        ("2,2,1", (2.0, 1.0)),
        ("3:3", (3.0,)),
    ],
)
def test_values(text: str, values: tuple[float, ...]) -> None:
    assert parse_values(text) == values


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected numbers, such as 7:17"),
        ("7,x", "7,x: expected numbers"),
        ("nan", "nan: expected numbers"),
        ("1:inf", "1:inf: expected numbers"),
        ("1:2:3:4", "1:2:3:4: expected FIRST:LAST"),
        ("9:7", "9:7: expected a range with at least one value"),
        ("7:9:0", "7:9:0: expected a range"),
        ("0:1e9:1e-9", f"expected {MAX_VALUES:,} values or fewer"),
    ],
)
def test_texts_that_are_no_values(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse_values(text)


def test_weights_are_above_0() -> None:
    assert parse_weights("0.5:1.5") == (0.5, 1.5)
    with pytest.raises(UsageError, match=r"0:3: expected weights above 0, found 0"):
        parse_weights("0:3")


def test_defaults_are_those_of_score_sh() -> None:
    settings = SweepSettings()
    assert tuple(settings.lm_weights) == parse_weights("7:17")
    assert tuple(settings.word_penalties) == parse_values("0,0.5,1")
