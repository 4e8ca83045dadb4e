"""Compact lattices in text form for tests, and what counts in them: words, transition-ids and costs along paths."""

from __future__ import annotations

import io
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from ov_asr_score.kaldi_io.matrices.stream import KaldiStream
from ov_asr_score.lattice.conversion import to_compact
from ov_asr_score.lattice.files.text_lattices import read_text_lattice
from ov_asr_score.lattice.lattice import CompactLattice


def parse_lattice(lines: str) -> CompactLattice:
    """The lattice with these lines: ``source target word graph,acoustic,id_id`` and ``final graph,acoustic,ids``."""
    stream = KaldiStream(io.BytesIO(f"\n{lines}\n\n".encode()), "lattice")
    return to_compact(read_text_lattice(stream))


def differences(one: CompactLattice, other: CompactLattice, tolerance: float = 0.01) -> str:
    """What distinguishes two lattices, apart from the numbers of their states; empty for nothing."""
    sizes = [f"{each.num_states} states and {len(each.words)} arcs" for each in (one, other)]
    if sizes[0] != sizes[1]:
        return " against ".join(sizes)
    known: dict[tuple[Arc, ...], int] = {}
    ours, theirs = _forms(one, known), _forms(other, known)
    if not one.num_states:
        return ""
    if ours[0].number != theirs[0].number:
        return "other words or transition-ids"
    partner = {0: 0}
    for state in range(one.num_states):
        for (*_, costs, target), (*_, other_costs, other_target) in zip(
            ours[state].arcs, theirs[partner[state]].arcs, strict=True
        ):
            if not np.allclose(costs, other_costs, rtol=2e-5, atol=tolerance):
                return f"costs {costs} against {other_costs}"
            if target >= 0 and partner.setdefault(target, other_target) != other_target:
                return f"state {target} is both {partner[target]} and {other_target}"
    return ""


Arc = tuple[int, tuple[int, ...], int]
"""Word, transition-ids, and the form of the state behind the arc; word -1 stands for the end."""


class _Form(NamedTuple):
    number: int  # equal for states with equal paths to the end
    best: float  # the cost of the best of them
    arcs: list[tuple[int, tuple[int, ...], int, float, tuple[float, float], int]]
    """Word, transition-ids, form and best cost of all that follows, costs and target of the arc, in this order."""


def _forms(lattice: CompactLattice, known: dict[tuple[Arc, ...], int]) -> dict[int, _Form]:
    forms: dict[int, _Form] = {}
    ids = [tuple(lattice.transition_ids[first:last].tolist()) for first, last in pairwise(lattice.first_ids.tolist())]
    for state in reversed(range(lattice.num_states)):
        arcs = []
        for arc in np.flatnonzero(lattice.sources == state).tolist():
            costs = float(lattice.graph_costs[arc]), float(lattice.acoustic_costs[arc])
            target = int(lattice.targets[arc])
            then = forms[target]
            arcs.append((int(lattice.words[arc]), ids[arc], then.number, sum(costs) + then.best, costs, target))
        for end in np.flatnonzero(lattice.final_states == state).tolist():
            costs = float(lattice.final_graph_costs[end]), float(lattice.final_acoustic_costs[end])
            arcs.append((-1, ids[len(lattice.words) + end], -1, sum(costs), costs, -1))
        arcs.sort(key=lambda arc: arc[:4])
        number = known.setdefault(tuple(arc[:3] for arc in arcs), len(known))
        forms[state] = _Form(number, min(arc[3] for arc in arcs), arcs)
    return forms
