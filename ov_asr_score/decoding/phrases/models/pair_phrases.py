"""Phrases, grammars and boosted words in lookahead pairs: another language model takes the place of the pair's own.

The first half of the pair stays as it is, and is shared. Costs are those of the pair's language model, as a complete
graph has them inside, and those of grammars and boosts.

Tests: tests/recognition/test_lookahead_phrases.py
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.decoding.phrases.boosting import known_boosts
from ov_asr_score.decoding.phrases.models.automaton_model import automaton_model
from ov_asr_score.decoding.phrases.models.boosted_model import boosted_model
from ov_asr_score.decoding.phrases.models.model_building import says
from ov_asr_score.decoding.phrases.models.phrase_bigrams import phrase_bigrams
from ov_asr_score.decoding.phrases.phrase_options import PhraseOptions
from ov_asr_score.decoding.phrases.vocabulary import Vocabulary
from ov_asr_score.decoding.phrases.wanted_words import (
    check_unknown_cost,
    clipped_warnings,
    nothing_left,
    shown_phrase,
    wanted_words,
    with_unknown,
)
from ov_asr_score.decoding.phrases.word_automaton import ANY_WORD
from ov_asr_score.errors import UsageError
from ov_asr_score.fst.arc_columns import used_labels
from ov_asr_score.fst.language_model import LanguageModel
from ov_asr_score.fst.lookahead_graph import LookaheadPair
from ov_asr_score.fst.symbols import SymbolTable


@dataclass(frozen=True, slots=True, eq=False)
class PairPhrases:
    """A pair to search in place of that which was given; ``symbols`` may have one more word, UNKNOWN."""

    pair: LookaheadPair
    symbols: SymbolTable
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class PairWords:
    """The words of a pair, which it takes a while to gather."""

    labels: NDArray[np.int64]  # by the numbers of words; 0 for those that the pair cannot say
    numbers: Mapping[str, int]

    def vocabulary(self, symbols: SymbolTable, suggests: bool = True) -> Vocabulary:
        """The words that can be said, which remembers what was not found."""
        return Vocabulary(symbols, np.flatnonzero(self.labels), self.numbers, suggests=suggests)


def pair_words(pair: LookaheadPair, symbols: SymbolTable) -> PairWords:
    """The words of a pair and their labels."""
    words, used = pair.model.words_of_label, used_labels(pair.hclr.olabels)
    used = used[used < len(words)]
    known = used[words[used] > 0]
    labels = np.zeros(int(words.max(initial=0)) + 1, np.int64)
    labels[words[known]] = known
    return PairWords(labels, symbols.numbers())


def pair_phrases(
    path: str, pair: LookaheadPair, symbols: SymbolTable, options: PhraseOptions, known: PairWords | None = None
) -> PairPhrases:
    """The pair in the file ``path`` with all that is asked for; warnings name what cannot be said.

    ``known`` are its words if they were gathered before. Raises UsageError where nothing is left, and
    UnsupportedModelError (too large, or a language that no automaton has).
    """
    known = known or pair_words(pair, symbols)
    labels, vocabulary = known.labels, known.vocabulary(symbols, suggests=not options.bigrams)
    if options.bigrams:
        return _with_bigrams(pair, symbols, options, vocabulary, labels)
    made = PairPhrases(pair, symbols)
    if options.phrases or options.grammar is not None:
        made = _restricted(path, made, options, vocabulary, labels)
    if options.boost:
        boosts = known_boosts(options.boost, vocabulary, needs_any=made.pair is pair)
        model = boosted_model(made.pair.model, boosts, labels)
        warnings = made.warnings + tuple(clipped_warnings(list(boosts.warnings)))
        made = PairPhrases(replace(pair, model=model), made.symbols, warnings)
    return made


def _with_bigrams(
    pair: LookaheadPair,
    symbols: SymbolTable,
    options: PhraseOptions,
    vocabulary: Vocabulary,
    labels: NDArray[np.int64],
) -> PairPhrases:
    phrases = []
    for phrase in options.phrases:
        numbers = [vocabulary.number(word) for word in phrase.split()]
        phrases.append([int(labels[number]) for number in numbers if number is not None])
    unknown = clipped_warnings(vocabulary.all_unknown())
    warnings = [f"words are left out: {'; '.join(unknown)}"] if unknown else []
    if not any(phrases):
        raise UsageError(
            "; ".join(["phrases: expected a word that the model knows, found none", *warnings]),
            fields=("phrases",),
        )
    model = phrase_bigrams(phrases, pair.model.words_of_label)
    return PairPhrases(replace(pair, model=model), symbols, tuple(warnings))


def _restricted(
    path: str, given: PairPhrases, options: PhraseOptions, vocabulary: Vocabulary, labels: NDArray[np.int64]
) -> PairPhrases:
    check_unknown_cost(options)
    before, symbols = given.pair.model, given.symbols
    extended, unknown = with_unknown(path, symbols, vocabulary, len(labels) - 1, options.unknown_cost)
    wanted = wanted_words(options, vocabulary, unknown)
    automaton, warnings = wanted.automaton, wanted.warnings
    of_arcs = np.where(automaton.words == ANY_WORD, ANY_WORD, labels[automaton.words])
    model = automaton_model(before, automaton, of_arcs, unknown.number) if wanted.says_any else None
    if model is None or not len(model.labels):
        raise nothing_left(options, warnings)
    warnings += _unsayable(wanted.tree.last_arcs, model, vocabulary, labels)
    if (of_arcs == ANY_WORD).any():
        symbols = extended
    return PairPhrases(replace(given.pair, model=model), symbols, tuple(clipped_warnings(warnings)))


def _unsayable(
    phrases: Iterable[str], model: LanguageModel, vocabulary: Vocabulary, labels: NDArray[np.int64]
) -> list[str]:
    """Warnings of phrases without [unk] that have no path in the language model."""
    warnings = []
    for phrase in phrases:
        numbers = [vocabulary.number(word) for word in phrase.split()]
        known = [int(labels[number]) for number in numbers if number is not None]
        if len(known) == len(numbers) and not says(model, known):
            warnings.append(
                f"phrase {shown_phrase(phrase)} cannot be said: the language model has no path with its words"
            )
    return warnings
