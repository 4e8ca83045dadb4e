"""How tokens make words: where a word begins, and its text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import UsageError
from ov_asr_score.text import clipped

Marking = Literal["pieces", "separator", "continued before", "continued behind", "each token"]

WORD_START = "\u2581"  # SentencePiece writes it for the space before a word
BEFORE, BEHIND = "##", "@@"  # WordPiece; subword-nmt
EACH_TOKEN = "each-token"

_SEPARATORS = ("|", "<space>", " ")
_WITHOUT_TEXT = ("<s>", "</s>", "<sos/eos>", "<pad>", "[pad]", "[cls]", "[sep]")
_BYTE = re.compile(r"<0x([0-9A-Fa-f]{2})>")


@dataclass(frozen=True, slots=True)
class SpelledWord:
    """A word, and the tokens of it: ``first`` up to, not including, ``end``."""

    text: str
    first: int
    end: int


@dataclass(frozen=True, slots=True, eq=False)
class WordRule:
    """What makes words of tokens.

    A word begins before a token that ``begins``, unless the token before is ``continued``; what is ``silent`` has no
    text (separators, marks of sentences, the blank).
    """

    marking: Marking
    spellings: tuple[str, ...]  # by token, without marks
    begins: NDArray[np.bool_]  # [V]
    continued: NDArray[np.bool_]  # [V]
    silent: NDArray[np.bool_]  # [V]

    def spell(self, ids: Sequence[int]) -> str:
        """The text of a word of these tokens; bytes that SentencePiece writes as ``<0xE4>`` become letters."""
        if self.marking != "pieces":
            return "".join(self.spellings[token] for token in ids)
        raw = bytearray()
        for token in ids:
            text = self.spellings[token]
            byte = _BYTE.fullmatch(text)
            raw += bytes([int(byte[1], 16)]) if byte else text.encode("utf-8", "surrogatepass")
        return raw.decode("utf-8", "replace")

    def words(self, ids: Sequence[int]) -> list[SpelledWord]:
        """The words of a sequence of tokens, with the places of their tokens in it."""
        words: list[SpelledWord] = []
        inner: list[int] = []
        before = -1
        for place, token in enumerate(ids):
            if self.begins[token] and not (before >= 0 and self.continued[before]):
                words += self._closed(ids, inner)
                inner = []
            if not self.silent[token]:
                inner.append(place)
            before = token
        return words + self._closed(ids, inner)

    def split(self, ids: Sequence[int]) -> list[str]:
        """The words in the text of tokens that follow each other: one, more if a piece has a mark within, or none."""
        text = self.spell(ids)
        parts = text.split(WORD_START) if self.marking == "pieces" else [text]
        return [word for word in ("".join(part.split()) for part in parts) if word]

    def _closed(self, ids: Sequence[int], inner: Sequence[int]) -> list[SpelledWord]:
        return [SpelledWord(text, inner[0], inner[-1] + 1) for text in self.split([ids[place] for place in inner])]


def find_word_rule(texts: Sequence[str], blank: int, asked: str, name: str) -> WordRule:
    """The rule that is ``asked`` for (``word_separator`` of CtcOptions), or that the tokens themselves tell.

    Raises UsageError where they do not, or several rules fit; ``name`` is their file.
    """
    if asked:
        return _asked_rule(texts, blank, asked, name)
    if any(text.startswith(WORD_START) for text in texts):
        return _rule("pieces", texts, blank)  # SentencePiece gives no other meaning to it
    found: list[tuple[str, WordRule]] = []
    for separator in _SEPARATORS:
        if separator in texts:
            found.append((separator, _rule("separator", texts, blank, separator)))
    if any(text.startswith(BEFORE) and len(text) > len(BEFORE) for text in texts):
        found.append((BEFORE, _rule("continued before", texts, blank)))
    if any(text.endswith(BEHIND) and len(text) > len(BEHIND) for text in texts):
        found.append((BEHIND, _rule("continued behind", texts, blank)))
    if len(found) == 1:
        return found[0][1]
    what = " and ".join(clipped(mark) for mark, _ in found) or "none"
    raise UsageError(
        f"word_separator: expected one mark of words among the tokens of {name}, found {what}; "
        f"say what it is, or {EACH_TOKEN}",
        fields=("word_separator",),
    )


def _asked_rule(texts: Sequence[str], blank: int, asked: str, name: str) -> WordRule:
    marks: dict[str, Marking] = {
        WORD_START: "pieces",
        BEFORE: "continued before",
        BEHIND: "continued behind",
        EACH_TOKEN: "each token",
    }
    if asked in marks:
        return _rule(marks[asked], texts, blank)
    if asked in texts:
        return _rule("separator", texts, blank, asked)
    raise UsageError(
        f"word_separator {clipped(asked)}: expected a token of {name}, {WORD_START}, {BEFORE}, {BEHIND} or "
        f"{EACH_TOKEN}",
        fields=("word_separator",),
    )


def _rule(marking: Marking, texts: Sequence[str], blank: int, separator: str = "") -> WordRule:
    count = len(texts)
    silent = np.array([text.lower() in _WITHOUT_TEXT for text in texts])
    silent[blank] = True
    begins, continued = np.zeros(count, bool), np.zeros(count, bool)
    spellings = list(texts)
    match marking:
        case "pieces":
            begins = np.array([text.startswith(WORD_START) for text in texts])
            spellings = [text.removeprefix(WORD_START) for text in texts]
        case "separator":
            begins = np.array([text == separator for text in texts])
            silent |= begins
        case "continued before":
            begins = np.array([not text.startswith(BEFORE) for text in texts])
            spellings = [text.removeprefix(BEFORE) for text in texts]
        case "continued behind":
            begins[:] = True
            continued = np.array([text.endswith(BEHIND) for text in texts])
            spellings = [text.removesuffix(BEHIND) for text in texts]
        case "each token":
            begins[:] = True
    begins[blank] = False
    return WordRule(marking, tuple(spellings), begins, continued, silent)
