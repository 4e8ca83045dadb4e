"""The words of least expected error (minimum Bayes risk), their confidences and times, and the confusion network.

Words are aligned with a hypothesis by the least expected edit distance over all paths, which gives a bin of
alternatives for every word of the hypothesis and for every place between words; the likeliest word of each bin makes
the next hypothesis, until nothing changes. Times are those of a lattice whose arcs have the frames of their words.

Source: lat/sausages.cc (``MinimumBayesRisk``), as lattice-mbr-decode and lattice-to-ctm-conf use it. The algorithm is
that of H. Xu et al., "Minimum Bayes Risk decoding and system combination based on a recursion for edit distance", 2011.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil, sqrt

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import TableFormatError
from ov_asr_score.lattice.arcs.pieces import cut, shared_states
from ov_asr_score.lattice.arcs.state_times import state_times
from ov_asr_score.lattice.arcs.sublattice import select
from ov_asr_score.lattice.costs import UNSCALED, Scales
from ov_asr_score.lattice.lattice import CompactLattice
from ov_asr_score.lattice.networks.bins import Bin, bins_of, joined_bin
from ov_asr_score.lattice.networks.expected_edits import ExpectedEdits
from ov_asr_score.lattice.shortest_path import best_words

logger = logging.getLogger(__name__)

_MOST_ROUNDS = 101
# Numbers in a table of states and words: beyond the first a lattice is cut, beyond the second (3 GB) it is refused.
_MOST_CELLS = 1 << 23
_MOST_CELLS_AT_ALL = 1 << 27


@dataclass(frozen=True, slots=True, eq=False)
class Consensus:
    """Words [W] with their confidences, 0 to 1, and times in frames, which are means over paths and so fractions."""

    words: NDArray[np.int32]  # [W]
    confidences: NDArray[np.float32]  # [W]
    starts: NDArray[np.float32]  # [W]
    ends: NDArray[np.float32]  # [W]
    risk: float  # the expected number of wrong words
    bins: tuple[Bin, ...]  # between words and of words by turns


def consensus(
    lattice: CompactLattice,
    scales: Scales = UNSCALED,
    *,
    decode_mbr: bool = True,
    words: Sequence[int] | None = None,
    keep_silence: bool = False,
) -> Consensus | None:
    """The words of least expected error; None if no path leads to the end.

    Without ``decode_mbr`` the words stay those of the best path, or ``words``, and only get confidences and times.
    With ``keep_silence`` the places between words are among the words, as word 0. Very long lattices are cut at states
    that all paths pass through, unless other ``words`` than those of the best path are given. Raises TableFormatError
    for a lattice in which a state lies at several times, and for one that is too large.
    """
    best = best_words(lattice, [scales])[0]
    if best is None:
        return None
    rounds = _Rounds(scales, decode_mbr, keep_silence)
    hypothesis = best.tolist() if words is None else list(words)
    size = lattice.num_states * (2 * len(hypothesis) + 2)
    if size <= _MOST_CELLS or hypothesis != best.tolist():
        return rounds.run(lattice, hypothesis)
    lattice = select(lattice, np.ones(len(lattice.sources), bool), np.ones(len(lattice.final_states), bool))
    cuts = _even_cuts(shared_states(lattice), lattice.num_states, ceil(sqrt(size / _MOST_CELLS)))
    offsets = state_times(lattice)[[0, *cuts]].tolist()
    parts = []
    for piece in cut(lattice, cuts):
        own = best_words(piece, [scales])[0]
        assert own is not None, "all states lie on a path"
        parts.append(rounds.run(piece, own.tolist()))
    return _joined(parts, offsets)


def _even_cuts(shared: NDArray[np.int64], num_states: int, pieces: int) -> list[int]:
    """Those of the shared states that cut a lattice into about so many pieces of about the same size."""
    inner = shared[(shared > 0) & (shared < num_states - 1)]
    if not len(inner):
        return []
    wanted = np.arange(1, pieces) * num_states / pieces
    cuts: list[int] = np.unique(inner[np.minimum(np.searchsorted(inner, wanted), len(inner) - 1)]).tolist()
    return cuts


def _joined(parts: Sequence[Consensus], offsets: Sequence[int]) -> Consensus:
    """One consensus of consecutive parts that begin at these frames; the places between them become one."""
    bins: list[Bin] = []
    for part, offset in zip(parts, offsets, strict=True):
        own = [replace(found, start=found.start + offset, end=found.end + offset) for found in part.bins]
        bins = [*bins[:-1], joined_bin(bins[-1], own[0]), *own[1:]] if bins else own
    return Consensus(
        words=np.concatenate([part.words for part in parts]),
        confidences=np.concatenate([part.confidences for part in parts]),
        starts=np.concatenate(
            [part.starts + offset for part, offset in zip(parts, offsets, strict=True)], dtype=np.float32
        ),
        ends=np.concatenate(
            [part.ends + offset for part, offset in zip(parts, offsets, strict=True)], dtype=np.float32
        ),
        risk=sum(part.risk for part in parts),
        bins=tuple(bins),
    )


@dataclass(frozen=True, slots=True)
class _Rounds:
    """How hypotheses are made better until nothing changes."""

    scales: Scales
    decode_mbr: bool
    keep_silence: bool

    def run(self, lattice: CompactLattice, words: Sequence[int]) -> Consensus:
        """The consensus that is reached from ``words``."""
        if lattice.num_states * (2 * len(words) + 2) > _MOST_CELLS_AT_ALL:
            raise TableFormatError(
                f"a lattice of {lattice.num_states} states for {len(words)} words is too large for confidences; "
                "a narrower lattice_beam makes a smaller one"
            )
        edits = ExpectedEdits(lattice, self.scales)
        hypothesis = [word for word in words if word]
        for _ in range(_MOST_ROUNDS):
            labels = np.zeros(1 + 2 * len(hypothesis), np.int64)
            labels[1::2] = hypothesis
            statistics = edits.statistics(labels)
            bins, alternatives = bins_of(statistics, len(labels))
            gained = 0.0
            if self.decode_mbr:
                before = [found.probability_of(label) for found, label in zip(bins, labels.tolist(), strict=True)]
                labels = np.array([found.words[0] for found in bins], np.int64)
                gained = sum(float(found.probabilities[0]) - old for found, old in zip(bins, before, strict=True))
            result = _result(labels, bins, alternatives, statistics.risk, self.keep_silence)
            if gained == 0:
                return result
            hypothesis = [int(word) for word in labels if word]
        logger.warning("the words of least expected error still change after %d rounds", _MOST_ROUNDS)
        return result


def _result(
    labels: NDArray[np.int64],
    bins: Sequence[Bin],
    alternatives: Sequence[tuple[NDArray[np.float32], NDArray[np.float32]]],
    risk: float,
    keep_silence: bool,
) -> Consensus:
    chosen = [index for index, label in enumerate(labels.tolist()) if label or keep_silence]
    words, confidences, times = [], [], []
    for index in chosen:
        place = bins[index].place_of(int(labels[index]))
        starts, ends = alternatives[index]
        times.append((float(starts[place or 0]), float(ends[place or 0])))
        words.append(labels[index])
        confidences.append(0.0 if place is None else bins[index].probabilities[place])
    spans = _without_overlaps(times)
    return Consensus(
        words=np.array(words, np.int32),
        confidences=np.array(confidences, np.float32),
        starts=np.array([start for start, _ in spans], np.float32),
        ends=np.array([end for _, end in spans], np.float32),
        risk=risk,
        bins=tuple(bins),
    )


def _without_overlaps(times: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The times, of which each two that overlap share what both cover in proportion to their durations."""
    spans: list[tuple[float, float]] = []
    for start, end in times:
        spans.append((start, end))
        if len(spans) < 2 or spans[-2][1] <= start:
            continue
        first_start, first_end = spans[-2]
        earliest = spans[-3][1] if len(spans) > 2 else 0.0
        left, right = max(earliest, min(first_start, start)), max(first_end, end)
        first, second = first_end - first_start, end - start
        middle = left + (right - left) * first / (first + second) if first > 0 else left
        spans[-2:] = [(left, middle), (middle, right)]
    return spans
