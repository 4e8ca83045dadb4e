"""What the search leaves in OpenFst, as plain arrays: the best path.

Sources: OpenFst 1.7 (vector-fst.h), fstext/lattice-weight.h.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.decoding.graph import GraphLabels
from ov_asr_score.errors import TableFormatError
from ov_asr_score.lattice.best_path import BestPath

_HEADER = struct.Struct("<iiQqqq")  # version, flags, properties, start, states, arcs
_ARC = np.dtype([("ilabel", "<i4"), ("olabel", "<i4"), ("graph", "<f4"), ("acoustic", "<f4"), ("next", "<i4")])
_STATE_WORDS, _ARC_WORDS = 4, 5  # 32-bit words: two weights and a count of 64 bits; an arc


@dataclass(frozen=True, slots=True, eq=False)
class Traceback:
    """Automaton of S states and A arcs, ordered by their sources; its weights are pairs of costs."""

    start: int
    finals: NDArray[np.float32]  # [S, 2]; infinity where a state is not final
    sources: NDArray[np.int32]  # [A]
    arcs: NDArray[np.void]  # [A] of _ARC


def parse_traceback(data: bytes) -> Traceback:
    """The automaton that OpenFst wrote as ``data``: binary, of type vector, with Kaldi's lattice weights."""
    offset = 4
    names = []
    for _ in range(2):
        (length,) = struct.unpack_from("<i", data, offset)
        names.append(data[offset + 4 : offset + 4 + length])
        offset += 4 + length
    if names != [b"vector", b"lattice4"]:
        raise TableFormatError(f"a traceback: expected an automaton of type vector with lattice4, found {names}")
    _, _, _, start, num_states, _ = _HEADER.unpack_from(data, offset)
    body = np.frombuffer(data, np.int32, offset=offset + _HEADER.size).copy()  # at an address for integers
    positions, counts = _positions(body, num_states)
    finals = body[positions[:, np.newaxis] + np.arange(2)].view(np.float32)
    is_arc = np.ones(len(body), bool)
    is_arc[(positions[:, np.newaxis] + np.arange(_STATE_WORDS)).reshape(-1)] = False
    arcs = body[is_arc].view(_ARC)
    return Traceback(start, finals, np.repeat(np.arange(num_states, dtype=np.int32), counts), arcs)


def _positions(body: NDArray[np.int32], num_states: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where each state begins [S], in words of 32 bits, and how many arcs it has [S]."""
    words = memoryview(body.data)
    positions, counts = [0] * num_states, [0] * num_states
    position = 0
    for state in range(num_states):
        positions[state] = position
        counts[state] = count = words[position + 2]
        position += _STATE_WORDS + _ARC_WORDS * count
    return np.array(positions, np.int64), np.array(counts, np.int64)


def best_path(
    traceback: Traceback, labels: GraphLabels, scores: NDArray[np.float32], word_penalty: float, is_final: bool
) -> BestPath:
    """The only path through ``traceback`` over ``scores`` [T, pdfs], which are without a scale.

    The penalty of words is taken out of the costs.
    """
    arcs = _arcs_in_order(traceback)
    columns = arcs["ilabel"][arcs["ilabel"] > 0] - 1
    acoustic = scores[np.arange(len(columns)), columns]
    finals = traceback.finals[:, 0]
    final_cost = float(finals[np.isfinite(finals)].sum(dtype=np.float64))
    ids, words = labels.transition_ids[arcs["olabel"]], labels.words[arcs["olabel"]]
    frames = np.cumsum(ids > 0) - (ids > 0)
    graph = float(arcs["graph"].sum(dtype=np.float64)) + final_cost
    return BestPath(
        words=words[words > 0],
        word_frames=frames[words > 0].astype(np.int32),
        alignment=ids[ids > 0],
        graph_cost=graph - word_penalty * int(np.count_nonzero(words)),
        acoustic_cost=-float(acoustic.sum(dtype=np.float64)),
        is_final=is_final,
    )


def _arcs_in_order(traceback: Traceback) -> NDArray[np.void]:
    """The arcs of a linear automaton from its start on, however its states are numbered."""
    arcs, sources = traceback.arcs, traceback.sources
    if traceback.start == 0 and (arcs["next"] == sources + 1).all():
        return arcs
    if traceback.start == len(traceback.finals) - 1 and (arcs["next"] == sources - 1).all():
        return arcs[::-1]
    following = dict(zip(sources.tolist(), range(len(arcs)), strict=True))
    targets = arcs["next"].tolist()
    order = []
    state = traceback.start
    while state in following:
        order.append(following[state])
        state = targets[order[-1]]
    return arcs[order]
