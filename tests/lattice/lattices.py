"""Small lattices for tests, their paths, and the lattices that Kaldi made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from ov_asr_score.kaldi_io.files.input import open_input
from ov_asr_score.lattice.archive import read_lattices
from ov_asr_score.lattice.arcs.arc_groups import AnyLattice
from ov_asr_score.lattice.files.building import compact_lattice, plain_lattice
from ov_asr_score.lattice.lattice import CompactLattice, Lattice

KALDI = Path(__file__).parents[1] / "kaldi_speech" / "lattices"

Arc = tuple[int, int, int, int, float, float]  # source, target, transition-id, word, graph cost, acoustic cost
CompactArc = tuple[int, int, int, float, float, Sequence[int]]  # source, target, word, costs, transition-ids
Path_ = tuple[tuple[int, ...], tuple[int, ...], float, float]  # words, transition-ids, graph cost, acoustic cost


def plain(arcs: Sequence[Arc], finals: Sequence[tuple[int, float, float]], states: int = 0) -> Lattice:
    """A lattice of these arcs and final states (state, graph cost, acoustic cost)."""
    labels = np.array([arc[:4] for arc in arcs], np.int32).reshape(-1, 4)
    costs = np.array([arc[4:] for arc in arcs], np.float32).reshape(-1, 2)
    ends = np.array([final[1:] for final in finals], np.float32).reshape(-1, 2)
    states = states or 1 + max([0, *labels[:, :2].ravel().tolist(), *(final[0] for final in finals)])
    return plain_lattice(states, labels, costs, np.array([final[0] for final in finals], np.int32), ends)


def compact(
    arcs: Sequence[CompactArc], finals: Sequence[tuple[int, float, float, Sequence[int]]], states: int = 0
) -> CompactLattice:
    """A compact lattice of these arcs and final states (state, graph cost, acoustic cost, transition-ids)."""
    labels = np.array([arc[:3] for arc in arcs], np.int32).reshape(-1, 3)
    costs = np.array([arc[3:5] for arc in arcs], np.float32).reshape(-1, 2)
    ends = np.array([final[1:3] for final in finals], np.float32).reshape(-1, 2)
    strings = [arc[5] for arc in arcs] + [final[3] for final in finals]
    states = states or 1 + max([0, *labels[:, :2].ravel().tolist(), *(final[0] for final in finals)])
    ids = [np.array(string, np.int32) for string in strings]
    return compact_lattice(states, labels, costs, np.array([final[0] for final in finals], np.int32), ends, ids)


def kaldi_lattices(name: str) -> dict[str, AnyLattice]:
    """The lattices of a file of Kaldi's, by key."""
    return dict(read_lattices(f"ark:{KALDI / name}"))


def paths_of(lattice: AnyLattice) -> Iterator[Path_]:
    """All paths from the start to final states, in no order; costs are summed in double precision."""
    arcs_of: list[list[int]] = [[] for _ in range(lattice.num_states)]
    for arc, source in enumerate(lattice.sources.tolist()):
        arcs_of[source].append(arc)
    finals = {state: index for index, state in enumerate(lattice.final_states.tolist())}
    pending: list[tuple[int, tuple[int, ...], tuple[int, ...], float, float]] = [(0, (), (), 0.0, 0.0)]
    while pending and lattice.num_states:
        state, words, ids, graph, acoustic = pending.pop()
        if state in finals:
            final = finals[state]
            yield (
                words,
                (*ids, *_ids(lattice, len(lattice.sources) + final)),
                graph + float(lattice.final_graph_costs[final]),
                acoustic + float(lattice.final_acoustic_costs[final]),
            )
        for arc in arcs_of[state]:
            word = int(lattice.words[arc])
            pending.append(
                (
                    int(lattice.targets[arc]),
                    (*words, word) if word else words,
                    (*ids, *_ids(lattice, arc)),
                    graph + float(lattice.graph_costs[arc]),
                    acoustic + float(lattice.acoustic_costs[arc]),
                )
            )


def _ids(lattice: AnyLattice, index: int) -> tuple[int, ...]:
    """The transition-ids of an arc, or of a final state behind the arcs."""
    if isinstance(lattice, CompactLattice):
        return tuple(lattice.transition_ids[lattice.first_ids[index] : lattice.first_ids[index + 1]].tolist())
    number = int(lattice.transition_ids[index]) if index < len(lattice.sources) else 0
    return (number,) if number else ()


def rounded(paths: Iterator[Path_], digits: int = 3) -> list[Path_]:
    """The paths in order, with rounded costs."""
    return sorted((words, ids, round(graph, digits), round(cost, digits)) for words, ids, graph, cost in paths)


def kaldi_lines(name: str) -> dict[str, list[str]]:
    """The words of each line of a text file of Kaldi's, by the first of them; it may be compressed."""
    with open_input(str(KALDI / name)) as file:
        lines = [line.split() for line in file.read().decode().splitlines()]
    return {line[0]: line[1:] for line in lines}
