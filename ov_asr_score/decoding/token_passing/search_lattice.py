"""The lattice that a search leaves behind."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.decoding.token_passing.search_arrays import Records
from ov_asr_score.decoding.token_passing.search_graph import SearchGraph
from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.lattice.lattice import Lattice


def search_lattice(
    graph: SearchGraph,
    links: Records,
    first_records: NDArray[np.int64],
    final_costs: NDArray[np.float64],
    word_penalty: float,
) -> Lattice:
    """The lattice of arcs between records, which begins with record 0.

    ``first_records`` [frames + 1] says where the records of each frame begin, and ``final_costs`` what it costs to end
    in each of the last frame. The penalty of words is taken out of the costs. Raises UnsupportedModelError where states
    cannot be ordered. Kaldi: LatticeFasterDecoder ``GetRawLattice``, TopSort.
    """
    count = int(first_records[-1]) + len(final_costs)
    frames = np.searchsorted(first_records, np.arange(count), side="right") - 1
    sources, targets = links["source"], links["target"]
    emits = graph.arrays.columns[links["ilabel"]] >= 0
    order = np.lexsort((_levels(graph.name, sources[~emits], targets[~emits], frames), frames))
    used = np.zeros(count, np.bool_)
    used[0] = used[sources] = used[targets] = True
    order = order[used[order]]
    rank = np.full(count, -1, np.int32)
    rank[order] = np.arange(len(order))
    by_source = np.argsort(rank[sources], kind="stable")
    links, emits = links[by_source], emits[by_source]
    words = graph.words_of_label[links["olabel"]]
    costs = links["graph"].copy()
    if word_penalty:
        costs[words > 0] -= np.float32(word_penalty)
    ends = first_records[-1] + np.flatnonzero(np.isfinite(final_costs))
    ends = ends[used[ends]]
    ends = ends[np.argsort(rank[ends])]
    return Lattice(
        num_states=len(order),
        sources=rank[links["source"]],
        targets=rank[links["target"]],
        transition_ids=np.where(emits, links["ilabel"], 0).astype(np.int32),
        words=words,
        graph_costs=costs,
        acoustic_costs=links["acoustic"].copy(),
        final_states=rank[ends],
        final_graph_costs=final_costs[ends - first_records[-1]].astype(np.float32),
        final_acoustic_costs=np.zeros(len(ends), np.float32),
    )


def _levels(
    name: str, sources: NDArray[np.int32], targets: NDArray[np.int32], frames: NDArray[np.int64]
) -> NDArray[np.int64]:
    """How many arcs without a frame lead to each state at most, from within its frame."""
    levels = np.zeros(len(frames), np.int64)
    longest = int(np.bincount(frames[targets], minlength=1).max())  # no path in a frame has more arcs than that has
    for _ in range(longest + 1):
        raised = levels.copy()
        np.maximum.at(raised, targets, levels[sources] + 1)
        if (raised == levels).all():
            return levels
        levels = raised
    raise UnsupportedModelError(f"{name}: there is a cycle of arcs without transition-ids, which no lattice can have")
