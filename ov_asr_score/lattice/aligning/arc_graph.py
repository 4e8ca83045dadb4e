"""Lattices that are built state by state, and compact lattices made of them.

Sources: OpenFst, rmepsilon.h and connect.h, on the weights of fstext/lattice-weight.h.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.lattice.lattice import CompactLattice

Costs: TypeAlias = tuple[float, float]
"""Graph cost and acoustic cost."""

ID_BYTES = 4
"""Transition-ids are kept as bytes, ``ID_BYTES`` for each: such strings are hashed once and compared fast."""


class Arc(NamedTuple):
    """An arc; ``word`` is None on arcs that are to be removed, which have no transition-ids."""

    target: int
    word: int | None
    ids: bytes
    costs: Costs


@dataclass(slots=True)
class ArcGraph:
    """The arcs of each state, and the costs of final states; state 0 is the start."""

    arcs: list[list[Arc]] = field(default_factory=list)
    finals: dict[int, Costs] = field(default_factory=dict)


def arcs_by_state(lattice: CompactLattice) -> tuple[list[list[Arc]], int]:
    """The arcs of all states, and the number of one more state behind the final ones, to which arcs lead from them."""
    end = lattice.num_states
    ids, bounds = lattice.transition_ids.astype("<i4").tobytes(), (lattice.first_ids * ID_BYTES).tolist()
    strings = [ids[first:last] for first, last in pairwise(bounds)]
    num_finals = len(lattice.final_states)
    columns = (
        np.concatenate([lattice.sources, lattice.final_states]),
        np.concatenate([lattice.targets, np.full(num_finals, end, np.int32)]),
        np.concatenate([lattice.words, np.zeros(num_finals, np.int32)]),
        np.concatenate([lattice.graph_costs, lattice.final_graph_costs]),
        np.concatenate([lattice.acoustic_costs, lattice.final_acoustic_costs]),
    )
    arcs: list[list[Arc]] = [[] for _ in range(end + 1)]
    for string, source, target, word, *costs in zip(strings, *(column.tolist() for column in columns), strict=True):
        arcs[source].append(Arc(target, word, string, (costs[0], costs[1])))
    return arcs, end


def without_epsilons(graph: ArcGraph) -> CompactLattice:
    """The graph without its arcs of no word (None), and without all that lies on no path to the end.

    Of arcs with the same word between two states the best one stays, whatever its transition-ids.
    """
    order = _topological_order(graph)
    arcs: dict[int, dict[tuple[int, int], Arc]] = {}
    finals: dict[int, Costs] = {}
    for state in reversed(order):
        best: dict[tuple[int, int], Arc] = {}
        ends = [graph.finals[state]] if state in graph.finals else []
        for arc in graph.arcs[state]:
            if arc.word is not None:
                found = [arc]
            else:
                found = [then._replace(costs=_plus(arc.costs, then.costs)) for then in arcs[arc.target].values()]
                ends += [_plus(arc.costs, finals[arc.target])] if arc.target in finals else []
            for each in found:
                key = each.target, each.word or 0
                if key not in best or _is_better(each.costs, best[key].costs):
                    best[key] = each
        # States that do not lead to the end have no arcs here, and neither have those before them.
        arcs[state] = {key: arc for key, arc in best.items() if arcs[arc.target] or arc.target in finals}
        if ends:
            finals[state] = min(ends, key=_rank)
    return _compact(order, arcs, finals)


def _topological_order(graph: ArcGraph) -> list[int]:
    """The states that are reached from the start."""
    if not graph.arcs:
        return []
    order: list[int] = []
    seen = {0}
    stack = [(0, iter(graph.arcs[0]))]
    while stack:
        state, rest = stack[-1]
        for arc in rest:
            if arc.target not in seen:
                seen.add(arc.target)
                stack.append((arc.target, iter(graph.arcs[arc.target])))
                break
        else:
            order.append(state)
            stack.pop()
    return order[::-1]


def _compact(order: list[int], arcs: dict[int, dict[tuple[int, int], Arc]], finals: dict[int, Costs]) -> CompactLattice:
    """The lattice of the states that words lead to from the start, numbered in this order."""
    reached = {0} if order and (arcs[0] or 0 in finals) else set()
    for state in order:
        if state in reached:
            reached.update(arc.target for arc in arcs[state].values())
    numbers = {state: number for number, state in enumerate(state for state in order if state in reached)}
    kept = [(numbers[state], arc) for state in numbers for arc in arcs[state].values()]
    ends = [(numbers[state], finals[state]) for state in numbers if state in finals]
    costs = np.array([arc.costs for _, arc in kept], np.float32).reshape(-1, 2)
    final_costs = np.array([each for _, each in ends], np.float32).reshape(-1, 2)
    lengths = [len(arc.ids) // ID_BYTES for _, arc in kept] + [0] * len(ends)
    return CompactLattice(
        num_states=len(numbers),
        sources=np.array([number for number, _ in kept], np.int32),
        targets=np.array([numbers[arc.target] for _, arc in kept], np.int32),
        words=np.array([arc.word for _, arc in kept], np.int32),
        graph_costs=costs[:, 0],
        acoustic_costs=costs[:, 1],
        final_states=np.array([number for number, _ in ends], np.int32),
        final_graph_costs=final_costs[:, 0],
        final_acoustic_costs=final_costs[:, 1],
        first_ids=np.cumsum([0, *lengths], dtype=np.int64),
        transition_ids=from_bytes(b"".join(arc.ids for _, arc in kept)),
    )


def from_bytes(ids: bytes) -> NDArray[np.int32]:
    """Transition-ids as an array."""
    return np.frombuffer(ids, "<i4").astype(np.int32)


def _plus(one: Costs, other: Costs) -> Costs:
    return one[0] + other[0], one[1] + other[1]


def _rank(costs: Costs) -> tuple[float, float]:
    return costs[0] + costs[1], costs[0]


def _is_better(one: Costs, other: Costs) -> bool:
    return _rank(one) < _rank(other)
