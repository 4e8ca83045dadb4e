"""Long lattices in pieces, cut at states that all paths pass through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from ov_asr_score.lattice.arcs.arc_groups import AnyLattice, IntVector
from ov_asr_score.lattice.arcs.sublattice import rearrange
from ov_asr_score.lattice.lattice import CompactLattice


def shared_states(lattice: AnyLattice) -> IntVector:
    """The states that every path from the start to an end passes through, in order; the first is the start.

    All states of ``lattice`` must lie on a path.
    """
    if not lattice.num_states:
        return np.zeros(0, np.int64)
    # An arc goes past the states between its ends, and a path that ends goes past all states after.
    change = np.zeros(lattice.num_states + 1, np.int64)
    np.add.at(change, lattice.sources + 1, 1)
    np.add.at(change, lattice.targets, -1)
    np.add.at(change, lattice.final_states + 1, 1)
    return np.flatnonzero(np.cumsum(change)[:-1] == 0)


def cut(lattice: CompactLattice, states: Sequence[int]) -> list[CompactLattice]:
    """The lattice in pieces that end at these states, in ascending order, and one to the end."""
    bounds = [0, *(int(state) for state in states), lattice.num_states - 1]
    pieces = []
    for first, last in pairwise(bounds):
        piece = rearrange(lattice, np.arange(first, last + 1), None, None)
        pieces.append(piece if last == bounds[-1] else _ended(piece))
    return pieces


def _ended(piece: CompactLattice) -> CompactLattice:
    """The piece with its last state as the final one, which costs nothing."""
    nothing = np.zeros(1, np.float32)
    ids = piece.transition_ids[: piece.first_ids[len(piece.sources)]]
    return replace(
        piece,
        final_states=np.array([piece.num_states - 1], np.int32),
        final_graph_costs=nothing,
        final_acoustic_costs=nothing,
        first_ids=np.append(piece.first_ids[: len(piece.sources) + 1], len(ids)),
        transition_ids=ids,
    )
