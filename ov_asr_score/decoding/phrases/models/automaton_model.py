"""Language models restricted to what an automaton over words takes: both composed, as a language model again.

A state of the result is a state of the model and one of the automaton, and it backs off as the model does. Where a word
leads to several states of the automaton, they back off to each other: a search follows them side by side.

Where the automaton takes any word, words cost what they cost in the model without what was said before them, and all
are recognized as one.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import replace
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.decoding.phrases.models.model_building import ModelArcs, ModelBuilder
from ov_asr_score.decoding.phrases.word_automaton import ANY_WORD, WordAutomaton
from ov_asr_score.fst.language_model import LanguageModel


class _Branch(NamedTuple):
    """A state of the automaton and what it costs to be in it, or one that is reached by any word."""

    state: int
    is_any: bool
    cost: float


_DIGITS = 6  # of costs behind the point

Branches: TypeAlias = tuple[_Branch, ...]
# The state of the model, that to go back to for the second branch (-1: there is none), and the branches.
_Key: TypeAlias = tuple[int, int, Branches]


def automaton_model(
    model: LanguageModel, automaton: WordAutomaton, labels: NDArray[np.int64], unknown: int
) -> LanguageModel:
    """What both say. ``labels`` [A] are those of the words on the automaton's arcs, ANY_WORD for any.

    Words that are taken as any are recognized as the word ``unknown``, which gets a label behind all others. Raises
    UnsupportedModelError for a result that is too large.
    """
    composer = _ModelComposer(model, automaton, labels)
    if not (labels == ANY_WORD).any():
        return composer.composed(model.words_of_label)
    made = composer.composed(np.append(model.words_of_label, np.int32(unknown)))
    said = np.where(composer.is_any, len(model.words_of_label), 0)
    return replace(made, said=said.astype(np.int32))


class _ModelComposer:
    def __init__(self, model: LanguageModel, automaton: WordAutomaton, labels: NDArray[np.int64]) -> None:
        self._model, self._finals = model, automaton.final_costs
        self._following: list[dict[int, list[tuple[int, float]]]] = [{} for _ in range(automaton.num_states)]
        rows = zip(automaton.sources.tolist(), labels.tolist(), automaton.targets.tolist(), automaton.costs.tolist(),
                   strict=True)  # fmt: skip
        for source, label, target, cost in rows:
            self._following[source].setdefault(label, []).append((target, cost))
        own = np.unique(labels[labels != ANY_WORD])
        self._arcs = ModelArcs(model, own)
        self._last, self._costs_to_last = _last_states(model)
        self._builder = ModelBuilder()
        self._numbers: dict[_Key, int] = {}
        self._pending: deque[_Key] = deque()

    @property
    def is_any(self) -> list[bool]:
        """Which states of the result take any word, after it was made."""
        return [branches[0].is_any for _, _, branches in self._numbers]

    def composed(self, words_of_label: NDArray[np.int32]) -> LanguageModel:
        start = self._model.start
        self._number(start, start, self._branches(start, [(0, 0.0)])[1])
        while self._pending:
            key = self._pending.popleft()
            if key[2][0].is_any:
                self._add_any(key)
            else:
                self._add_words(key)
            self._add_backoff(key)
        return self._builder.model(words_of_label)

    def _number(self, level: int, top: int, branches: Branches) -> int:
        """The number of a state; one that is new is pending."""
        if branches[0].is_any:  # and so are all others
            level = top = int(self._last[level])
        branches = tuple(each._replace(cost=round(each.cost, _DIGITS)) for each in branches)  # so that equal ones are
        key = level, top if len(branches) > 1 else -1, branches
        if key not in self._numbers:
            head = branches[0]
            is_final = not head.is_any
            final = float(self._model.finals[level]) + float(self._finals[head.state]) if is_final else math.inf
            self._numbers[key] = self._builder.add_state(final)
            self._pending.append(key)
        return self._numbers[key]

    def _branches(self, level: int, targets: list[tuple[int, float]]) -> tuple[float, Branches]:
        """What a state of the model goes on with in states of the automaton, and what the first of them costs."""
        costs: dict[tuple[bool, int], float] = {}
        for target, cost in targets:
            self._add_branch(costs, False, target, cost)
            for reached, further in self._following[target].get(ANY_WORD, ()):
                self._add_branch(costs, True, reached, cost + further + float(self._costs_to_last[level]))
        ordered = sorted(costs, key=lambda branch: (branch[0], costs[branch], branch[1]))
        first = costs[ordered[0]]
        return first, tuple(_Branch(state, other, costs[other, state] - first) for other, state in ordered)

    def _add_branch(self, costs: dict[tuple[bool, int], float], is_any: bool, state: int, cost: float) -> None:
        costs[is_any, state] = min(cost, costs.get((is_any, state), math.inf))

    def _add_words(self, key: _Key) -> None:
        level, _, branches = key
        found, following = self._arcs.of(level), self._following[branches[0].state]
        labels = sorted(label for label in following if label in found)
        weights, nexts = [], []
        for label in labels:
            arc = found[label]
            to = int(self._model.nexts[arc])
            cost, after = self._branches(to, following[label])
            weights.append(float(self._model.weights[arc]) + cost)
            nexts.append(self._number(to, to, after))
        self._builder.set_arcs(self._numbers[key], labels, weights, nexts)

    def _add_any(self, key: _Key) -> None:
        level, _, branches = key
        model = self._model
        first, end = model.first_arcs[level : level + 2].tolist()
        reached = model.nexts[first:end]
        levels, places = np.unique(self._last[reached], return_inverse=True)
        numbers = []
        for to in levels.tolist():
            _, after = self._branches(to, [(branches[0].state, 0.0)])
            numbers.append(self._number(to, to, after))
        weights = model.weights[first:end] + self._costs_to_last[reached]
        targets = np.array(numbers, np.int32)[places]
        self._builder.set_arcs(self._numbers[key], model.labels[first:end], weights, targets)

    def _add_backoff(self, key: _Key) -> None:
        level, top, (head, *rest) = key
        to = -1 if head.is_any else int(self._model.backoff_state[level])
        if to >= 0:
            cost = float(self._model.backoff_cost[level])
            number = self._number(to, top, (head, *(each._replace(cost=each.cost - cost) for each in rest)))
        elif rest:
            cost = rest[0].cost
            number = self._number(top, top, tuple(each._replace(cost=each.cost - cost) for each in rest))
        else:
            return
        self._builder.back_off(self._numbers[key], number, cost)


def _last_states(model: LanguageModel) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """The state at which each one ends by backing off, and what that costs [L]."""
    states = np.arange(model.num_states, dtype=np.int32)
    backs_off = model.backoff_state >= 0
    to = np.where(backs_off, model.backoff_state, states)
    costs = np.where(backs_off, model.backoff_cost, 0).astype(np.float64)
    while (to[to] != to).any():
        costs += costs[to]
        to = to[to]
    return to, costs
