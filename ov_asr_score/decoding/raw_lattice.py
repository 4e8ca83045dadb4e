"""The lattice that the search leaves behind: its states are put in order, its labels and costs are those of Kaldi.

The search numbers states frame by frame, so only arcs without a frame can lead back.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.decoding.graph import GraphLabels
from ov_asr_score.decoding.traceback import Traceback
from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.lattice.lattice import Lattice

IntArray = NDArray[np.int64]


def raw_lattice(traceback: Traceback, labels: GraphLabels, scores: NDArray[np.float32], word_penalty: float) -> Lattice:
    """The lattice of ``traceback`` over ``scores`` [T, pdfs], which are without a scale.

    Raises UnsupportedModelError where states cannot be ordered. Kaldi: LatticeSimpleDecoder::GetRawLattice, TopSort.
    """
    arcs, sources = traceback.arcs, traceback.sources
    frames = _frames(traceback)
    levels = _levels(traceback, len(frames))
    order = np.lexsort((levels, frames))
    rank = np.empty(len(order), np.int32)
    rank[order] = np.arange(len(order))
    by_source = np.argsort(rank[sources], kind="stable")
    sources, arcs = sources[by_source], arcs[by_source]
    words = labels.words[arcs["olabel"]]
    emitting = np.flatnonzero(arcs["ilabel"])
    acoustic = np.zeros(len(arcs), np.float32)
    acoustic[emitting] = -scores[frames[sources[emitting]], arcs["ilabel"][emitting] - 1]
    graph = arcs["graph"].copy()
    if word_penalty:
        graph[words > 0] -= np.float32(word_penalty)
    finals = traceback.finals[order]
    final_states = np.flatnonzero(np.isfinite(finals[:, 0]))
    return Lattice(
        num_states=len(order),
        sources=rank[sources],
        targets=rank[arcs["next"]],
        transition_ids=labels.transition_ids[arcs["olabel"]],
        words=words,
        graph_costs=graph,
        acoustic_costs=acoustic,
        final_states=final_states.astype(np.int32),
        final_graph_costs=finals[final_states, 0],
        final_acoustic_costs=np.zeros(len(final_states), np.float32),
    )


def _frames(traceback: Traceback) -> IntArray:
    """How many frames are behind each state [S].

    The start is the last state of frame 0. A frame ends behind the last state that an arc from the frame before leads
    to, or an arc without a frame from a state of its own.
    """
    num_states = len(traceback.finals)
    first_arcs = np.searchsorted(traceback.sources, np.arange(num_states + 1)).tolist()
    emitting = traceback.arcs["ilabel"] > 0
    # over all arcs before an arc: the last state that one with a frame, or one without, leads to
    with_frame, without = (
        [-1, *np.maximum.accumulate(np.where(chosen, traceback.arcs["next"], -1)).tolist()]
        for chosen in (emitting, ~emitting)
    )
    ends = []
    end = traceback.start + 1
    while True:
        while (further := without[first_arcs[end]] + 1) > end:
            end = further
        ends.append(end)
        following = with_frame[first_arcs[end]] + 1
        if following <= end:
            break
        end = following
    return np.searchsorted(ends, np.arange(num_states), side="right")


def _levels(traceback: Traceback, num_states: int) -> IntArray:
    """How many arcs without a frame lead to each state at most, from within its frame [S]."""
    chosen = np.flatnonzero(traceback.arcs["ilabel"] == 0)
    sources, targets = traceback.sources[chosen], traceback.arcs["next"][chosen]
    levels = np.zeros(num_states, np.int64)
    for _ in range(len(chosen) + 1):
        raised = levels.copy()
        np.maximum.at(raised, targets, levels[sources] + 1)
        if (raised == levels).all():
            return levels
        levels = raised
    raise UnsupportedModelError("there is a cycle of arcs without transition-ids, which no lattice can have")
