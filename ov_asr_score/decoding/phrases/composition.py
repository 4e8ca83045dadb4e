"""Graphs composed with automata over their words: all paths of the graph whose words the automaton takes.

A state of the result is a state of the graph and one of the automaton. The automaton has no arcs without words, so no
filter of epsilons is needed, and whole waves of states are expanded at a time. States from which no end is reached are
left out; weights stay where they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.decoding.phrases.word_automaton import WordAutomaton, ranges
from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.fst.graph_file import GraphFst
from ov_asr_score.fst.header import ARC
from ov_asr_score.text import printable_name

IntVector: TypeAlias = NDArray[np.int64]
Mask: TypeAlias = NDArray[np.bool_]

MOST_ARCS = 50_000_000
"""Arcs of a composed graph, those included that lead nowhere."""

_LARGEST_TABLE = 1 << 30  # pairs of states that are marked in a table, whose untouched pages take no memory


@dataclass(frozen=True, slots=True, eq=False)
class Composed:
    """A graph with what made it."""

    fst: GraphFst
    automaton_arcs: IntVector  # arcs of the automaton that are in use, ascending


def compose(name: str, graph: GraphFst, automaton: WordAutomaton, most_arcs: int = MOST_ARCS) -> Composed | None:
    """The paths of ``graph`` whose words ``automaton`` takes, with the costs of both; None if there are none.

    Words become those that the automaton says for them. Raises UnsupportedModelError for a result of more than
    ``most_arcs`` arcs.
    """
    usable = _usable_arcs(graph, automaton)
    width = automaton.num_states
    seen = _Seen(graph.num_states * width)
    wave = seen.add(np.array([graph.start * width], np.int64))
    waves = [wave]
    pieces: list[tuple[IntVector, IntVector, IntVector, IntVector]] = []
    num_arcs = 0
    while len(wave):
        piece = _expanded(graph, automaton, usable, wave)
        pieces.append(piece)
        num_arcs += len(piece[0])
        if num_arcs > most_arcs:
            raise UnsupportedModelError(
                f"{printable_name(name)}: the graph with the phrases would have more than {most_arcs} arcs; give fewer "
                "or shorter phrases"
            )
        wave = seen.add(piece[1])
        waves.append(wave)
    sources, targets, graph_arcs, word_arcs = (np.concatenate(columns) for columns in zip(*pieces, strict=True))
    del pieces
    keys = np.sort(np.concatenate(waves))
    return _connected(graph, automaton, keys, sources, targets, graph_arcs, word_arcs)


def _usable_arcs(graph: GraphFst, automaton: WordAutomaton) -> Mask:
    """Arcs of the graph whose word may be said, and from which an end is reached [A]."""
    words = np.arange(graph.largest_olabel + 1)
    allowed = automaton.allows(words)
    allowed[0] = True
    usable: Mask = allowed[graph.olabels]
    chosen = np.flatnonzero(usable)
    sources = np.repeat(np.arange(graph.num_states), np.diff(graph.first_arcs))[chosen]
    alive = reach_end(sources, graph.next_states[chosen], np.isfinite(graph.final_weights))
    usable &= alive[graph.next_states]
    return usable


def _expanded(
    graph: GraphFst, automaton: WordAutomaton, usable: Mask, wave: IntVector
) -> tuple[IntVector, IntVector, IntVector, IntVector]:
    """The arcs that leave the states of a wave: source, target, arc of the graph, arc of the automaton or -1."""
    width = automaton.num_states
    states = wave // width
    first = graph.first_arcs[states]
    counts = graph.first_arcs[states + 1] - first
    sources, arcs = np.repeat(wave, counts), ranges(first, counts)
    kept = usable[arcs]
    sources, arcs = sources[kept], arcs[kept]
    words = graph.olabels[arcs].astype(np.int64)
    silent, spoken = np.flatnonzero(words == 0), np.flatnonzero(words)
    pairs, word_arcs = automaton.matches(sources[spoken] % width, words[spoken])
    spoken = spoken[pairs]
    next_words = np.concatenate([sources[silent] % width, automaton.targets[word_arcs]])
    order = np.concatenate([silent, spoken])
    targets = graph.next_states[arcs[order]].astype(np.int64) * width + next_words
    return sources[order], targets, arcs[order], np.concatenate([np.full(len(silent), -1), word_arcs])


def _connected(
    graph: GraphFst,
    automaton: WordAutomaton,
    keys: IntVector,
    sources: IntVector,
    targets: IntVector,
    graph_arcs: IntVector,
    word_arcs: IntVector,
) -> Composed | None:
    """The graph of the states ``keys``, ascending, and these arcs, less those that lead to no end; None for none."""
    width = automaton.num_states
    start = graph.start * width
    finals = graph.final_weights[keys // width] + automaton.final_costs[keys % width]
    source_ids, target_ids = np.searchsorted(keys, sources), np.searchsorted(keys, targets)
    alive = reach_end(source_ids, target_ids, np.isfinite(finals))
    if not alive[np.searchsorted(keys, start)]:
        return None
    kept = np.flatnonzero(alive[source_ids] & alive[target_ids])
    kept = kept[np.argsort(source_ids[kept], kind="stable")]
    new_ids = np.cumsum(alive) - 1
    from_arcs, with_word = graph_arcs[kept], word_arcs[kept]
    spoken = np.flatnonzero(with_word >= 0)
    arcs = np.empty(len(kept), ARC)
    arcs["ilabel"] = graph.ilabels[from_arcs]
    arcs["olabel"] = graph.olabels[from_arcs]
    arcs["weight"] = graph.weights[from_arcs]
    arcs["next"] = new_ids[target_ids[kept]]
    said = automaton.said[with_word[spoken]]
    arcs["olabel"][spoken] = np.where(said > 0, said, arcs["olabel"][spoken])
    arcs["weight"][spoken] += automaton.costs[with_word[spoken]]
    num_states = int(alive.sum())
    fst = GraphFst(
        start=int(new_ids[np.searchsorted(keys, start)]),
        final_weights=finals[alive].astype(np.float32),
        first_arcs=np.searchsorted(new_ids[source_ids[kept]], np.arange(num_states + 1)).astype(np.int64),
        arcs=arcs,
        num_final_states=int(np.isfinite(finals[alive]).sum()),
        largest_ilabel=int(arcs["ilabel"].max(initial=0)),
        largest_olabel=int(arcs["olabel"].max(initial=0)),
    )
    return Composed(fst, np.unique(with_word[spoken]))


def reach_end(sources: IntVector, targets: NDArray[np.integer], is_final: Mask) -> Mask:
    """Which states lead to one that is final [S], by the arcs from ``sources`` to ``targets`` [A]."""
    order = np.argsort(targets, kind="stable")
    first = np.searchsorted(targets[order], np.arange(len(is_final) + 1))
    alive = is_final.copy()
    wave = np.flatnonzero(alive)
    while len(wave):
        before = sources[order[ranges(first[wave], first[wave + 1] - first[wave])]]
        wave = _each_once(before[~alive[before]])
        alive[wave] = True
    return alive


def _each_once(numbers: IntVector) -> IntVector:
    """The numbers in ascending order, each once; for many different ones faster than ``np.unique`` by hashes."""
    ordered = np.sort(numbers)
    return ordered[np.append(True, ordered[1:] != ordered[:-1])] if len(ordered) else ordered


class _Seen:
    """Numbers that have been met, of ``size`` possible ones."""

    def __init__(self, size: int) -> None:
        self._table = np.zeros(size, bool) if size <= _LARGEST_TABLE else None
        self._sorted = np.zeros(0, np.int64)

    def add(self, keys: IntVector) -> IntVector:
        """Those of the keys that are new, each once."""
        if self._table is not None:
            new = _each_once(keys[~self._table[keys]])
            self._table[new] = True
            return new
        new = np.setdiff1d(keys, self._sorted, assume_unique=False)
        self._sorted = np.sort(np.concatenate([self._sorted, new]), kind="stable")
        return new
