"""Subsets of the states of a lattice that a word sequence can lead to: the states of its word lattice.

A subset has for each of its states what the best way to it costs more than the best way to any of them, and the
transition-ids that it has beyond those that all ways have in common. Subsets are visited in the order of the best path
through them, up to the beam, so that a limit cuts off what is worst.

Source: lat/determinize-lattice-pruned.cc (``LatticeDeterminizerPruned``).

Tests: tests/lattice/test_word_lattice.py
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from itertools import pairwise
from math import inf
from typing import TypeAlias

import numpy as np

from ov_asr_score.errors import TableFormatError
from ov_asr_score.lattice.arc_posteriors import path_scores
from ov_asr_score.lattice.arcs.arc_groups import IntVector
from ov_asr_score.lattice.arcs.sublattice import in_order, select
from ov_asr_score.lattice.costs import Scales, arc_costs, final_costs
from ov_asr_score.lattice.files.building import compact_lattice, cost_pairs
from ov_asr_score.lattice.lattice import CompactLattice

_DELTA = 1 / 1024  # between costs that count as equal, as in OpenFst
_MOST_IDS = 0x10FFFF
_IDS_PER_ELEMENT = 32  # transition-ids that take as much memory as an element

# Costs in all, of the graph and of the scores, and transition-ids as the letters of a text, whose parts are cheap.
Element: TypeAlias = tuple[float, float, float, str]
Subset: TypeAlias = dict[int, Element]  # by state
Step: TypeAlias = tuple[int, float, float, float, str]  # next state, and an element
Key: TypeAlias = tuple[tuple[int, str], ...]  # states and their transition-ids
Near: TypeAlias = tuple[list[float], int, Element]  # costs in all, subset, what leads there


class Subsets:
    """The subsets found so far, and the arcs between them."""

    def __init__(self, lattice: CompactLattice, scales: Scales, beam: float) -> None:
        """``lattice`` has a path to the end, and no states beside such. Raises TableFormatError for too many ids."""
        self._ids, steps, finals = _steps_of(lattice, scales)
        self._silent = [[step for word, step in own if not word] for own in steps]
        self._spoken: list[list[tuple[int, int, float, float, float, str]]] = [
            [(word, *step) for word, step in own if word] for own in steps
        ]
        self._finals = finals
        scores = path_scores(lattice, scales, best_only=True)
        self._backward: list[float] = (-scores.backward).tolist()
        self._best = -scores.total
        self._cutoff = self._best + beam
        self._forward: list[float] = []  # what the best way to each subset costs
        self._known: dict[Key, list[Near]] = {}
        self._known_before_silence: dict[Key, list[Near]] = {}
        self._tasks: list[tuple[float, int, int, int, Subset]] = []  # priority, number, from, word, to
        self._num_tasks = 0
        self._size = 0
        self._arcs: list[tuple[int, int, int]] = []  # from, to, word
        self._arc_costs: list[Element] = []
        self._ends: list[tuple[int, Element]] = []

    def expand(self, most_elements: int) -> float:
        """Visit the subsets; the result is the beam up to which all were visited."""
        self._number(self._after_silence({0: (0.0, 0.0, 0.0, "")}), 0.0)
        while self._tasks:
            priority, _, subset, word, elements = heapq.heappop(self._tasks)
            if self._size > most_elements:
                return priority - self._best
            cost = _normalize(elements)
            target, more = self._enter(elements, self._forward[subset] + cost[0])
            self._arcs.append((subset, target, word))
            self._arc_costs.append(_added(cost, more))
        return inf

    def _enter(self, elements: Subset, forward: float) -> tuple[int, Element]:
        """The subset that the states lead to without words, and what it costs to get there."""
        key = _key(elements)
        totals = _totals(elements)
        same = self._known_before_silence.setdefault(key, [])
        if found := _find(same, totals):
            return found[1:]
        reached = self._after_silence(elements)
        cost = _normalize(reached)
        subset = self._number(reached, forward + cost[0])
        same.append((totals, subset, cost))
        self._size += _size(key)
        return subset, cost

    def _after_silence(self, elements: Subset) -> Subset:
        """The states that end, or from which a word leads on, and that are reached from ``elements`` without one."""
        steps = self._silent
        reached = dict(elements)
        waiting = [state for state in reached if steps[state]]
        heapq.heapify(waiting)
        # States are in topological order: whatever leads to a state has been followed before it.
        while waiting:
            state = heapq.heappop(waiting)
            for target in _follow(reached[state], steps[state], reached):
                if steps[target]:
                    heapq.heappush(waiting, target)
        return {state: element for state, element in reached.items() if self._spoken[state] or state in self._finals}

    def _number(self, elements: Subset, forward: float) -> int:
        """The number of a subset, whose tasks are added if it is new."""
        key = _key(elements)
        totals = _totals(elements)
        same = self._known.setdefault(key, [])
        if found := _find(same, totals):
            return found[1]
        subset = len(self._forward)
        same.append((totals, subset, (0.0, 0.0, 0.0, "")))
        self._forward.append(forward)
        self._size += _size(key)
        self._add_end(subset, elements)
        self._add_tasks(subset, elements)
        return subset

    def _add_end(self, subset: int, elements: Subset) -> None:
        ends = [_added(element, self._finals[state]) for state, element in elements.items() if state in self._finals]
        if ends:
            best = ends[0]
            for end in ends[1:]:
                best = end if _is_better(end, best) else best
            if best[0] + self._forward[subset] <= self._cutoff:
                self._ends.append((subset, best))

    def _add_tasks(self, subset: int, elements: Subset) -> None:
        """Add a task for every word that leads on from the subset within the beam."""
        reached: dict[int, Subset] = {}
        # Most of the time goes by here and in _follow.
        for state, (total, graph, acoustic, ids) in elements.items():
            for word, target, more_total, more_graph, more_acoustic, more_ids in self._spoken[state]:
                by_state = reached.get(word)
                if by_state is None:
                    by_state = reached[word] = {}
                new_total = total + more_total
                known = by_state.get(target)
                if known is None or new_total <= known[0]:
                    new = (new_total, graph + more_graph, acoustic + more_acoustic, ids + more_ids)
                    if known is None or _is_better(new, known):
                        by_state[target] = new
        highest, backward = self._cutoff - self._forward[subset], self._backward
        for word, by_state in reached.items():
            priority = min([element[0] + backward[state] for state, element in by_state.items()])
            if priority <= highest:
                priority += self._forward[subset]
                heapq.heappush(self._tasks, (priority, self._num_tasks, subset, word, by_state))
                self._num_tasks += 1
                self._size += len(by_state)

    def lattice(self) -> CompactLattice:
        """The arcs found, of those that lead to an end."""
        costs = [*self._arc_costs, *(cost for _, cost in self._ends)]
        weights = cost_pairs(cost[1:3] for cost in costs)
        strings = [np.frombuffer(cost[3].encode("utf-32-le", "surrogatepass"), "<u4") for cost in costs]
        found = compact_lattice(
            len(self._forward),
            np.array(self._arcs, np.int32).reshape(-1, 3),
            weights[: len(self._arcs)],
            np.array([subset for subset, _ in self._ends], np.int32),
            weights[len(self._arcs) :],
            [self._ids[string] for string in strings],
        )
        ordered = in_order(found, 0)
        assert ordered is not None, "words lead on in a lattice without cycles"
        return select(ordered, np.ones(len(ordered.sources), bool), np.ones(len(ordered.final_states), bool))


def _steps_of(
    lattice: CompactLattice, scales: Scales
) -> tuple[IntVector, list[list[tuple[int, Step]]], dict[int, Element]]:
    """The transition-ids by letter, and for each state its arcs, with their words, and its end."""
    ids, letters = np.unique(lattice.transition_ids, return_inverse=True)
    if len(ids) > _MOST_IDS:
        raise TableFormatError(f"a lattice of {len(ids)} different transition-ids: expected at most {_MOST_IDS}")
    text = letters.astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")
    elements = list(
        zip(
            [*arc_costs(lattice, scales).tolist(), *final_costs(lattice, scales).tolist()],
            [*lattice.graph_costs.tolist(), *lattice.final_graph_costs.tolist()],
            [*lattice.acoustic_costs.tolist(), *lattice.final_acoustic_costs.tolist()],
            [text[begin:end] for begin, end in pairwise(lattice.first_ids.tolist())],
            strict=True,
        )
    )
    steps: list[list[tuple[int, Step]]] = [[] for _ in range(lattice.num_states)]
    arcs = zip(lattice.sources.tolist(), lattice.targets.tolist(), lattice.words.tolist(), elements, strict=False)
    for source, target, word, element in arcs:
        steps[source].append((word, (target, *element)))
    ends = zip(lattice.final_states.tolist(), elements[len(lattice.sources) :], strict=True)
    return ids.astype(np.int64), steps, dict(ends)


def _follow(element: Element, steps: Iterable[Step], reached: Subset) -> list[int]:
    """The states that are new in ``reached``, in which each gets the best way to it."""
    new_states = []
    total, graph, acoustic, ids = element
    for target, more_total, more_graph, more_acoustic, more_ids in steps:
        known = reached.get(target)
        new_total = total + more_total
        if known is None:
            new_states.append(target)
        elif new_total > known[0]:
            continue
        new = (new_total, graph + more_graph, acoustic + more_acoustic, ids + more_ids)
        if known is None or _is_better(new, known):
            reached[target] = new
    return new_states


def _is_better(one: Element, other: Element) -> bool:
    """Whether ``one`` costs less; of equal ones, by the order of fstext/lattice-weight.h (``Compare``)."""
    if one[0] != other[0]:
        return one[0] < other[0]
    if one[1] != other[1]:
        return one[1] < other[1]
    return (-len(one[3]), one[3]) > (-len(other[3]), other[3])


def _added(one: Element, other: Element) -> Element:
    return one[0] + other[0], one[1] + other[1], one[2] + other[2], one[3] + other[3]


def _normalize(elements: Subset) -> Element:
    """What all elements have in common, which is taken from them: the best one's costs and the first transition-ids."""
    total, graph, acoustic, first = min(elements.values())
    shared = len(first)
    for _, _, _, ids in elements.values():
        if not ids.startswith(first[:shared]):
            shared = _shared_length(first, ids)
    for state, element in elements.items():
        elements[state] = (element[0] - total, element[1] - graph, element[2] - acoustic, element[3][shared:])
    return total, graph, acoustic, first[:shared]


def _shared_length(one: str, other: str) -> int:
    """The number of letters that both begin with."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one[:middle] == other[:middle] else (low, middle - 1)
    return low


def _key(elements: Subset) -> Key:
    return tuple((state, elements[state][3]) for state in sorted(elements))


def _totals(elements: Subset) -> list[float]:
    return [elements[state][0] for state in sorted(elements)]


def _find(same: list[Near], totals: list[float]) -> Near | None:
    """The subset whose costs are the same, within a rounding error."""
    for near in same:
        if all(abs(one - other) <= _DELTA for one, other in zip(near[0], totals, strict=True)):
            return near
    return None


def _size(key: Key) -> int:
    return len(key) + sum(len(ids) for _, ids in key) // _IDS_PER_ELEMENT
