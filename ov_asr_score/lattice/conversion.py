"""Lattices with a transition-id per arc from compact ones, and back.

Source: fstext/lattice-utils-inl.h (``ConvertLattice``), fstext/factor-inl.h.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.lattice.arcs.arc_groups import AnyLattice
from ov_asr_score.lattice.arcs.sublattice import Mask, rearrange
from ov_asr_score.lattice.lattice import CompactLattice, Lattice


def to_lattice(lattice: AnyLattice) -> Lattice:
    """The same paths with a transition-id per arc; the word and the costs of an arc go to its first one."""
    if isinstance(lattice, Lattice):
        return lattice
    arcs = len(lattice.sources)
    lengths = np.diff(lattice.first_ids)
    # An arc has at least one arc; a final state as many as it has transition-ids.
    counts = lengths.copy()
    counts[:arcs] = np.maximum(counts[:arcs], 1)
    end = np.cumsum(counts)
    total = int(end[-1]) if len(end) else 0
    owner = np.repeat(np.arange(len(counts)), counts)
    is_first, is_last = np.zeros(total, bool), np.zeros(total, bool)
    is_first[(end - counts)[counts > 0]] = is_last[(end - 1)[counts > 0]] = True
    ends_inside = ~is_last | (owner >= arcs)
    added = lattice.num_states + np.cumsum(ends_inside) - 1
    targets = np.where(ends_inside, added, 0)
    own_arcs = is_last & (owner < arcs)
    targets[own_arcs] = lattice.targets[owner[own_arcs]]
    sources = np.concatenate([[0], targets])[:total]
    starts = np.concatenate([lattice.sources, lattice.final_states])
    sources[is_first] = starts[owner[is_first]]

    def of_first(values: NDArray[Any]) -> NDArray[Any]:
        return np.where(is_first, values[owner], values.dtype.type(0))

    ids = np.zeros(total, np.int32)
    ids[lengths[owner] > 0] = lattice.transition_ids
    has_ids = lengths[arcs:] > 0
    last_states = lattice.final_states.copy()
    last_states[has_ids] = targets[end[arcs:][has_ids] - 1]
    plain = Lattice(
        num_states=lattice.num_states + int(ends_inside.sum()),
        sources=sources.astype(np.int32),
        targets=targets.astype(np.int32),
        transition_ids=ids,
        words=of_first(np.concatenate([lattice.words, np.zeros_like(lattice.final_states)])).astype(np.int32),
        graph_costs=of_first(np.concatenate([lattice.graph_costs, lattice.final_graph_costs])),
        acoustic_costs=of_first(np.concatenate([lattice.acoustic_costs, lattice.final_acoustic_costs])),
        final_states=last_states,
        final_graph_costs=np.where(has_ids, np.float32(0), lattice.final_graph_costs),
        final_acoustic_costs=np.where(has_ids, np.float32(0), lattice.final_acoustic_costs),
    )
    # The states between the ends of an arc come right behind its source.
    behind = np.concatenate([2 * np.arange(lattice.num_states), 2 * starts[owner[ends_inside]].astype(np.int64) + 1])
    return rearrange(plain, np.argsort(behind, kind="stable"), None, None)


def to_compact(lattice: AnyLattice) -> CompactLattice:
    """The same paths as an acceptor of words: chains of arcs become one arc where no path joins, ends or leaves.

    The result is as deterministic as ``lattice`` is; see word_lattice.py for one path per word sequence.
    """
    if isinstance(lattice, CompactLattice):
        return lattice
    arcs = len(lattice.sources)
    if not arcs:
        no_ids = np.zeros(len(lattice.final_states) + 1, np.int64)
        common = {name: getattr(lattice, name) for name in Lattice.__dataclass_fields__ if name != "transition_ids"}
        return CompactLattice(**common, first_ids=no_ids, transition_ids=lattice.transition_ids)
    is_inner = _inner_states(lattice)
    # Each arc points at the arc before it in its chain; after enough jumps, at the first one.
    entering = np.zeros(lattice.num_states, np.int64)
    entering[lattice.targets] = np.arange(arcs)
    begins = ~is_inner[lattice.sources]
    first = np.where(begins, np.arange(arcs), entering[lattice.sources])
    while not begins[first].all():
        first = first[first]
    order = np.lexsort((lattice.sources, first))
    chains = np.flatnonzero(begins[order])
    last = np.append(chains[1:], arcs) - 1

    def summed(costs: NDArray[np.float32]) -> NDArray[np.float32]:
        with np.errstate(over="ignore"):
            return np.add.reduceat(costs[order].astype(np.float64), chains).astype(np.float32)

    numbers = np.cumsum(~is_inner) - 1
    ids = lattice.transition_ids[order]
    counts = np.add.reduceat(ids != 0, chains, dtype=np.int64)
    bounds = np.cumsum(np.concatenate([[0], counts, np.zeros(len(lattice.final_states), np.int64)]))
    return CompactLattice(
        num_states=int((~is_inner).sum()),
        sources=numbers[lattice.sources[order[chains]]].astype(np.int32),
        targets=numbers[lattice.targets[order[last]]].astype(np.int32),
        words=lattice.words[order[chains]],
        graph_costs=summed(lattice.graph_costs),
        acoustic_costs=summed(lattice.acoustic_costs),
        final_states=numbers[lattice.final_states].astype(np.int32),
        final_graph_costs=lattice.final_graph_costs,
        final_acoustic_costs=lattice.final_acoustic_costs,
        first_ids=bounds.astype(np.int64),
        transition_ids=ids[ids != 0],
    )


def _inner_states(lattice: Lattice) -> Mask:
    """The states [S] that only one arc leads to, and only one without a word leaves."""
    states = lattice.num_states
    leaving, entering = (np.bincount(ends, minlength=states) for ends in (lattice.sources, lattice.targets))
    is_inner: Mask = (leaving == 1) & (entering == 1)
    is_inner[lattice.sources[lattice.words != 0]] = False
    is_inner[lattice.final_states] = False
    is_inner[:1] = False
    return is_inner
