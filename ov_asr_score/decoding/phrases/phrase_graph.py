"""Graphs that recognize phrases of a list or grammar only, and prefer chosen words.

The graph keeps its weights, and it says what its language model can say, no more: a phrase that has no path in it is
named. Costs of boosted and unknown words are part of the graph's costs, in lattices and wherever costs are written.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from ov_asr_score.decoding.phrases.boosting import boost_words, known_boosts, phrase_booster
from ov_asr_score.decoding.phrases.composition import compose
from ov_asr_score.decoding.phrases.phrase_files import read_phrase_options
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
from ov_asr_score.decoding.phrases.word_automaton import IntVector, WordAutomaton
from ov_asr_score.fst.graph_file import GraphFile
from ov_asr_score.fst.symbols import SymbolTable
from ov_asr_score.settings.recognition.phrases import Boost, PhraseSettings


@dataclass(frozen=True, slots=True, eq=False)
class PhraseGraph:
    """A graph to decode with in place of that which was given; ``symbols`` may have one more word, UNKNOWN."""

    graph: GraphFile
    symbols: SymbolTable
    warnings: tuple[str, ...]


def phrase_graph(graph: GraphFile, symbols: SymbolTable, options: PhraseOptions) -> PhraseGraph:
    """The graph with all that is asked for, as `restrict_graph` and `boost_graph` say. Raises what they raise."""
    made = PhraseGraph(graph, symbols, ())
    if options.phrases or options.grammar is not None:
        made = restrict_graph(graph, symbols, options)
    if options.boost:
        # a word that no phrase has is no mistake
        boosted = boost_graph(made.graph, made.symbols, options.boost, needs_any=made.graph is graph)
        made = replace(boosted, warnings=made.warnings + boosted.warnings)
    return made


def open_phrase_graph(
    graph: GraphFile, symbols: SymbolTable, settings: PhraseSettings, *, allow_commands: bool = False
) -> PhraseGraph:
    """`phrase_graph` for what ``settings`` ask for; they name files. Raises what reading them raises, too."""
    if not settings.are_given:
        return PhraseGraph(graph, symbols, ())
    return phrase_graph(graph, symbols, read_phrase_options(settings, allow_commands))


def restrict_graph(graph: GraphFile, symbols: SymbolTable, options: PhraseOptions) -> PhraseGraph:
    """The paths of ``graph`` whose words are a phrase, or what the grammar says; warnings name what cannot be said.

    Raises UsageError where nothing is left of the phrases, and UnsupportedModelError (too large, or a language that no
    automaton has).
    """
    check_unknown_cost(options)
    vocabulary = Vocabulary(symbols, np.unique(graph.fst.olabels))
    extended, unknown = with_unknown(graph.path, symbols, vocabulary, graph.fst.largest_olabel, options.unknown_cost)
    wanted = wanted_words(options, vocabulary, unknown)
    automaton, tree, warnings = wanted.automaton, wanted.tree, wanted.warnings
    composed = compose(graph.path, graph.fst, automaton) if wanted.says_any else None
    if composed is None or not len(composed.automaton_arcs):
        raise nothing_left(options, warnings)
    used = _used_arcs(automaton, composed.automaton_arcs)
    silent = [
        phrase
        for phrase, (source, word, target, *_) in tree.last_arcs.items()
        if not {(source, word, target), (source, word, 0)} & used
    ]
    warnings += [
        f"phrase {shown_phrase(phrase)} cannot be said: the graph has no path with its words" for phrase in silent
    ]
    said = {word for _, word, _ in used}
    never = wanted.words_of_grammar - said
    warnings += [
        f"grammar: {shown_phrase(symbols.text(word))} cannot be said where it stands" for word in sorted(never)
    ]
    if (composed.fst.olabels == unknown.number).any():
        symbols = extended
    restricted = replace(graph, fst=composed.fst, output_symbols=symbols if graph.output_symbols else None)
    return PhraseGraph(restricted, symbols, tuple(clipped_warnings(warnings)))


def boost_graph(
    graph: GraphFile, symbols: SymbolTable, boost: Iterable[Boost], *, needs_any: bool = True
) -> PhraseGraph:
    """The graph in which each word or phrase costs less by its number; warnings name unknown words.

    Several words or phrases at the same place add up. Raises UsageError where none of them is known and ``needs_any``,
    or for a number that is none, and UnsupportedModelError for a graph that becomes too large.
    """
    vocabulary = Vocabulary(symbols, np.unique(graph.fst.olabels))
    boosts = known_boosts(boost, vocabulary, needs_any)
    words, phrases, warnings = boosts.words, boosts.phrases, list(boosts.warnings)
    fst = boost_words(graph.fst, words)
    if phrases:
        composed = compose(graph.path, fst, phrase_booster(phrases))
        if composed is not None:  # the graph has a final state
            fst = composed.fst
        else:
            warnings.append("boosts of phrases are left out: the graph has no final state")
    return PhraseGraph(replace(graph, fst=fst), symbols, tuple(clipped_warnings(warnings)))


def _used_arcs(automaton: WordAutomaton, arcs: IntVector) -> set[tuple[int, int, int]]:
    """State, word and next state of the arcs."""
    columns = (automaton.sources[arcs], automaton.words[arcs], automaton.targets[arcs])
    return set(zip(*(column.tolist() for column in columns), strict=True))
