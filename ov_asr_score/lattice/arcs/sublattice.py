"""Parts of lattices, with their states numbered anew."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.lattice.arcs.arc_groups import (
    AnyLattice,
    IntVector,
    group_arcs,
    index_ranges,
    propagate,
    state_levels,
)
from ov_asr_score.lattice.lattice import CompactLattice, Lattice

AnyKind = TypeVar("AnyKind", bound=Lattice | CompactLattice)
Mask = NDArray[np.bool_]


def select(lattice: AnyKind, arcs: Mask, finals: Mask) -> AnyKind:
    """The lattice of these arcs [A] and final states [F], without all that lies on no path from start to end.

    States keep their order. Source: OpenFst, connect.h.
    """
    lattice = rearrange(lattice, np.arange(lattice.num_states), arcs, finals)
    return rearrange(lattice, np.flatnonzero(_is_on_a_path(lattice)), None, None)


def _is_on_a_path(lattice: AnyLattice) -> Mask:
    states = lattice.num_states
    forward, backward = group_arcs(lattice)
    no_change = np.zeros(len(lattice.sources), bool)
    reached, ends = np.zeros(states, bool), np.zeros(states, bool)
    reached[:1] = True
    ends[lattice.final_states] = True
    # The sum of truth values is their disjunction.
    return propagate(forward, no_change, reached, np.logical_or) & propagate(backward, no_change, ends, np.logical_or)


def rearrange(lattice: AnyKind, states: IntVector, arcs: Mask | None, finals: Mask | None) -> AnyKind:
    """The lattice of these states, which get the numbers 0, 1, …, and of the arcs and final states of the masks."""
    numbers = np.full(lattice.num_states, -1, np.int32)
    numbers[states] = np.arange(len(states), dtype=np.int32)
    sources, targets, ends = numbers[lattice.sources], numbers[lattice.targets], numbers[lattice.final_states]
    kept_arcs = _sorted_by(sources, (sources >= 0) & (targets >= 0) & (True if arcs is None else arcs))
    kept_finals = _sorted_by(ends, (ends >= 0) & (True if finals is None else finals))
    common: dict[str, Any] = {
        "num_states": len(states),
        "sources": sources[kept_arcs],
        "targets": targets[kept_arcs],
        "words": lattice.words[kept_arcs],
        "graph_costs": lattice.graph_costs[kept_arcs],
        "acoustic_costs": lattice.acoustic_costs[kept_arcs],
        "final_states": ends[kept_finals],
        "final_graph_costs": lattice.final_graph_costs[kept_finals],
        "final_acoustic_costs": lattice.final_acoustic_costs[kept_finals],
    }
    if isinstance(lattice, Lattice):
        return replace(lattice, **common, transition_ids=lattice.transition_ids[kept_arcs])
    kept = np.concatenate([kept_arcs, len(lattice.sources) + kept_finals])
    counts = np.diff(lattice.first_ids)[kept]
    return replace(
        lattice,
        **common,
        first_ids=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        transition_ids=lattice.transition_ids[index_ranges(lattice.first_ids[kept], counts)],
    )


def _sorted_by(numbers: NDArray[np.int32], mask: Mask) -> IntVector:
    chosen = np.flatnonzero(mask)
    return chosen[np.argsort(numbers[chosen], kind="stable")]


def in_order(lattice: AnyKind, start: int) -> AnyKind | None:
    """The lattice with its states in topological order, from the state ``start``; None if it has a cycle.

    It comes back as it is if it is in order, else without the states that are not reached. Arcs are ordered by their
    sources in any case.
    """
    states = np.arange(lattice.num_states)
    if start == 0 and bool((lattice.targets > lattice.sources).all()):
        is_sorted = bool((np.diff(lattice.sources) >= 0).all() and (np.diff(lattice.final_states) >= 0).all())
        return lattice if is_sorted else rearrange(lattice, states, None, None)
    reached = _reached(lattice, start)
    lattice = rearrange(lattice, np.concatenate([[start], np.setdiff1d(reached, [start])]), None, None)
    levels = state_levels(lattice.num_states, lattice.sources, lattice.targets)
    if (levels < 0).any():
        return None
    return rearrange(lattice, np.argsort(levels, kind="stable"), None, None)


def _reached(lattice: AnyLattice, start: int) -> IntVector:
    """The states that are reached from ``start``, whatever their order."""
    order = np.argsort(lattice.sources, kind="stable")
    targets = lattice.targets[order]
    counts = np.bincount(lattice.sources, minlength=lattice.num_states)
    first = np.cumsum(counts) - counts
    seen = np.zeros(lattice.num_states, bool)
    new: NDArray[Any] = np.array([start])
    while new.size:
        seen[new] = True
        found = np.unique(targets[index_ranges(first[new], counts[new])])
        new = found[~seen[found]]
    return np.flatnonzero(seen)
