"""One path through a decoding graph: words, transition-ids and costs.

Tests: tests/lattice/test_shortest_path.py
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class BestPath:
    """A path of T frames with W words. Costs are negated log-likelihoods; the acoustic one is without its scale."""

    words: NDArray[np.int32]  # [W]; no epsilons
    word_frames: NDArray[np.int32]  # [W]; frames consumed before the arc that has the word
    alignment: NDArray[np.int32]  # [T]; transition-ids
    graph_cost: float
    acoustic_cost: float
    is_final: bool  # whether it ends in a final state of the graph
