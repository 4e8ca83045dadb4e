"""Lines of about the same length."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ov_asr_score.transcript.captions.line_breaks import broken_lines


@pytest.mark.parametrize(
    ("text", "length", "lines"),
    [
        ("turn the light on", 42, ("turn the light on",)),
        ("turn the light on", 10, ("turn the", "light on")),
        ("one two three four five", 18, ("one two three", "four five")),
        ("a incomprehensibilities b", 10, ("a", "incomprehensibilities", "b")),
        ("", 10, ()),
    ],
)
def test_lines(text: str, length: int, lines: tuple[str, ...]) -> None:
    assert broken_lines(text.split(), length) == lines


@given(st.lists(st.text("abc", min_size=1, max_size=9), max_size=12), st.integers(1, 30))
def test_no_word_is_lost_and_no_line_too_long(words: list[str], length: int) -> None:
    lines = broken_lines(words, length)
    assert " ".join(lines).split() == words
    assert all(len(line) <= length or line in words for line in lines)
