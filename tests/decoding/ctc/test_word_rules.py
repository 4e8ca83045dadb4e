"""Tests of words made of tokens."""

from __future__ import annotations

import pytest

from ov_asr_score.decoding.ctc.word_rules import SpelledWord, find_word_rule
from ov_asr_score.errors import UsageError


def words(texts: list[str], spoken: list[str], asked: str = "") -> list[str]:
    rule = find_word_rule(texts, 0, asked, "tokens.txt")
    return [word.text for word in rule.words([texts.index(text) for text in spoken])]


def test_pieces() -> None:
    texts = ["<blk>", "▁", "▁he", "llo", "▁a", "</s>", "<unk>", "x▁y"]
    assert words(texts, ["▁he", "llo", "▁", "llo", "▁a", "</s>"]) == ["hello", "llo", "a"]
    assert words(texts, ["llo", "▁", "▁", "▁a"]) == ["llo", "a"]
    assert words(texts, ["▁a", "<unk>"]) == ["a<unk>"]
    assert words(texts, ["▁a", "x▁y", "llo"]) == ["ax", "yllo"]
    assert words(texts, []) == []


def test_bytes_of_letters() -> None:
    texts = ["<blk>", "▁", "▁a", "<0xC3>", "<0xA9>"]
    assert words(texts, ["▁a", "<0xC3>", "<0xA9>"]) == ["aé"]
    assert words(texts, ["▁a", "<0xC3>"]) == ["a\ufffd"]


@pytest.mark.parametrize("separator", ["|", "<space>", " "])
def test_separator(separator: str) -> None:
    spoken = [separator, "a", "b", separator, separator, "a", separator]
    assert words(["<blk>", separator, "a", "b"], spoken) == ["ab", "a"]


def test_places_leave_out_separators() -> None:
    rule = find_word_rule(["<blk>", "|", "a", "<s>"], 0, "", "tokens.txt")
    assert rule.words([3, 1, 2, 2, 3, 1]) == [SpelledWord("aa", 2, 4)]


def test_continued_words() -> None:
    assert words(["[PAD]", "go", "##ing", "on"], ["go", "##ing", "on"]) == ["going", "on"]
    assert words(["[PAD]", "go@@", "ing", "on"], ["go@@", "ing", "on", "go@@"]) == ["going", "on", "go"]


def test_each_token() -> None:
    assert words(["<blk>", "你", "好"], ["你", "好", "你"], "each-token") == ["你", "好", "你"]


def test_rule_that_is_asked_for() -> None:
    assert words(["<blk>", "/", "a"], ["a", "/", "a"], "/") == ["a", "a"]
    assert words(["<blk>", "|", "##a", "b"], ["b", "##a", "|"], "##") == ["ba", "|"]


@pytest.mark.parametrize(
    ("texts", "asked", "message"),
    [
        (["<blk>", "a", "b"], "", "word_separator: expected one mark of words among the tokens of t, found none"),
        (["<blk>", "|", "<space>"], "", "found '|' and '<space>'; say what it is, or each-token"),
        (["<blk>", "|", "##a"], "", "found '|' and '##'"),
        (["<blk>", "a"], "/", "word_separator '/': expected a token of t, ▁, ##, @@ or each-token"),
    ],
)
def test_rule_is_never_guessed(texts: list[str], asked: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        find_word_rule(texts, 0, asked, "t")
    assert message in str(caught.value)
    assert caught.value.fields == ("word_separator",)
