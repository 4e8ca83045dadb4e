"""Graphs that recognize phrases of a list or grammar only, and prefer chosen words.

The graph keeps its weights, and it says what its language model can say, no more: a phrase that has no path in it is
named. Costs of boosted and unknown words are part of the graph's costs, in lattices and wherever costs are written.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from ov_asr_score.decoding.phrases.automaton_building import AutomatonBuilder
from ov_asr_score.decoding.phrases.boosting import boost_words, phrase_booster
from ov_asr_score.decoding.phrases.composition import compose
from ov_asr_score.decoding.phrases.grammars import UnknownWord, grammar_arcs
from ov_asr_score.decoding.phrases.phrase_files import read_phrase_options
from ov_asr_score.decoding.phrases.phrase_lists import END, PhraseTree, phrase_tree
from ov_asr_score.decoding.phrases.phrase_options import PhraseOptions, WordAcceptor
from ov_asr_score.decoding.phrases.vocabulary import Vocabulary
from ov_asr_score.decoding.phrases.word_automaton import ANY_WORD, IntVector, WordArc, WordAutomaton, make_automaton
from ov_asr_score.errors import UnsupportedModelError, UsageError
from ov_asr_score.fst.graph_file import GraphFile
from ov_asr_score.fst.symbols import SymbolTable
from ov_asr_score.settings.recognition.phrases import MOST_COST, UNKNOWN, Boost, PhraseSettings
from ov_asr_score.text import printable_name

_MOST_NAMED = 20  # warnings about phrases
_LONGEST_SHOWN = 60  # letters of a phrase


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
    if not abs(options.unknown_cost) <= MOST_COST:
        raise UsageError(
            f"unknown_cost: expected a number of at most {MOST_COST:g}, found {options.unknown_cost:g}",
            fields=("unknown_cost",),
        )
    vocabulary = Vocabulary(symbols, np.unique(graph.fst.olabels))
    extended, unknown = _with_unknown(graph, symbols, options.unknown_cost)
    tree = phrase_tree(options.phrases, vocabulary, unknown)
    warnings = [
        f"phrase {_shown(phrase)} is left out: {vocabulary.unknown(words)}" for phrase, words in tree.unknown.items()
    ]
    arcs, num_states = _with_grammar(tree, options, vocabulary, unknown, warnings)
    automaton = _automaton(arcs, num_states, tree.unknown_ends, options.repeat)
    composed = compose(graph.path, graph.fst, automaton) if arcs else None
    if composed is None or not len(composed.automaton_arcs):
        raise UsageError(_nothing_left(options, warnings), fields=("phrases",) if options.phrases else ("grammar",))
    used = _used_arcs(automaton, composed.automaton_arcs)
    silent = [
        phrase
        for phrase, (source, word, target, *_) in tree.last_arcs.items()
        if not {(source, word, target), (source, word, 0)} & used
    ]
    warnings += [f"phrase {_shown(phrase)} cannot be said: the graph has no path with its words" for phrase in silent]
    said = {word for _, word, _ in used}
    never = {arc.word for arc in arcs[len(tree.arcs) :]} - said - {ANY_WORD}
    warnings += [f"grammar: {_shown(symbols.text(word))} cannot be said where it stands" for word in sorted(never)]
    if (composed.fst.olabels == unknown.number).any():
        symbols = extended
    restricted = replace(graph, fst=composed.fst, output_symbols=symbols if graph.output_symbols else None)
    return PhraseGraph(restricted, symbols, tuple(_clipped(warnings)))


def boost_graph(
    graph: GraphFile, symbols: SymbolTable, boost: Iterable[Boost], *, needs_any: bool = True
) -> PhraseGraph:
    """The graph in which each word or phrase costs less by its number; warnings name unknown words.

    Several words or phrases at the same place add up. Raises UsageError where none of them is known and ``needs_any``,
    or for a number that is none, and UnsupportedModelError for a graph that becomes too large.
    """
    vocabulary = Vocabulary(symbols, np.unique(graph.fst.olabels))
    words: dict[int, float] = {}
    phrases: dict[tuple[int, ...], float] = {}
    warnings = []
    for text, lowered in boost:
        if not abs(lowered) <= MOST_COST:
            raise UsageError(
                f"boost: expected a number of at most {MOST_COST:g} for {_shown(text)}, found {lowered:g}",
                fields=("boost",),
            )
        found = [vocabulary.number(word) for word in text.split()]
        numbers = tuple(number for number in found if number is not None)
        if len(numbers) < len(found) or not found:
            named = vocabulary.unknown(text.split()) or "it has no words"
            warnings.append(f"boost of {_shown(text)} is left out: {named}")
        elif len(numbers) == 1:
            words[numbers[0]] = words.get(numbers[0], 0.0) + lowered
        else:
            phrases[numbers] = phrases.get(numbers, 0.0) + lowered
    if not words and not phrases and needs_any:
        raise UsageError(f"boost: expected words of the graph, found none; {'; '.join(warnings)}", fields=("boost",))
    fst = boost_words(graph.fst, words)
    if phrases:
        composed = compose(graph.path, fst, phrase_booster(phrases))
        if composed is not None:  # the graph has a final state
            fst = composed.fst
        else:
            warnings.append("boosts of phrases are left out: the graph has no final state")
    return PhraseGraph(replace(graph, fst=fst), symbols, tuple(_clipped(warnings)))


def _with_unknown(graph: GraphFile, symbols: SymbolTable, cost: float) -> tuple[SymbolTable, UnknownWord]:
    """The table with UNKNOWN in it, and its number."""
    number = next((number for number, text in symbols.texts.items() if text == UNKNOWN and number), None)
    if number is None:
        number = max(graph.fst.largest_olabel, max(symbols.texts, default=0)) + 1
        if number >= 2**31:
            raise UnsupportedModelError(f"{printable_name(graph.path)}: expected a free number for a word, found none")
        symbols = SymbolTable(symbols.source, {**symbols.texts, number: UNKNOWN})
    return symbols, UnknownWord(number, cost)


def _with_grammar(
    tree: PhraseTree, options: PhraseOptions, vocabulary: Vocabulary, unknown: UnknownWord, warnings: list[str]
) -> tuple[list[WordArc], int]:
    """The arcs of the phrases and those of the grammar, which end in END, too, and the number of states."""
    grammar = options.grammar
    if grammar is None:
        return tree.arcs, tree.num_states
    if isinstance(grammar, WordAcceptor):
        arcs, finals = _acceptor_arcs(grammar, vocabulary, warnings)
    else:
        warnings += grammar.notes
        before = set(vocabulary.all_unknown())
        arcs, finals = grammar_arcs(grammar, vocabulary, unknown)
        missing = [said for said in vocabulary.all_unknown() if said not in before]
        warnings += [f"{grammar.source}: alternatives are left out: {said}" for said in missing]
    first = tree.num_states
    moved = [arc._replace(source=arc.source + first, target=arc.target + first) for arc in arcs]
    moved += [
        arc._replace(source=arc.source + first, target=END, cost=arc.cost + finals[arc.target])
        for arc in arcs
        if arc.target in finals
    ]
    moved += [arc._replace(source=0) for arc in moved if arc.source == first]
    num_states = first + 1 + max((max(arc.source, arc.target) for arc in arcs), default=0)
    return tree.arcs + moved, num_states


def _acceptor_arcs(
    acceptor: WordAcceptor, vocabulary: Vocabulary, warnings: list[str]
) -> tuple[list[WordArc], dict[int, float]]:
    fst = acceptor.fst
    builder = AutomatonBuilder(acceptor.source)
    for _ in range(fst.num_states + 1):
        builder.new_state()
    end = fst.num_states
    missing = set()
    rows = zip(
        fst.sources().tolist(), fst.ilabels.tolist(), fst.next_states.tolist(), fst.weights.tolist(), strict=True
    )
    for source, word, target, cost in rows:
        if not word and cost >= 0:
            builder.skip(source, target, cost)
        elif not word or not math.isfinite(cost):
            raise UnsupportedModelError(
                f"{acceptor.source}: expected finite weights, and of arcs without a word none below 0, found {cost:g}"
            )
        elif vocabulary.has(word):
            builder.add(WordArc(source, word, target, cost))
        else:
            missing.add(word)
    for state, cost in enumerate(fst.final_weights.tolist()):
        if cost < math.inf:
            # a cost below 0 would end the search for the cheapest way without words too early
            if not cost >= 0:
                raise UnsupportedModelError(
                    f"{acceptor.source}: expected weights of final states of 0 or more, found {cost:g} at state {state}"
                )
            builder.skip(state, end, cost)
    if missing:
        shown = ", ".join(str(word) for word in islice(sorted(missing), 5))
        warnings.append(f"{acceptor.source}: words that the graph lacks are left out: {shown}")
    return builder.speaking(fst.start, end) if fst.start >= 0 else ([], {})


def _automaton(arcs: list[WordArc], num_states: int, unknown_ends: set[int], repeat: bool) -> WordAutomaton:
    """Phrases, or nothing: with ``repeat`` each ends where the next one begins."""
    finals = np.full(num_states, np.inf, np.float32)
    finals[[0, END, *unknown_ends]] = 0
    if repeat:
        # what begins with the first of any number of other words, and is nothing else, needs no state of its own
        loops = {arc.target for arc in arcs if arc.source == 0 and arc.word == ANY_WORD} & unknown_ends
        loops -= {arc.source for arc in arcs if arc.word != ANY_WORD}
        arcs = [arc for arc in arcs if arc.source not in loops]
        again = [arc._replace(target=0) for arc in arcs if arc.target == END or arc.target in unknown_ends]
        arcs = [arc for arc in arcs if arc.target != END and arc.target not in loops] + again
    return make_automaton(arcs, finals)


def _used_arcs(automaton: WordAutomaton, arcs: IntVector) -> set[tuple[int, int, int]]:
    """State, word and next state of the arcs."""
    columns = (automaton.sources[arcs], automaton.words[arcs], automaton.targets[arcs])
    return set(zip(*(column.tolist() for column in columns), strict=True))


def _nothing_left(options: PhraseOptions, warnings: list[str]) -> str:
    what = f"phrases: expected a phrase that the graph can say, found none among {len(set(options.phrases))}"
    if options.grammar is not None:
        what = f"grammar: expected what the graph can say, found nothing in {options.grammar.source}"
    return "; ".join([what, *_clipped(warnings)])


def _clipped(warnings: list[str]) -> list[str]:
    more = len(warnings) - _MOST_NAMED
    return warnings if more <= 1 else [*warnings[:_MOST_NAMED], f"and {more} more of them"]


def _shown(text: str) -> str:
    shown = printable_name(text) if text else ""
    return f"'{shown[:_LONGEST_SHOWN]}…'" if len(shown) > _LONGEST_SHOWN else f"'{shown}'"
