from __future__ import annotations

import pytest

from ov_asr_score.errors import UsageError
from ov_asr_score.settings.recognition.phones import parse_given_phones, parse_phones


@pytest.mark.parametrize(
    ("text", "phones"), [("", ()), ("3", (3,)), ("10:2:1\n", (1, 2, 10)), ("4,5:6", (4, 5, 6)), ("1::2", (1, 2))]
)
def test_phones(text: str, phones: tuple[int, ...]) -> None:
    assert parse_phones(text) == phones
    assert parse_given_phones(text) == (phones or None)


@pytest.mark.parametrize("text", ["a", "1 2", "-1", "1:x", "0", "1.5", "9999999999", "٣"])
def test_what_are_no_phones(text: str) -> None:
    with pytest.raises(UsageError, match="expected numbers of phones with colons between, as in 1:2:3, found"):
        parse_phones(text)


def test_phones_twice() -> None:
    with pytest.raises(UsageError, match="expected every phone once, found '1:2:1'"):
        parse_phones("1:2:1")
