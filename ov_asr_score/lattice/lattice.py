"""Lattices as arrays, in the two forms that Kaldi has.

Source: lat/kaldi-lattice.h, fstext/lattice-weight.h.

Tests: tests/lattice/test_archive.py
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Lattice:
    """State-level lattice with A arcs and F final states: an arc has a transition-id, a word, or both (0: none).

    States are numbered in topological order and begin with 0, the start; arcs are ordered by their sources. Acoustic
    costs are without their scale.
    """

    num_states: int
    sources: NDArray[np.int32]  # [A]
    targets: NDArray[np.int32]  # [A]
    transition_ids: NDArray[np.int32]  # [A]
    words: NDArray[np.int32]  # [A]
    graph_costs: NDArray[np.float32]  # [A]
    acoustic_costs: NDArray[np.float32]  # [A]
    final_states: NDArray[np.int32]  # [F]
    final_graph_costs: NDArray[np.float32]  # [F]
    final_acoustic_costs: NDArray[np.float32]  # [F]


@dataclass(frozen=True, slots=True, eq=False)
class CompactLattice:
    """Acceptor of words (0: none) whose arcs and final states carry transition-ids; otherwise like `Lattice`.

    The transition-ids of arc ``a`` are ``transition_ids[first_ids[a] : first_ids[a + 1]]``, those of final state ``f``
    follow at ``first_ids[A + f]``.
    """

    num_states: int
    sources: NDArray[np.int32]  # [A]
    targets: NDArray[np.int32]  # [A]
    words: NDArray[np.int32]  # [A]
    graph_costs: NDArray[np.float32]  # [A]
    acoustic_costs: NDArray[np.float32]  # [A]
    final_states: NDArray[np.int32]  # [F]
    final_graph_costs: NDArray[np.float32]  # [F]
    final_acoustic_costs: NDArray[np.float32]  # [F]
    first_ids: NDArray[np.int64]  # [A + F + 1]
    transition_ids: NDArray[np.int32]
