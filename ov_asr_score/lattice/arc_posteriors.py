"""How likely the arcs of a lattice are, by a pass forward and one back.

Source: lat/lattice-functions.cc (``ComputeLatticeAlphasAndBetas``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ov_asr_score.lattice.arcs.arc_groups import AnyLattice, group_arcs, propagate
from ov_asr_score.lattice.costs import UNSCALED, Costs, Scales, arc_costs, final_costs, state_scores


@dataclass(frozen=True, slots=True, eq=False)
class PathScores:
    """Scores (negated costs) of the paths through each state, arc and end; minus infinity where there is none.

    They are those of the best path, or of all paths together (the logarithm of the sum of their exponentials).
    """

    forward: Costs  # [S]; from the start to the state
    backward: Costs  # [S]; from the state to the end
    arcs: Costs  # [A]; of whole paths through the arc
    finals: Costs  # [F]; of whole paths that end in the final state
    total: float  # of all paths


@dataclass(frozen=True, slots=True, eq=False)
class ArcPosteriors:
    """Probabilities of arcs and ends, if one path through the lattice is right, and the score of all paths."""

    arcs: Costs  # [A]
    finals: Costs  # [F]
    log_likelihood: float


def path_scores(lattice: AnyLattice, scales: Scales = UNSCALED, *, best_only: bool = False) -> PathScores:
    """Scores of the best path through every state and arc (``best_only``), or of all paths through it together."""
    combine = np.maximum if best_only else np.logaddexp
    arcs, finals = -arc_costs(lattice, scales), -final_costs(lattice, scales)
    forward_groups, backward_groups = group_arcs(lattice)
    start = np.full(lattice.num_states, -np.inf)
    start[:1] = 0
    forward = propagate(forward_groups, arcs, start, combine)
    backward = propagate(backward_groups, arcs, state_scores(lattice, finals), combine)
    return PathScores(
        forward=forward,
        backward=backward,
        arcs=forward[lattice.sources] + arcs + backward[lattice.targets],
        finals=forward[lattice.final_states] + finals,
        total=float(backward[0]) if lattice.num_states else -np.inf,
    )


def posteriors(lattice: AnyLattice, scales: Scales = UNSCALED) -> ArcPosteriors:
    """Probabilities of arcs and ends; all zero if no path leads to the end."""
    scores = path_scores(lattice, scales)
    total = scores.total if np.isfinite(scores.total) else 0.0
    return ArcPosteriors(np.exp(scores.arcs - total), np.exp(scores.finals - total), scores.total)
