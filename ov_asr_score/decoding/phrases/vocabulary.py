"""Words of phrases and grammars, looked up in the table of a graph's words; those it lacks are named."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.fst.symbols import SymbolTable
from ov_asr_score.text import did_you_mean, near_names, printable_name

_NO_WORDS = re.compile(r"<eps>|</?s>|#.*", re.IGNORECASE)
_MOST_SUGGESTED = 20  # words for which similar ones are looked for, which takes long in a large table


class Vocabulary:
    """The words of a table that a graph has on its arcs."""

    def __init__(self, symbols: SymbolTable, used: NDArray[np.integer]) -> None:
        """Take the words of the table; ``used`` are the numbers of those on arcs."""
        self._numbers = {text: number for number, text in symbols.texts.items() if number and not _is_no_word(text)}
        self._used = set(used.tolist())
        self._source = symbols.source
        self._unknown: dict[str, str] = {}

    def number(self, word: str) -> int | None:
        """The number of a word, None if there is none or the graph lacks it; it is remembered then."""
        number = self._numbers.get(word)
        if number in self._used:
            return number
        if word not in self._unknown:
            self._unknown[word] = self._description(word, number is not None)
        return None

    def has(self, number: int) -> bool:
        """Whether this is the number of a word on an arc of the graph."""
        return number > 0 and number in self._used

    def unknown(self, words: list[str]) -> str:
        """What the unknown ones of ``words`` are called in a warning: ``'lihgt' is not in words.txt; …``."""
        return ", ".join(self._unknown[word] for word in dict.fromkeys(words) if word in self._unknown)

    def all_unknown(self) -> list[str]:
        """A sentence on each word that was not found."""
        return list(self._unknown.values())

    def _description(self, word: str, is_in_table: bool) -> str:
        shown = f"'{printable_name(word)}'"
        if is_in_table:
            return f"{shown} is on no arc of the graph"
        similar: list[str] = []
        if len(self._unknown) < _MOST_SUGGESTED:
            variants: tuple[Callable[[str], str], ...] = (str.lower, str.upper, str.title)
            similar = [text for text in dict.fromkeys(f(word) for f in variants) if text in self._numbers]
            similar = similar or near_names(word, self._numbers)
        suggested = did_you_mean([f"'{printable_name(text)}'" for text in similar])
        return f"{shown} is not in {printable_name(self._source)}{suggested}"


def _is_no_word(text: str) -> bool:
    return _NO_WORDS.fullmatch(text) is not None
