"""Graphs of sessions: that of the model, and those made of it for phrases, grammars and preferred words.

Tests: tests/recognition/test_recognizer.py
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from ov_asr_score.decoding.token_passing.search_graph import SearchGraph, with_language_model
from ov_asr_score.decoding.words.model_searches import model_graph
from ov_asr_score.decoding.words.word_model import WordModel
from ov_asr_score.errors import UsageError
from ov_asr_score.fst.symbols import SymbolTable
from ov_asr_score.text import clipped

if TYPE_CHECKING:  # few sessions have phrases
    from ov_asr_score.decoding.phrases.models.pair_phrases import PairWords
    from ov_asr_score.decoding.phrases.phrase_options import PhraseOptions
    from ov_asr_score.fst.lookahead_graph import LookaheadPair

Boosts: TypeAlias = Mapping[str, float] | Sequence[tuple[str, float]]

_MOST_KEPT = 8


@dataclass(frozen=True, slots=True, eq=False)
class SessionGraph:
    """A graph to search with its words; ``warnings`` name phrases and words that cannot be recognized."""

    graph: SearchGraph
    symbols: SymbolTable
    warnings: tuple[str, ...] = ()


def phrase_options(phrases: Sequence[str] | PhraseOptions | None, boost: Boosts | None) -> PhraseOptions | None:
    """What phrases and preferred words ask for; None where nothing is asked. A list of phrases is said one at a time.

    Raises UsageError for a text in the place of a list, and for what is in a list that is no phrase or no number.
    """
    if isinstance(phrases, str) or isinstance(boost, str):
        name = "phrases" if isinstance(phrases, str) else "boost"
        raise UsageError(f"{name}: expected a list, found a text", fields=(name,))
    for name, given in (("phrases", phrases), ("boost", boost)):
        if given is not None and not isinstance(given, Iterable) and not hasattr(given, "boost"):
            raise UsageError(f"{name}: expected a list, found {type(given).__name__}", fields=(name,))
    if not phrases and not boost:
        return None
    from ov_asr_score.decoding.phrases.phrase_options import PhraseOptions

    options = phrases if isinstance(phrases, PhraseOptions) else PhraseOptions(tuple(phrases or ()))
    for phrase in options.phrases:
        if not isinstance(phrase, str):
            raise UsageError(f"phrases: expected texts, found {clipped(repr(phrase))}", fields=("phrases",))
    boosts = (*options.boost, *_boosts(boost or ()))
    return replace(options, phrases=tuple(options.phrases), boost=boosts)


def _boosts(boost: Boosts) -> Iterator[tuple[str, float]]:
    for pair in boost.items() if isinstance(boost, Mapping) else boost:
        try:
            text, lowered = pair
            number = float(lowered)
        except (TypeError, ValueError):
            text = None
        if not isinstance(text, str):
            found = clipped(repr(pair))
            raise UsageError(f"boost: expected pairs of a text and a number, found {found}", fields=("boost",))
        yield text, number


class SessionGraphs:
    """Makes graphs when they are first asked for, and keeps the last ones that were made for phrases."""

    def __init__(self, words: WordModel) -> None:
        """Graphs of the model ``words``."""
        self._words = words
        self._lock = threading.Lock()
        self._whole: SessionGraph | None = None
        self._known: PairWords | None = None
        self._made: OrderedDict[Hashable, tuple[PhraseOptions, SessionGraph]] = OrderedDict()

    def graph(self, options: PhraseOptions | None = None) -> SessionGraph:
        """The graph for ``options``. Raises UsageError where nothing is left of the phrases, and what making raises."""
        with self._lock:
            if options is None:
                if self._whole is None:
                    self._whole = self._make(None)
                return self._whole
            # a grammar is known by its object, which is kept with the graph: so no other one gets its number
            grammar = id(options.grammar)
            key = (options.phrases, options.boost, options.repeat, options.unknown_cost, grammar, options.bigrams)
            if key not in self._made:
                self._made[key] = options, self._make(options)
            self._made.move_to_end(key)
            while len(self._made) > _MOST_KEPT:
                self._made.popitem(last=False)
            return self._made[key][1]

    def _make(self, options: PhraseOptions | None) -> SessionGraph:
        words, warnings = self._words, tuple[str, ...]()
        if options is not None and words.pair is not None:
            return self._of_pair(words.pair.pair, options)
        if options is not None:
            from ov_asr_score.decoding.words.restricted_model import restricted_model

            made = restricted_model(words, options)
            words, warnings = made.model, made.warnings
        return SessionGraph(model_graph(words), words.symbols, warnings)

    def _of_pair(self, pair: LookaheadPair, options: PhraseOptions) -> SessionGraph:
        """The graph of a pair, which shares the first half of the model's."""
        from ov_asr_score.decoding.phrases.models.pair_phrases import pair_phrases, pair_words

        words = self._words
        if self._known is None:
            self._known = pair_words(pair, words.symbols)
        if self._whole is None:
            self._whole = self._make(None)
        made = pair_phrases(words.graph.path, pair, words.symbols, options, self._known)
        return SessionGraph(with_language_model(self._whole.graph, made.pair.model), made.symbols, made.warnings)
