from __future__ import annotations

import pytest

from ov_asr_score.errors import TableFormatError
from ov_asr_score.word_errors.text_rules import RULE_NAMES, TextRules, parse_text_rules


def rules(*lines: str) -> TextRules:
    return parse_text_rules((f"rules.txt: line {number}", line) for number, line in enumerate(lines, start=1))


@pytest.mark.parametrize(
    ("rule", "before", "after"),
    [
        ("lower", "Straße ÄRGER", "straße ärger"),
        ("upper", "straße", "STRASSE"),
        ("nfc", "e\u0301te\u0301", "été"),
        ("nfkc", "ﬁn ①", "fin 1"),
        ("strip-punctuation", "well, don't «stop» - now! <unk>", "well dont stop now <unk>"),
        ("strip-punctuation ' -", "well, don't «stop» - now!", "well don't stop - now"),
        ("split-hyphens", "e-mail non‑stop", "e mail non stop"),
        ("remove <unk> [noise]", "<unk> a [noise] <unk>b [noise]", "a <unk>b"),
        ("remove-matching \\[.*\\]|<.*>", "[noise] a <unk> b] [c", "a b] [c"),
        ("replace can not => cannot", "can not i can  not or can nots", "cannot i cannot or can nots"),
        ("replace a => b c", "a a xa a", "b c b c xa b c"),
        ("replace um =>", "um so um", "so"),
        ("replace .* => x", "a .* b", "a x b"),
        (r"regex (\d+)% => \1 percent", "5% of 10%", "5 percent of 10 percent"),
        ('regex "(?<=\\d) (?=\\d)" => ""', "1 2 x 3 4 5", "12 x 345"),
        (r"regex \bmister\b => mr", "mister misters", "mr misters"),
        ("remove #hash # a comment", "#hash a", "a"),
    ],
)
def test_rule(rule: str, before: str, after: str) -> None:
    found = rules(rule)
    assert found.apply(before.split(), "reference") == tuple(after.split())
    assert found.apply(before.split(), "hypothesis") == tuple(after.split())


def test_every_rule_was_tried() -> None:
    (tried,) = (mark.args[1] for mark in test_rule.pytestmark)  # type: ignore[attr-defined]
    assert {rule.split()[0] for rule, _, _ in tried} == set(RULE_NAMES)


def test_rules_are_applied_in_order_and_on_their_side() -> None:
    found = rules("# all of it", "", "lower", "reference: remove um", "hypothesis: replace um => er", "upper")
    assert found.apply(["UM", "So"], "reference") == ("SO",)
    assert found.apply(["UM", "So"], "hypothesis") == ("ER", "SO")


def test_words_stay_as_they_are_without_rules() -> None:
    words = ("a\u00a0b", "", "\udcff")
    assert TextRules().apply(words, "reference") == words
    assert rules("lower").apply(["A\u00a0B", "\udcff"], "reference") == ("a\u00a0b", "\udcff")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("lowr", "expected a rule, found 'lowr'; did you mean 'lower'?"),
        ("lower case", "expected nothing after the rule, found 'case'"),
        ("remove", "expected words to remove, found none"),
        ("remove-matching", "expected a regular expression, found none"),
        ("remove-matching [a", "expected a regular expression, found '[a' (unterminated character set at position 0)"),
        ("replace a b", "expected BEFORE => AFTER, found 'a b'"),
        ("replace => b", "expected BEFORE => AFTER, found '=> b'"),
        ('replace "" => b', "expected words to replace before =>, found none"),
        (r"regex a => \1", r"expected a replacement for the pattern, found '\\1' (invalid group reference 1"),
        ("regex (a => b", "expected a regular expression, found '(a'"),
        ("ref: lower", "expected reference: or hypothesis: before a rule, found 'ref:'"),
        ("hypothesis: x", "expected a rule, found 'x'"),
    ],
)
def test_a_line_that_is_no_rule(line: str, message: str) -> None:
    with pytest.raises(TableFormatError) as caught:
        rules("lower", line)
    assert str(caught.value).startswith(f"rules.txt: line 2: {message}")
