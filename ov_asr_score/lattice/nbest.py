"""The best word sequences of a lattice, in order, as lattice-to-nbest gives them."""

from __future__ import annotations

import heapq
from itertools import count
from math import inf
from typing import TypeAlias

import numpy as np

from ov_asr_score.lattice.arc_posteriors import path_scores
from ov_asr_score.lattice.arcs.arc_groups import AnyLattice
from ov_asr_score.lattice.best_path import BestPath
from ov_asr_score.lattice.costs import UNSCALED, Scales, arc_costs, final_costs
from ov_asr_score.lattice.lattice import CompactLattice, Lattice
from ov_asr_score.lattice.shortest_path import path_of
from ov_asr_score.lattice.word_lattice import word_lattice

_Way: TypeAlias = "tuple[_Way, int] | None"
"""The arcs up to a state, the last one first."""


def n_best(lattice: AnyLattice, most: int, scales: Scales = UNSCALED, beam: float = 10.0) -> list[BestPath]:
    """Up to ``most`` paths with different words, the cheapest first; each with the best alignment of its words.

    A lattice in which a word sequence has several paths is made deterministic first, within ``beam`` (see
    word_lattice.py). Costs are those of the lattice,
    whatever the scales. Empty without a path.
    """
    if isinstance(lattice, Lattice) or not is_deterministic(lattice):
        lattice = word_lattice(lattice, scales, beam)
    if not len(lattice.final_states):
        return []
    costs, ends = arc_costs(lattice, scales).tolist(), final_costs(lattice, scales).tolist()
    rest: list[float] = (-path_scores(lattice, scales, best_only=True).backward).tolist()
    targets = lattice.targets.tolist()
    bounds = np.searchsorted(lattice.sources, np.arange(lattice.num_states + 1)).tolist()
    final_of = {state: index for index, state in enumerate(lattice.final_states.tolist())}
    # The best cost from each state to the end is known, so that paths come out in order.
    numbers = count()
    waiting: list[tuple[float, int, float, int, _Way, int | None]] = [(rest[0], next(numbers), 0.0, 0, None, None)]
    visits = [0] * lattice.num_states
    found: list[BestPath] = []
    while waiting and len(found) < most:
        _, _, cost, state, way, final = heapq.heappop(waiting)
        if final is not None:
            found.append(path_of(lattice, _arcs(way), final))
            continue
        if visits[state] == most:
            continue
        visits[state] += 1
        if state in final_of:
            end = final_of[state]
            heapq.heappush(waiting, (cost + ends[end], next(numbers), cost, state, way, end))
        for arc in range(bounds[state], bounds[state + 1]):
            target, so_far = targets[arc], cost + costs[arc]
            if rest[target] < inf:
                heapq.heappush(waiting, (so_far + rest[target], next(numbers), so_far, target, (way, arc), None))
    return found


def _arcs(way: _Way) -> list[int]:
    arcs = []
    while way is not None:
        way, arc = way
        arcs.append(arc)
    return arcs[::-1]


def is_deterministic(lattice: CompactLattice) -> bool:
    """Whether every arc has a word, and no two arcs of a state have the same: each word sequence has one path."""
    arcs = np.stack([lattice.sources, lattice.words], axis=1)
    return bool((lattice.words != 0).all()) and len(np.unique(arcs, axis=0)) == len(arcs)
