"""Lattices without their unlikely paths. Source: lat/lattice-functions.cc (``PruneLattice``)."""

from __future__ import annotations

import numpy as np

from ov_asr_score.lattice.arc_posteriors import path_scores
from ov_asr_score.lattice.arcs.sublattice import AnyKind, select
from ov_asr_score.lattice.costs import UNSCALED, Scales


def prune(lattice: AnyKind, beam: float, scales: Scales = UNSCALED) -> AnyKind:
    """The arcs and ends that lie on a path which costs at most ``beam`` more than the best one, as lattice-prune does.

    Without any path to the end, nothing is left.
    """
    scores = path_scores(lattice, scales, best_only=True)
    least = scores.total - beam
    arcs, finals = scores.arcs >= least, scores.finals >= least
    if arcs.all() and finals.all() and np.isfinite([scores.total, *scores.forward]).all():
        return lattice
    return select(lattice, arcs, finals)
