"""Automata over words, by which a graph is restricted or weighted: which words follow which, at which cost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

IntVector: TypeAlias = NDArray[np.int64]
FloatVector: TypeAlias = NDArray[np.float32]

ANY_WORD = -1
"""In place of the number of a word: whatever word it is."""


class WordArc(NamedTuple):
    """From state to state with a word; ``said`` is the word that is recognized then, 0 for the word itself."""

    source: int
    word: int
    target: int
    cost: float = 0.0
    said: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class WordAutomaton:
    """States numbered from 0, the start; every arc has a word. Arcs are ordered by state and word, any word first."""

    final_costs: FloatVector  # [Q]; infinity where a state is not final
    sources: IntVector  # [A]
    words: IntVector  # [A]; ANY_WORD for any
    targets: IntVector  # [A]
    costs: FloatVector  # [A]
    said: IntVector  # [A]; 0 for the word itself
    any_is_other: bool  # arcs for any word are for those only that have no arc of their own
    keys: IntVector  # [A]; state and word in one number, ascending

    @property
    def num_states(self) -> int:
        """Number of states."""
        return len(self.final_costs)

    def allows(self, words: IntVector) -> NDArray[np.bool_]:
        """Whether each of the words is on any arc, or any word is [W]."""
        if (self.words == ANY_WORD).any():
            return np.ones(len(words), bool)
        return np.isin(words, self.words)

    def matches(self, states: IntVector, words: IntVector) -> tuple[IntVector, IntVector]:
        """All arcs for pairs of a state and a word, as two vectors: the index of the pair, and the arc."""
        exact = _found(self.keys, _keys(states, words))
        other = _found(self.keys, _keys(states, np.int64(ANY_WORD)))
        if self.any_is_other:
            other = other[0], np.where(exact[1] > 0, 0, other[1])
        pairs, arcs = [], []
        for first, counts in (exact, other):
            pairs.append(np.repeat(np.arange(len(states)), counts))
            arcs.append(ranges(first, counts))
        return np.concatenate(pairs), np.concatenate(arcs)


def make_automaton(arcs: Iterable[WordArc], final_costs: FloatVector, any_is_other: bool = False) -> WordAutomaton:
    """The automaton of the arcs, of which each is taken once."""
    ordered = sorted(set(arcs))
    sources, words, targets, said = (
        np.array([arc[field] for arc in ordered], np.int64).reshape(-1) for field in (0, 1, 2, 4)
    )
    costs = np.array([arc.cost for arc in ordered], np.float32)
    keys = _keys(sources, words)
    return WordAutomaton(final_costs.astype(np.float32), sources, words, targets, costs, said, any_is_other, keys)


def _keys(states: IntVector, words: IntVector | np.int64) -> IntVector:
    keys: IntVector = (states << 32) + (words + 1)
    return keys


def ranges(first: IntVector, counts: IntVector) -> IntVector:
    """Indices ``first[i]`` up to ``first[i] + counts[i]`` of all i, one after the other."""
    before = np.cumsum(counts) - counts
    indices: IntVector = np.repeat(first - before, counts) + np.arange(counts.sum())
    return indices


def _found(keys: IntVector, wanted: IntVector) -> tuple[IntVector, IntVector]:
    """Where each wanted key begins among the ascending ``keys``, and how often it is there."""
    first = np.searchsorted(keys, wanted, "left")
    return first, np.searchsorted(keys, wanted, "right") - first
