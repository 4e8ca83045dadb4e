"""What phrases and grammars let be said, as an automaton over words; what they cannot say is named.

Tests: tests/decoding/phrases/test_phrase_graph.py
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

import numpy as np

from ov_asr_score.decoding.phrases.automaton_building import AutomatonBuilder
from ov_asr_score.decoding.phrases.grammars import UnknownWord, grammar_arcs
from ov_asr_score.decoding.phrases.phrase_lists import END, PhraseTree, phrase_tree
from ov_asr_score.decoding.phrases.phrase_options import PhraseOptions, WordAcceptor
from ov_asr_score.decoding.phrases.vocabulary import Vocabulary
from ov_asr_score.decoding.phrases.word_automaton import ANY_WORD, WordArc, WordAutomaton, make_automaton
from ov_asr_score.errors import UnsupportedModelError, UsageError
from ov_asr_score.fst.symbols import SymbolTable
from ov_asr_score.settings.recognition.phrases import MOST_COST, UNKNOWN
from ov_asr_score.text import printable_name

_MOST_NAMED = 20  # warnings about phrases
_LONGEST_SHOWN = 60  # letters of a phrase


@dataclass(frozen=True, slots=True, eq=False)
class WantedWords:
    """The automaton, whose arcs are those of a list's tree and of a grammar; ``warnings`` can be added to."""

    automaton: WordAutomaton
    tree: PhraseTree
    words_of_grammar: set[int]
    says_any: bool  # there is a word on an arc
    warnings: list[str]


@dataclass(frozen=True, slots=True, eq=False)
class _Extended(Mapping[int, str]):
    """Symbols with one more, which has the largest number."""

    texts: Mapping[int, str]
    number: int
    text: str

    def __getitem__(self, number: int) -> str:
        return self.text if number == self.number else self.texts[number]

    def __iter__(self) -> Iterator[int]:
        yield from self.texts
        yield self.number

    def __len__(self) -> int:
        return len(self.texts) + 1


def check_unknown_cost(options: PhraseOptions) -> None:
    """Raise UsageError for a cost that is none."""
    if not abs(options.unknown_cost) <= MOST_COST:
        raise UsageError(
            f"unknown_cost: expected a number of at most {MOST_COST:g}, found {options.unknown_cost:g}",
            fields=("unknown_cost",),
        )


def wanted_words(options: PhraseOptions, vocabulary: Vocabulary, unknown: UnknownWord) -> WantedWords:
    """The automaton of what ``options`` restrict to.

    Raises UnsupportedModelError (too large, or a language that no automaton has).
    """
    tree = phrase_tree(options.phrases, vocabulary, unknown)
    warnings = [
        f"phrase {shown_phrase(phrase)} is left out: {vocabulary.unknown(words)}"
        for phrase, words in tree.unknown.items()
    ]
    arcs, num_states = _with_grammar(tree, options, vocabulary, unknown, warnings)
    automaton = _automaton(arcs, num_states, tree.unknown_ends, options.repeat)
    words_of_grammar = {arc.word for arc in arcs[len(tree.arcs) :]} - {ANY_WORD}
    return WantedWords(automaton, tree, words_of_grammar, bool(arcs), warnings)


def nothing_left(options: PhraseOptions, warnings: list[str]) -> UsageError:
    """The error of phrases and grammars that say nothing."""
    what = f"phrases: expected a phrase that the graph can say, found none among {len(set(options.phrases))}"
    if options.grammar is not None:
        what = f"grammar: expected what the graph can say, found nothing in {options.grammar.source}"
    fields = ("phrases",) if options.phrases else ("grammar",)
    return UsageError("; ".join([what, *clipped_warnings(warnings)]), fields=fields)


def with_unknown(
    path: str, symbols: SymbolTable, vocabulary: Vocabulary, largest_word: int, cost: float
) -> tuple[SymbolTable, UnknownWord]:
    """The table of the graph at ``path`` with UNKNOWN in it, and its number."""
    number = vocabulary.number_in_table(UNKNOWN)
    if not number:
        number = max(largest_word, int(symbols.ids.max(initial=0))) + 1
        if number >= 2**31:
            raise UnsupportedModelError(f"{printable_name(path)}: expected a free number for a word, found none")
        symbols = SymbolTable(symbols.source, _Extended(symbols.texts, number, UNKNOWN))
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


def clipped_warnings(warnings: list[str]) -> list[str]:
    """The first ones, and how many more there are."""
    more = len(warnings) - _MOST_NAMED
    return warnings if more <= 1 else [*warnings[:_MOST_NAMED], f"and {more} more of them"]


def shown_phrase(text: str) -> str:
    """The phrase in quotation marks, without its end if it is long."""
    shown = printable_name(text) if text else ""
    return f"'{shown[:_LONGEST_SHOWN]}…'" if len(shown) > _LONGEST_SHOWN else f"'{shown}'"
