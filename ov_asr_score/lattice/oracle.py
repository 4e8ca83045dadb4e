"""The path of a lattice that comes nearest to the right words: how good its best path could be. As lattice-oracle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.lattice.arcs.arc_groups import AnyLattice, ArcGroups, IntVector, group_arcs

_FAR = 1 << 40


@dataclass(frozen=True, slots=True, eq=False)
class Oracle:
    """The words of the path with the fewest errors, and these."""

    words: NDArray[np.int32]
    substitutions: int
    insertions: int
    deletions: int

    @property
    def errors(self) -> int:
        """All errors."""
        return self.substitutions + self.insertions + self.deletions


def oracle(lattice: AnyLattice, reference: Sequence[int]) -> Oracle | None:
    """The path whose words have the least edit distance to ``reference``; None if no path leads to the end."""
    words = np.asarray(reference, np.int64)
    groups, _ = group_arcs(lattice)
    edits = _edits(lattice, groups, words)
    ends = edits[lattice.final_states, -1] if len(lattice.final_states) else np.zeros(0)
    if not len(ends) or ends.min() >= _FAR:
        return None
    return _trace(lattice, groups, edits, words, int(lattice.final_states[int(ends.argmin())]))


def _edits(lattice: AnyLattice, groups: ArcGroups, reference: IntVector) -> IntVector:
    """The least edits [S, R + 1] of a path to each state against the first words of the reference."""
    positions = np.arange(len(reference) + 1)
    edits = np.full((lattice.num_states, len(positions)), _FAR)
    edits[:1] = positions
    for first, last in pairwise(groups.bounds.tolist()):
        begin, end = groups.starts[first], groups.starts[last]
        words = lattice.words[groups.order[begin:end]]
        by_arc = _over_arcs(edits[groups.far_ends[begin:end]], words, reference)
        best = np.minimum.reduceat(by_arc, groups.starts[first:last] - begin, axis=0)
        states = groups.near_ends[first:last]
        # Words that are left out cost one each, whatever the path.
        edits[states] = np.minimum.accumulate(best - positions, axis=1) + positions
    return edits


def _over_arcs(before: IntVector, words: NDArray[np.int32], reference: IntVector) -> IntVector:
    """Edits [K, R + 1] at the ends of arcs, from those at their beginnings."""
    is_word = (words != 0)[:, None]
    after = before + is_word
    matched = before[:, :-1] + (words[:, None] != reference)
    after[:, 1:] = np.where(is_word, np.minimum(after[:, 1:], matched), after[:, 1:])
    return np.asarray(after, np.int64)


def _trace(lattice: AnyLattice, groups: ArcGroups, edits: IntVector, reference: IntVector, state: int) -> Oracle:
    entering = np.full(lattice.num_states, -1)
    entering[groups.near_ends] = np.arange(len(groups.near_ends))
    position = len(reference)
    words: list[int] = []
    substitutions = insertions = deletions = 0
    while state or position:
        arcs = groups.order[:0]
        if entering[state] >= 0:
            arcs = groups.order[groups.starts[entering[state]] : groups.starts[entering[state] + 1]]
        labels, before = lattice.words[arcs], edits[lattice.sources[arcs]]
        by_arc = _over_arcs(before, labels, reference)[:, position]
        right = np.flatnonzero(by_arc == edits[state, position])
        if not right.size:
            deletions += 1
            position -= 1
            continue
        arc = int(right[0])
        word = int(labels[arc])
        if word:
            words.append(word)
            differs = position > 0 and word != reference[position - 1]
            if position and before[arc, position - 1] + differs == edits[state, position]:
                substitutions += differs
                position -= 1
            else:
                insertions += 1
        state = int(lattice.sources[arcs[arc]])
    return Oracle(np.array(words[::-1], np.int32), substitutions, insertions, deletions)
