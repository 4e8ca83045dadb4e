"""Rules that make texts comparable before their errors are counted: a file with one rule in a line, applied in order.

::

    nfc
    lower
    remove <unk> [noise]             # words that do not count
    reference: replace gonna => going to
    regex (\\d+)% => \\1 percent

A rule is for both texts unless ``reference:`` or ``hypothesis:`` stands before it. docs/word-errors.md has all rules.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from ov_asr_score.errors import TableFormatError
from ov_asr_score.text import clipped, suggestion

Side: TypeAlias = Literal["reference", "hypothesis"]
Change: TypeAlias = Callable[[str], str]

SIDES: tuple[Side, ...] = get_args(Side)

_SIDE = re.compile(r"(?P<side>[a-z]+):\s+")
_COMMENT = re.compile(r"^\s*#.*|\s#(?:\s.*)?$")  # a word may begin with #
_HYPHEN = re.compile("[-‐‑]")
_BLANKS = re.compile("[ \\t\\n\\r\\f\\v]+")  # those between the words of Kaldi's files
_ARROW = " => "


@dataclass(frozen=True, slots=True)
class TextRule:
    """A rule: the words of a text, with a space between each two, become another text."""

    name: str
    change: Change
    sides: tuple[Side, ...] = SIDES


@dataclass(frozen=True, slots=True)
class TextRules:
    """Rules in the order in which they are applied."""

    rules: tuple[TextRule, ...] = ()

    def apply(self, words: Sequence[str], side: Side) -> tuple[str, ...]:
        """The words after all rules for this side."""
        text = " ".join(words)
        for rule in self.rules:
            if side in rule.sides:
                text = rule.change(text)
        return tuple(_words(text)) if self.rules else tuple(words)


def parse_text_rules(lines: Iterable[tuple[str, str]]) -> TextRules:
    """The rules in lines, each with its place; empty ones, and what follows a lone ``#``, say nothing.

    Raises TableFormatError, which begins with the place, for a line that is no rule.
    """
    rules = []
    for place, line in lines:
        text = _COMMENT.sub("", line).strip()
        if text:
            try:
                rules.append(_parse_rule(text))
            except (ValueError, re.error) as error:
                raise TableFormatError(f"{place}: {error}") from error
    return TextRules(tuple(rules))


def _parse_rule(text: str) -> TextRule:
    """The rule; ValueError says what is wrong."""
    sides = SIDES
    if match := _SIDE.match(text):
        side = next((side for side in SIDES if side == match["side"]), None)
        if side is None:
            raise ValueError(f"expected reference: or hypothesis: before a rule, found {clipped(match['side'] + ':')}")
        sides, text = (side,), text[match.end() :]
    name, _, rest = text.partition(" ")
    if name not in _MAKERS:
        raise ValueError(f"expected a rule, found {clipped(name)}{suggestion(name, _MAKERS)}")
    return TextRule(name, _MAKERS[name](rest.strip()), sides)


def _plain(change: Change) -> Callable[[str], Change]:
    def made(rest: str) -> Change:
        if rest:
            raise ValueError(f"expected nothing after the rule, found {clipped(rest)}")
        return change

    return made


def _strip_punctuation(rest: str) -> Change:
    """All characters of Unicode's categories P… vanish, but those in ``rest``."""
    kept = set(rest) - {" "}

    def change(text: str) -> str:
        return "".join(letter for letter in text if letter in kept or not unicodedata.category(letter).startswith("P"))

    return change


def _remove(rest: str) -> Change:
    removed = set(rest.split())
    if not removed:
        raise ValueError("expected words to remove, found none")
    return lambda text: " ".join(word for word in _words(text) if word not in removed)


def _remove_matching(rest: str) -> Change:
    pattern = _compiled(rest)
    return lambda text: " ".join(word for word in _words(text) if not pattern.fullmatch(word))


def _replace(rest: str) -> Change:
    before, after = _sides_of_arrow(rest)
    if not before.split():
        raise ValueError("expected words to replace before =>, found none")
    # whole words: neighbours are blanks or nothing, which stay for the next match
    pattern = re.compile(r"(?<!\S)" + r"\s+".join(map(re.escape, before.split())) + r"(?!\S)")
    return lambda text: pattern.sub(lambda _: after, text)


def _regex(rest: str) -> Change:
    before, after = _sides_of_arrow(rest)
    pattern = _compiled(before)
    try:
        pattern.sub(after, "")  # checks the groups of the replacement, whether anything matches or not
    except (re.error, IndexError) as error:
        raise ValueError(f"expected a replacement for the pattern, found {clipped(after)} ({error})") from error
    return lambda text: pattern.sub(after, text)


def _compiled(pattern: str) -> re.Pattern[str]:
    if not pattern:
        raise ValueError("expected a regular expression, found none")
    try:
        return re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"expected a regular expression, found {clipped(pattern)} ({error})") from error


def _sides_of_arrow(rest: str) -> tuple[str, str]:
    before, arrow, after = f"{rest} ".partition(_ARROW)
    if not arrow:
        raise ValueError(f"expected BEFORE => AFTER, found {clipped(rest)}")
    return _unquoted(before.strip()), _unquoted(after.strip())


def _words(text: str) -> list[str]:
    return [word for word in _BLANKS.split(text) if word]


def _unquoted(text: str) -> str:
    """The text without the double quotes around it, in which blanks at its ends can be written."""
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text


_MAKERS: Mapping[str, Callable[[str], Change]] = {
    "lower": _plain(str.lower),
    "upper": _plain(str.upper),
    "nfc": _plain(lambda text: unicodedata.normalize("NFC", text)),
    "nfkc": _plain(lambda text: unicodedata.normalize("NFKC", text)),
    "strip-punctuation": _strip_punctuation,
    "split-hyphens": _plain(lambda text: _HYPHEN.sub(" ", text)),
    "remove": _remove,
    "remove-matching": _remove_matching,
    "replace": _replace,
    "regex": _regex,
}

RULE_NAMES = tuple(_MAKERS)
"""The names of all rules."""
