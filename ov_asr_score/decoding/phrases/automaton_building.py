"""Automata of words with arcs that say nothing, and the same without them.

Tests: tests/decoding/phrases/test_grammars.py
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable

from ov_asr_score.decoding.phrases.word_automaton import WordArc
from ov_asr_score.errors import UnsupportedModelError

MOST_PARTS = 500_000
"""States and arcs that a grammar may have; rules that refer to rules can make any number of them."""

_MOST_COMPARED = 5000  # states that are compared with each other, which takes the square of their number at worst


class AutomatonBuilder:
    """States, arcs with words, and arcs without them, for a grammar that messages call ``source``."""

    def __init__(self, source: str) -> None:
        """Begin without states."""
        self.source = source
        self.num_states = 0
        self.arcs: list[WordArc] = []
        self.silent: dict[int, list[tuple[int, float]]] = defaultdict(list)
        self._parts = 0

    def new_state(self) -> int:
        """A state."""
        self.count(1)
        self.num_states += 1
        return self.num_states - 1

    def add(self, arc: WordArc) -> None:
        """Add an arc with a word."""
        self.count(1)
        self.arcs.append(arc)

    def skip(self, source: int, target: int, cost: float = 0.0) -> None:
        """Add an arc without a word."""
        self.count(1)
        self.silent[source].append((target, cost))

    def count(self, parts: int) -> None:
        """Raise UnsupportedModelError where there are more than MOST_PARTS."""
        self._parts += parts
        if self._parts > MOST_PARTS:
            raise UnsupportedModelError(
                f"{self.source}: expected a grammar of at most {MOST_PARTS} states and arcs, found more; write it with "
                "fewer rules in rules"
            )

    def speaking(self, start: int, end: int) -> tuple[list[WordArc], dict[int, float]]:
        """The same without silent arcs, from state 0: arcs with words, and the costs of final states.

        States that nothing tells apart are one.
        """
        leaving: dict[int, list[WordArc]] = defaultdict(list)
        for arc in self.arcs:
            leaving[arc.source].append(arc)
        found: list[WordArc] = []
        finals: dict[int, float] = {}
        pending, met = [start], {start}
        while pending:
            state = pending.pop()
            for inner, cost in self._silently_reached(state).items():
                if inner == end:
                    finals[state] = min(cost, finals.get(state, cost))
                for arc in leaving[inner]:
                    self.count(1)
                    found.append(arc._replace(source=state, cost=arc.cost + cost))
                    if arc.target not in met:
                        met.add(arc.target)
                        pending.append(arc.target)
        return _merged(found, finals, start)

    def _silently_reached(self, start: int) -> dict[int, float]:
        """The least cost of each state that is reached without a word; no such cost is negative."""
        costs: dict[int, float] = {}
        queue = [(0.0, start)]
        while queue:
            cost, state = heapq.heappop(queue)
            if state in costs:
                continue
            costs[state] = cost
            self.count(1)
            for target, further in self.silent.get(state, ()):
                if target not in costs:
                    heapq.heappush(queue, (cost + further, target))
        return costs


def _merged(arcs: Iterable[WordArc], finals: dict[int, float], start: int) -> tuple[list[WordArc], dict[int, float]]:
    """The automaton with one state for all from which the same words follow at the same costs; 0 is the start."""
    leaving: dict[int, list[WordArc]] = {start: []}
    for arc in arcs:
        leaving.setdefault(arc.source, []).append(arc)
        leaving.setdefault(arc.target, [])
    names = dict.fromkeys(leaving, 0)
    if len(leaving) > _MOST_COMPARED:
        names = renamed = {state: number for number, state in enumerate(leaving)}
    while len(leaving) <= _MOST_COMPARED:
        signatures = {
            state: (
                finals.get(state),
                frozenset((arc.word, arc.cost, arc.said, names[arc.target]) for arc in leaving[state]),
            )
            for state in leaving
        }
        numbers: dict[object, int] = {}
        for state in leaving:  # the start is the first
            numbers.setdefault((names[state], signatures[state]), len(numbers))
        renamed = {state: numbers[names[state], signatures[state]] for state in leaving}
        if len(numbers) == len(set(names.values())):
            break
        names = renamed
    kept = {
        WordArc(renamed[arc.source], arc.word, renamed[arc.target], arc.cost, arc.said)
        for each in leaving.values()
        for arc in each
    }
    return sorted(kept), {renamed[state]: cost for state, cost in finals.items()}
