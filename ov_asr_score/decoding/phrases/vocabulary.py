"""Words of phrases and grammars, looked up in the table of a graph's words; those it lacks are named."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.fst.symbols import SymbolTable
from ov_asr_score.text import did_you_mean, near_names, printable_name

_NO_WORDS = re.compile(r"<eps>|</?s>|#.*", re.IGNORECASE)
_MOST_SUGGESTED = 20  # words for which similar ones are looked for
_MOST_COMPARED = 50_000  # words of a table in which similar ones are looked for, which takes long in a larger one


class Vocabulary:
    """The words of a table that a graph has on its arcs."""

    def __init__(
        self,
        symbols: SymbolTable,
        used: NDArray[np.integer],
        numbers: Mapping[str, int] | None = None,
        *,
        suggests: bool = True,
    ) -> None:
        """Take the words of the table; ``used`` are the numbers of those on arcs.

        ``numbers`` are those of the table if they are there already; ``suggests``: similar words are named.
        """
        self._numbers = symbols.numbers() if numbers is None else numbers
        self._suggests = suggests
        self._is_used = np.zeros(int(used.max(initial=0)) + 1, bool)
        self._is_used[used] = True
        self._source = symbols.source
        self._unknown: dict[str, str] = {}

    def number(self, word: str) -> int | None:
        """The number of a word, None if there is none or the graph lacks it; it is remembered then."""
        number = 0 if _is_no_word(word) else self._numbers.get(word, 0)
        if self.has(number):
            return number
        if word not in self._unknown:
            self._unknown[word] = self._description(word, number > 0)
        return None

    def number_in_table(self, word: str) -> int:
        """The number of a word, whether or not the graph has it; 0: none."""
        return self._numbers.get(word, 0)

    def has(self, number: int) -> bool:
        """Whether this is the number of a word on an arc of the graph."""
        return 0 < number < len(self._is_used) and bool(self._is_used[number])

    def unknown(self, words: list[str]) -> str:
        """What the unknown ones of ``words`` are called in a warning: ``'lihgt' is not in words.txt; …``."""
        return ", ".join(self._unknown[word] for word in dict.fromkeys(words) if word in self._unknown)

    def all_unknown(self) -> list[str]:
        """A sentence on each word that was not found."""
        return list(self._unknown.values())

    def _is_word(self, text: str) -> bool:
        return not _is_no_word(text) and self._numbers.get(text, 0) > 0

    def _description(self, word: str, is_in_table: bool) -> str:
        shown = f"'{printable_name(word)}'"
        if is_in_table:
            return f"{shown} is on no arc of the graph"
        similar: list[str] = []
        if self._suggests and len(self._unknown) < _MOST_SUGGESTED:
            variants: tuple[Callable[[str], str], ...] = (str.lower, str.upper, str.title)
            similar = [text for text in dict.fromkeys(f(word) for f in variants) if self._is_word(text)]
            if not similar and len(self._numbers) <= _MOST_COMPARED:
                similar = near_names(word, filter(self._is_word, self._numbers))
        suggested = did_you_mean([f"'{printable_name(text)}'" for text in similar])
        return f"{shown} is not in {printable_name(self._source)}{suggested}"


def _is_no_word(text: str) -> bool:
    return _NO_WORDS.fullmatch(text) is not None
