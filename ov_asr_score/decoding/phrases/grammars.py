"""Grammars as automata: rules are put where they are named, words become numbers.

A rule may name itself at its very end, which is a loop. Anywhere else that is a language that no automaton has.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ov_asr_score.decoding.phrases.automaton_building import AutomatonBuilder
from ov_asr_score.decoding.phrases.expressions import (
    Alternatives,
    Expression,
    Grammar,
    GrammarWord,
    Repeat,
    RuleName,
    Sequence,
)
from ov_asr_score.decoding.phrases.vocabulary import Vocabulary
from ov_asr_score.decoding.phrases.word_automaton import ANY_WORD, WordArc
from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.settings.recognition.phrases import UNKNOWN

_DEEPEST = 200


@dataclass(frozen=True, slots=True)
class UnknownWord:
    """What is said for words outside of phrases: the number of UNKNOWN, and its cost."""

    number: int
    cost: float

    def arc(self, source: int, target: int) -> WordArc:
        """An arc for any word."""
        return WordArc(source, ANY_WORD, target, self.cost, self.number)


def grammar_arcs(
    grammar: Grammar, vocabulary: Vocabulary, unknown: UnknownWord
) -> tuple[list[WordArc], dict[int, float]]:
    """The automaton of a grammar, from state 0: its arcs, and the costs of its final states.

    Alternatives with words that ``vocabulary`` does not know are left out. Raises UnsupportedModelError for rules that
    name themselves before their end, and for grammars that are too large.
    """
    builder = AutomatonBuilder(grammar.source)
    start, end = builder.new_state(), builder.new_state()
    compiler = _Compiler(grammar, vocabulary, unknown, builder)
    for name in grammar.public:
        compiler.add(RuleName(name, grammar.source), start, end, {}, (), 0)
    return builder.speaking(start, end)


@dataclass(frozen=True, slots=True)
class _Compiler:
    grammar: Grammar
    vocabulary: Vocabulary
    unknown: UnknownWord
    builder: AutomatonBuilder

    def add(
        self,
        expression: Expression,
        start: int,
        end: int,
        ending: Mapping[str, int],
        opened: tuple[str, ...],
        depth: int,
    ) -> None:
        """Add paths from ``start`` to ``end``. Rules that are ``ending`` end here, too, and began in these states."""
        builder = self.builder
        if depth > _DEEPEST:
            raise UnsupportedModelError(
                f"{self.grammar.source}: expected brackets and rules in at most {_DEEPEST} others, found more"
            )
        match expression:
            case GrammarWord(text):
                self._add_word(text, start, end)
            case Sequence(items):
                state = start
                for item in items[:-1]:
                    following = builder.new_state()
                    self.add(item, state, following, {}, opened, depth + 1)
                    state = following
                if items:
                    self.add(items[-1], state, end, ending, opened, depth + 1)
                else:
                    builder.skip(start, end)
            case Alternatives(items, costs):
                for item, cost in zip(items, costs, strict=True):
                    state = start
                    if cost:
                        state = builder.new_state()
                        builder.skip(start, state, cost)
                    self.add(item, state, end, ending, opened, depth + 1)
            case Repeat(item, at_least, is_endless):
                self._add_repeated(item, at_least, is_endless, start, end, ending, opened, depth)
            case RuleName(name, place):
                self._add_rule(name, place, start, end, ending, opened, depth)

    def _add_word(self, text: str, start: int, end: int) -> None:
        builder = self.builder
        if text == UNKNOWN:
            state = builder.new_state()
            builder.add(self.unknown.arc(start, state))
            builder.add(self.unknown.arc(state, state))
            builder.skip(state, end)
        elif (number := self.vocabulary.number(text)) is not None:
            builder.add(WordArc(start, number, end))

    def _add_repeated(
        self,
        item: Expression,
        at_least: int,
        is_endless: bool,
        start: int,
        end: int,
        ending: Mapping[str, int],
        opened: tuple[str, ...],
        depth: int,
    ) -> None:
        builder = self.builder
        if not at_least:
            builder.skip(start, end)
        if not is_endless:
            self.add(item, start, end, ending, opened, depth + 1)
            return
        first, last = builder.new_state(), builder.new_state()
        builder.skip(start, first)
        self.add(item, first, last, {}, opened, depth + 1)
        builder.skip(last, first)
        builder.skip(last, end)

    def _add_rule(
        self,
        name: str,
        place: str,
        start: int,
        end: int,
        ending: Mapping[str, int],
        opened: tuple[str, ...],
        depth: int,
    ) -> None:
        if name in ending:
            self.builder.skip(start, ending[name])
            return
        if name in opened:
            raise UnsupportedModelError(
                f"{place}: expected a rule that names itself at its end only, found <{name}> with more behind it; use "
                "* and + for what is repeated"
            )
        first = self.builder.new_state()
        self.builder.skip(start, first)
        self.add(self.grammar.rules[name], first, end, {**ending, name: first}, (*opened, name), depth + 1)
