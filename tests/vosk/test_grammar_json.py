"""Grammars in JSON."""

from __future__ import annotations

import logging
import math

import pytest

from ov_asr_score.errors import UsageError
from ov_asr_score.vosk.grammar_json import grammar_options, parse_grammar


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


def test_words_of_phrases_in_any_order() -> None:
    options = grammar_options(("turn  on", "on", "[unk]", "on [unk]"), {"turn", "on"})
    assert options is not None and options.repeat
    assert options.phrases == ("turn on", "on", "[unk]", "on [unk]", "turn")
    assert options.boost == (("turn on", math.log(3)),)
    assert grammar_options((), {"turn"}) is None


def test_words_that_the_model_does_not_know(caplog: pytest.LogCaptureFixture) -> None:
    options = grammar_options(("turn up", "xyz"), {"turn"})
    assert options is not None and options.phrases == ("turn",) and options.boost == ()
    assert [record.message for record in caplog.records] == [
        "grammar: the model does not know the word 'up', which is left out",
        "grammar: the model does not know the word 'xyz', which is left out",
    ]
    with pytest.raises(UsageError, match=r"grammar: expected a word that the model knows, found none"):
        grammar_options(("xyz",), {"turn"})
