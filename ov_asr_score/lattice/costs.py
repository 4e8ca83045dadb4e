"""Costs of lattices: scaled, with a penalty for each word, and as they count in a search.

Source: fstext/lattice-utils-inl.h (``ScaleLattice``), lat/lattice-functions.cc (``AddWordInsPenToCompactLattice``).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.lattice.arcs.arc_groups import AnyLattice
from ov_asr_score.lattice.arcs.sublattice import AnyKind

Costs: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Scales:
    """How much the two costs of a lattice count, and what each word costs besides.

    Lattices are stored without an acoustic scale, and all that compares their paths needs it again.
    """

    acoustic: float = 1.0
    lm: float = 1.0
    word_insertion_penalty: float = 0.0


UNSCALED = Scales()
"""All costs as they are."""


def arc_costs(lattice: AnyLattice, scales: Scales = UNSCALED) -> Costs:
    """What each arc costs in all [A]."""
    costs = scales.lm * lattice.graph_costs.astype(np.float64) + scales.acoustic * lattice.acoustic_costs
    return np.asarray(costs + scales.word_insertion_penalty * (lattice.words != 0), np.float64)


def final_costs(lattice: AnyLattice, scales: Scales = UNSCALED) -> Costs:
    """What each final state costs in all [F]."""
    graph_costs = lattice.final_graph_costs.astype(np.float64)
    return np.asarray(scales.lm * graph_costs + scales.acoustic * lattice.final_acoustic_costs, np.float64)


def state_scores(lattice: AnyLattice, scores: Costs) -> Costs:
    """``scores`` [F, ...] of final states for every state [S, ...]; minus infinity where a state is not final."""
    by_state = np.full((lattice.num_states, *scores.shape[1:]), -np.inf)
    by_state[lattice.final_states] = scores
    return by_state


def scale_costs(
    lattice: AnyKind,
    acoustic_scale: float = 1.0,
    lm_scale: float = 1.0,
    acoustic_to_lm_scale: float = 0.0,
    lm_to_acoustic_scale: float = 0.0,
) -> AnyKind:
    """The lattice with other costs, as lattice-scale writes it: each new cost is a sum of both, scaled."""

    def scaled(graph: NDArray[np.float32], acoustic: NDArray[np.float32]) -> tuple[Any, Any]:
        new_graph = lm_scale * graph.astype(np.float64) + acoustic_to_lm_scale * acoustic
        new_acoustic = lm_to_acoustic_scale * graph.astype(np.float64) + acoustic_scale * acoustic
        with np.errstate(over="ignore"):
            return new_graph.astype(np.float32), new_acoustic.astype(np.float32)

    graph_costs, acoustic_costs = scaled(lattice.graph_costs, lattice.acoustic_costs)
    final_graph_costs, final_acoustic_costs = scaled(lattice.final_graph_costs, lattice.final_acoustic_costs)
    return replace(
        lattice,
        graph_costs=graph_costs,
        acoustic_costs=acoustic_costs,
        final_graph_costs=final_graph_costs,
        final_acoustic_costs=final_acoustic_costs,
    )


def add_word_penalty(lattice: AnyKind, penalty: float) -> AnyKind:
    """The lattice with ``penalty`` added to the graph cost of every arc with a word, as lattice-add-penalty does."""
    graph_costs = lattice.graph_costs + np.float32(penalty) * (lattice.words != 0)
    return replace(lattice, graph_costs=graph_costs.astype(np.float32))
