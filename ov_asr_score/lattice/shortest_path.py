"""The best path of a lattice, and the best words for many scales at once.

Source: lat/lattice-functions.cc (``CompactLatticeShortestPath``), as lattice-best-path and lattice-1best use it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.lattice.arcs.arc_groups import AnyLattice, ArcGroups, group_arcs, propagate
from ov_asr_score.lattice.best_path import BestPath
from ov_asr_score.lattice.costs import UNSCALED, Costs, Scales, arc_costs, final_costs
from ov_asr_score.lattice.lattice import Lattice


def best_path(lattice: AnyLattice, scales: Scales = UNSCALED) -> BestPath | None:
    """The path that costs least; of equal ones, that over states and arcs that come first. None without a path."""
    found = _best_arcs(lattice, [scales])[0]
    return None if found is None else path_of(lattice, *found)


def best_words(lattice: AnyLattice, scales: Sequence[Scales]) -> list[NDArray[np.int32] | None]:
    """The words of the best path for each of the scales, all found in one pass; None without a path.

    It is what lattice-scale, lattice-add-penalty and lattice-best-path give one after the other.
    """
    words: list[NDArray[np.int32] | None] = []
    for found in _best_arcs(lattice, scales):
        labels = None if found is None else lattice.words[found[0]]
        words.append(None if labels is None else labels[labels != 0])
    return words


def path_of(lattice: AnyLattice, arcs: Sequence[int], final: int) -> BestPath:
    """The path over these arcs, which ends in final state number ``final`` of the lattice."""
    chosen = np.asarray(arcs, np.int64)
    strings = [transition_ids_of(lattice, arc) for arc in [*arcs, len(lattice.sources) + final]]
    before = np.cumsum([0, *map(len, strings[:-1])])[:-1]
    words = lattice.words[chosen]
    ends = lattice.final_graph_costs[final], lattice.final_acoustic_costs[final]
    return BestPath(
        words=words[words != 0],
        word_frames=before[words != 0].astype(np.int32),
        alignment=np.concatenate(strings).astype(np.int32),
        graph_cost=float(lattice.graph_costs[chosen].sum(dtype=np.float64) + ends[0]),
        acoustic_cost=float(lattice.acoustic_costs[chosen].sum(dtype=np.float64) + ends[1]),
        is_final=True,
    )


def transition_ids_of(lattice: AnyLattice, index: int) -> NDArray[np.int32]:
    """The transition-ids of arc ``index``, or of final state ``index - A``."""
    if isinstance(lattice, Lattice):
        ids: NDArray[np.int32] = lattice.transition_ids[index : index + 1]
        return np.asarray(ids[ids != 0], np.int32)
    return lattice.transition_ids[lattice.first_ids[index] : lattice.first_ids[index + 1]]


def _best_arcs(lattice: AnyLattice, scales: Sequence[Scales]) -> list[tuple[list[int], int] | None]:
    """For each of the scales the arcs of the best path, and which of the final states it ends in."""
    if not len(lattice.final_states):
        return [None] * len(scales)
    scores = -np.stack([arc_costs(lattice, one) for one in scales], axis=1)
    ends = -np.stack([final_costs(lattice, one) for one in scales], axis=1)
    groups, _ = group_arcs(lattice)
    reached = np.full((lattice.num_states, len(scales)), -np.inf)
    reached[0] = 0
    propagate(groups, scores, reached, np.maximum)
    totals = reached[lattice.final_states] + ends
    finals = totals.argmax(axis=0)
    entering = np.full(lattice.num_states + 1, -1, np.int64)
    entering[groups.near_ends] = np.arange(len(groups.near_ends))
    return [
        (_trace(lattice, groups, entering, scores[:, index], reached[:, index], final), int(final))
        if np.isfinite(totals[final, index])
        else None
        for index, final in enumerate(finals)
    ]


def _trace(
    lattice: AnyLattice, groups: ArcGroups, entering: NDArray[np.int64], scores: Costs, reached: Costs, final: int
) -> list[int]:
    """The arcs of the best path to a final state. ``entering`` has the group of the arcs that lead to each state."""
    state = int(lattice.final_states[final])
    arcs = []
    while state != 0:
        group = entering[state]
        candidates = groups.order[groups.starts[group] : groups.starts[group + 1]]
        arc = int(candidates[(reached[lattice.sources[candidates]] + scores[candidates]).argmax()])
        arcs.append(arc)
        state = int(lattice.sources[arc])
    return arcs[::-1]
