"""Word lattices: for every word sequence of a lattice its best alignment, once.

Source: lat/determinize-lattice-pruned.cc (``DeterminizeLatticePruned``), as lattice-determinize-pruned uses it.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from math import isinf, sqrt

from ov_asr_score.lattice.arcs.arc_groups import AnyLattice
from ov_asr_score.lattice.conversion import to_compact
from ov_asr_score.lattice.costs import UNSCALED, Scales
from ov_asr_score.lattice.files.building import EMPTY_COMPACT
from ov_asr_score.lattice.lattice import CompactLattice
from ov_asr_score.lattice.networks.subsets import Subsets
from ov_asr_score.lattice.pruning import prune

logger = logging.getLogger(__name__)

MOST_ELEMENTS = 1_000_000
"""Elements of subsets that are held at most: some 200 MB."""

_RETRY_CUTOFF = 0.5
_MOST_TRIES = 10


@dataclass(frozen=True, slots=True, eq=False)
class WordLattice:
    """A deterministic acceptor of words without epsilons, and the beam that it is complete for."""

    lattice: CompactLattice
    beam: float


def word_lattice(
    lattice: AnyLattice, scales: Scales = UNSCALED, beam: float = 10.0, most_elements: int = MOST_ELEMENTS
) -> CompactLattice:
    """For every word sequence within ``beam`` of the best one, its best path: at most one path per word sequence.

    Costs are those of ``lattice``, whatever the scales. A lattice that is too large is pruned to a narrower beam, with
    a warning in the log; ``determinize`` tells it.
    """
    found = determinize(lattice, scales, beam, most_elements)
    if found.beam < beam:
        logger.warning("the word lattice is too large: its beam is %.3g instead of %.3g", found.beam, beam)
    return found.lattice


def determinize(
    lattice: AnyLattice, scales: Scales = UNSCALED, beam: float = 10.0, most_elements: int = MOST_ELEMENTS
) -> WordLattice:
    """The same, with the beam that the limit allowed. An infinite beam takes all paths.

    Raises TableFormatError for more than a million different transition-ids.
    """
    lattice = prune(to_compact(lattice), beam, scales)
    asked = beam
    for tries_left in range(_MOST_TRIES - 1, -1, -1):
        if not len(lattice.final_states):
            return WordLattice(EMPTY_COMPACT, asked)
        subsets = Subsets(lattice, scales, beam)
        reached = min(beam, subsets.expand(most_elements))
        if reached >= beam * _RETRY_CUTOFF or isinf(beam) or not tries_left:
            break
        # Never more than a factor of two, as in DeterminizeLatticePruned.
        beam *= max(0.5, sqrt(max(reached, 0.0) / beam))
        lattice = prune(lattice, beam, scales)
    return WordLattice(subsets.lattice(), asked if reached >= asked else reached)
