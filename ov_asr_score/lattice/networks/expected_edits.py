"""The expected edit distance between a lattice and a hypothesis, and which words of them face each other.

Arcs of a level are computed together, for all words of the hypothesis.

Source: lat/sausages.cc (``MinimumBayesRisk::EditDistance``, ``AccStats``).

Tests: tests/lattice/test_consensus.py
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.lattice.arcs.arc_groups import IntVector, group_arcs, propagate
from ov_asr_score.lattice.arcs.state_times import state_times
from ov_asr_score.lattice.arcs.sublattice import rearrange
from ov_asr_score.lattice.costs import Costs, Scales, arc_costs
from ov_asr_score.lattice.files.building import compact_lattice
from ov_asr_score.lattice.lattice import CompactLattice
from ov_asr_score.lattice.networks.bins import WordStatistics
from ov_asr_score.lattice.shortest_path import transition_ids_of

_DELTA = float(np.float32(1e-5))
"""What leaving out a word of the lattice costs more than exchanging it, so that it gets into a bin."""

_TIE = 1e-12
"""Distances that differ less are equal: rounding would decide otherwise, as it does in Kaldi."""

_MATCHED, _LEFT_OUT, _PASSED_OVER = 1, 2, 3  # word of both, of the lattice only, of the hypothesis only


@dataclass(frozen=True, slots=True, eq=False)
class _Level:
    """The arcs [K] that lead to the states of one level."""

    sources: IntVector
    targets: IntVector
    words: IntVector
    shares: Costs  # of the paths to the target
    states: IntVector  # the targets, each once
    first: IntVector  # the first arc to each of them


class ExpectedEdits:
    """A lattice with one final state, ready for hypotheses."""

    def __init__(self, lattice: CompactLattice, scales: Scales) -> None:
        """Raises TableFormatError for a lattice in which a state lies at several times."""
        lattice = _with_one_end(lattice)
        forward, _ = group_arcs(lattice)
        # Kaldi adds costs in single precision.
        with np.errstate(over="ignore"):
            scores = -arc_costs(lattice, scales).astype(np.float32).astype(np.float64)
        reached = np.full(lattice.num_states, -np.inf)
        reached[0] = 0
        propagate(forward, scores, reached, np.logaddexp)
        with np.errstate(invalid="ignore"):
            shares = np.exp(reached[lattice.sources] + scores - reached[lattice.targets])
        shares = np.where(np.isfinite(reached[lattice.sources]), shares, 0.0)
        self._num_states = lattice.num_states
        self._end = int(lattice.final_states[0])
        self._times = state_times(lattice).astype(np.float64)
        self._levels = []
        for first, last in pairwise(forward.bounds.tolist()):
            begin, end = forward.starts[first], forward.starts[last]
            arcs = forward.order[begin:end]
            level = _Level(
                sources=lattice.sources[arcs].astype(np.int64),
                targets=lattice.targets[arcs].astype(np.int64),
                words=lattice.words[arcs].astype(np.int64),
                shares=shares[arcs],
                states=forward.near_ends[first:last],
                first=forward.starts[first:last] - begin,
            )
            self._levels.append(level)

    def statistics(self, labels: IntVector) -> WordStatistics:
        """The alignment of all paths with the words of a hypothesis (0: none), one bin for each."""
        costs = _Costs.of(labels)
        distances = self._distances(costs)
        found = _Collected(self._times)
        weights = np.zeros_like(distances)
        weights[self._end, -1] = 1
        for level in reversed(self._levels):
            self._step_back(level, costs, distances, weights, found)
        # What is passed over before the first arc.
        before = np.cumsum(weights[0, :0:-1])[::-1]
        places = np.flatnonzero(before)
        return found.statistics(places, before[places], float(distances[self._end, -1]))

    def _distances(self, costs: _Costs) -> Costs:
        """Expected edits [S, Q + 1] between the paths to a state and the first q words."""
        distances = np.zeros((self._num_states, len(costs.labels) + 1))
        distances[0] = costs.passing
        for level in self._levels:
            by_arc = costs.steps(level, distances)[0]
            distances[level.states] = np.add.reduceat(level.shares[:, None] * by_arc, level.first, axis=0)
        return distances

    @staticmethod
    def _step_back(level: _Level, costs: _Costs, distances: Costs, weights: Costs, found: _Collected) -> None:
        """Pass the weights [S, Q + 1] of the targets on to the sources."""
        own = level.shares[:, None] * weights[level.targets]
        used = np.flatnonzero(own.any(axis=0))
        if not used.size:
            return
        _, choices = costs.steps(level, distances)
        lowest, highest = int(used[0]), int(used[-1])
        carry = np.zeros(len(own))
        place = highest
        while place > 0 and (place >= lowest or carry.any()):
            own[:, place] += carry
            carry = np.where(choices[:, place - 1] == _PASSED_OVER, own[:, place], 0.0)
            place -= 1
        own[:, place] += carry
        band = slice(place, highest + 1)
        passed = np.zeros((len(own), highest + 1 - place))
        # Column q of the choices is that of q + 1 words.
        inner = slice(max(place, 1), highest + 1)
        chosen = np.full(passed.shape, _LEFT_OUT)
        chosen[:, inner.start - place :] = choices[:, inner.start - 1 : inner.stop - 1]
        banded = own[:, band]
        passed += np.where(chosen == _LEFT_OUT, banded, 0.0)
        matched = np.where(chosen == _MATCHED, banded, 0.0)
        passed[:, :-1] += matched[:, 1:]
        np.add.at(weights[:, band], level.sources, passed)
        if place >= 1:
            np.add.at(weights[:, place - 1], level.sources, matched[:, 0])
        found.add(level, place, matched, np.where(chosen == _PASSED_OVER, banded, 0.0))


@dataclass(frozen=True, slots=True, eq=False)
class _Costs:
    """The words [Q] of a hypothesis, and what it costs to pass over the first q of them [Q + 1]."""

    labels: IntVector
    passing: Costs

    @staticmethod
    def of(labels: IntVector) -> _Costs:
        return _Costs(labels, np.concatenate([[0.0], np.cumsum(labels != 0)]))

    def steps(self, level: _Level, distances: Costs) -> tuple[Costs, NDArray[np.int8]]:
        """Expected edits [K, Q + 1] over each arc, and what was done at each word [K, Q]."""
        before = distances[level.sources]
        leaving_out = np.where(level.words == 0, 0.0, 1.0 + _DELTA)[:, None]
        matched = before[:, :-1] + (level.words[:, None] != self.labels)
        left_out = before + leaving_out
        ways = left_out.copy()
        np.minimum(matched, left_out[:, 1:], out=ways[:, 1:])
        # Passing over words adds whole numbers, which are the same for all: the least way is a running minimum.
        relative = ways - self.passing
        least = np.minimum.accumulate(relative, axis=1)
        by_arc = np.where(relative <= least, ways, least + self.passing)
        passed_over = by_arc[:, :-1] + np.diff(self.passing)
        choices = np.where(matched <= left_out[:, 1:] + _TIE, np.int8(_MATCHED), np.int8(_LEFT_OUT))
        choices[passed_over < ways[:, 1:] - _TIE] = _PASSED_OVER
        return by_arc, choices


class _Collected:
    """Shares of paths with their bins, words and times."""

    def __init__(self, times: Costs) -> None:
        self._times = times
        self._pieces: list[tuple[IntVector, IntVector, Costs, Costs, Costs]] = []

    def add(self, level: _Level, place: int, matched: Costs, passed_over: Costs) -> None:
        """Add shares [K, B] of arcs; their first column is that of the first ``place`` words."""
        arcs, columns = np.nonzero(matched)
        starts, ends = self._times[level.sources[arcs]], self._times[level.targets[arcs]]
        self._pieces.append((columns + place - 1, level.words[arcs], matched[arcs, columns], starts, ends))
        arcs, columns = np.nonzero(passed_over)
        times = self._times[level.targets[arcs]]
        self._pieces.append((columns + place - 1, np.zeros_like(arcs), passed_over[arcs, columns], times, times))

    def statistics(self, places: IntVector, shares: Costs, risk: float) -> WordStatistics:
        """All of them, with shares of ``places`` that are passed over at the beginning."""
        none = np.zeros(len(places))
        pieces = [*self._pieces, (places, np.zeros_like(places), shares, none, none)]
        bins, words, all_shares, starts, ends = (np.concatenate(column) for column in zip(*pieces, strict=True))
        return WordStatistics(bins, words, all_shares, starts, ends, risk)


def _with_one_end(lattice: CompactLattice) -> CompactLattice:
    """The lattice with one final state that costs nothing. Source: fstext/fstext-utils-inl.h (``CreateSuperFinal``)."""
    arcs, finals = len(lattice.sources), len(lattice.final_states)
    costs = np.stack([lattice.final_graph_costs, lattice.final_acoustic_costs], axis=1)
    if finals == 1 and not costs.any() and lattice.first_ids[arcs] == lattice.first_ids[-1]:
        return lattice
    end = np.full(finals, lattice.num_states, np.int32)
    labels = np.concatenate(
        [
            np.stack([lattice.sources, lattice.targets, lattice.words], axis=1),
            np.stack([lattice.final_states, end, np.zeros_like(end)], axis=1),
        ]
    )
    own = np.stack([lattice.graph_costs, lattice.acoustic_costs], axis=1)
    strings = [transition_ids_of(lattice, index) for index in range(arcs + finals)]
    nothing = np.zeros((1, 2), np.float32)
    joined = compact_lattice(
        lattice.num_states + 1, labels, np.concatenate([own, costs]), end[:1], nothing, [*strings, lattice.words[:0]]
    )
    return rearrange(joined, np.arange(joined.num_states), None, None)
