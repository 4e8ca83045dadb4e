"""Pronunciations from which words are found in phones: ``align_lexicon.int`` or ``align_lexicon.txt``.

Source: lat/word-align-lattice-lexicon.cc (``ReadLexiconForWordAlign``, ``WordAlignLatticeLexiconInfo``).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from ov_asr_score.errors import TableFormatError
from ov_asr_score.kaldi_io.tables.word_lines import WordLine, word_lines
from ov_asr_score.lattice.aligning.symbol_fields import SymbolFields

logger = logging.getLogger(__name__)

Phones: TypeAlias = tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class AlignLexicon:
    """Pronunciations of words as the search gives them; those of word 0 are silences, which no word stands for.

    ``pronunciations[word][phones]`` is the word that is shown for them, usually ``word`` itself; 0 for none.
    """

    pronunciations: Mapping[int, Mapping[Phones, int]]
    name: str = ""
    _prefixes: dict[int, frozenset[Phones]] = field(default_factory=dict, repr=False)

    def lengths(self, word: int) -> tuple[int, int]:
        """Numbers of phones of the shortest and the longest pronunciation; (1, 0) for a word that has none."""
        counts = [len(phones) for phones in self.pronunciations.get(word, ())]
        return (min(counts), max(counts)) if counts else (1, 0)

    def goes_on(self, phones: Phones, word: int) -> bool:
        """Whether a pronunciation of ``word``, or a silence, begins with ``phones`` and is longer than them."""
        return phones in self._beginnings(word) or phones in self._beginnings(0)

    def _beginnings(self, word: int) -> frozenset[Phones]:
        # Made for the words that occur: a lexicon may have a million of them.
        if word not in self._prefixes:
            whole = self.pronunciations.get(word, ())
            self._prefixes[word] = frozenset(phones[:count] for phones in whole for count in range(len(phones)))
        return self._prefixes[word]


def read_align_lexicon(
    rxfilename: str,
    words: Mapping[str, int] | None = None,
    phones: Mapping[str, int] | None = None,
    *,
    allow_commands: bool = False,
) -> AlignLexicon:
    """The pronunciations in a file with lines ``word shown-word phone phone …``.

    All are numbers, or, if the first word is not, names in ``words`` and ``phones``. Raises FileAccessError, and
    TableFormatError with the number of the bad line.
    """
    pronunciations: dict[int, dict[Phones, int]] = {}
    fields: tuple[SymbolFields, SymbolFields] | None = None
    num_repeated = 0
    for line in word_lines(rxfilename, allow_commands=allow_commands):
        if len(line.words) < 2:
            raise TableFormatError(f"{line.place}: expected a word, the word to show, and phones, found {line.shown}")
        if fields is None:
            of_words = SymbolFields.like(line.words[0], words, "word", "words.txt")
            fields = of_words, SymbolFields(phones if of_words.names else None, "phone", "phones.txt")
        word_fields, phone_fields = fields
        word, shown = (word_fields.number(line, name) for name in line.words[:2])
        spoken = tuple(phone_fields.number(line, name) for name in line.words[2:])
        num_repeated += _add(pronunciations.setdefault(word, {}), word, shown, spoken, line)
    if not pronunciations:
        raise TableFormatError(f"{rxfilename}: expected lines with a word and its phones, found none")
    if num_repeated:
        logger.warning("%s: %d lines repeat another one", rxfilename, num_repeated)
    return AlignLexicon(pronunciations, rxfilename)


def _add(of_word: dict[Phones, int], word: int, shown: int, phones: Phones, line: WordLine) -> bool:
    """Add a pronunciation; True if it was there. Raises TableFormatError where Kaldi refuses it."""
    if word == 0 and not phones:
        raise TableFormatError(f"{line.place}: expected a silence (word 0) with at least one phone, found none")
    before = of_word.get(phones)
    if before is not None and before != shown:
        raise TableFormatError(
            f"{line.place}: expected word {word} to be shown as {before} as on a line before, found {shown}"
        )
    of_word[phones] = shown
    return before is not None
