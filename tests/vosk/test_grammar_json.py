"""Grammars in JSON."""

from __future__ import annotations

import logging

import pytest

from ov_asr_score.errors import UsageError
from ov_asr_score.vosk.grammar_json import parse_grammar


def test_phrases() -> None:
    assert parse_grammar('["one two", "[unk]"]') == ("one two", "[unk]")
    assert parse_grammar("[]") == ()


def test_what_is_no_array_restricts_nothing_and_is_told(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert parse_grammar("one two") == parse_grammar('{"a": 1}') == parse_grammar("[" * 100_000) == ()
    assert [record.message[:49] for record in caplog.records] == [
        "grammar: expected a JSON array of texts, found 'o"[:49],
        "grammar: expected a JSON array of texts, found '{"[:49],
        "grammar: expected a JSON array of texts, found '["[:49],
    ]


def test_what_is_no_text() -> None:
    with pytest.raises(UsageError, match=r"grammar: expected a JSON array of texts, found 5 in it"):
        parse_grammar('["one", 5]')
