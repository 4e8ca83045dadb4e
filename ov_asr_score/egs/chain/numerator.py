"""The numerator of the chain objective: the probability of the right sequences of pdfs.

A usual supervision is one automaton in which all paths to a state are equally long, so that states belong to frames and
are computed frame by frame. The automata of end-to-end supervision have loops, and every state exists at every frame.

Sources: chain/chain-numerator.cc, chain/chain-generic-numerator.cc, chain/chain-supervision.cc
(``ComputeFstStateTimes``).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.egs.chain.supervision import ChainSupervision
from ov_asr_score.errors import TableFormatError
from ov_asr_score.fst.reading import Fst, IntVector

FloatArray: TypeAlias = NDArray[np.float32]
DoubleArray: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Numerator:
    """Log-probability of the right sequences, all together, and how probable each pdf is in each frame given them."""

    log_probability: float
    posteriors: FloatArray | None  # [frames, sequences, pdfs]


def numerator(scores: FloatArray, supervision: ChainSupervision, *, with_posteriors: bool = False) -> Numerator:
    """Numerator of ``scores`` [frames, sequences, pdfs], without the weight of the supervision.

    A score that is NaN counts as impossible, as in Kaldi. Raises TableFormatError for an automaton that Kaldi refuses.
    """
    for fst in supervision.fsts:
        _check_labels(fst, supervision.num_pdfs)
    # An impossible path has a log-probability of minus infinity, which is no error in sums of exponentials.
    with np.errstate(invalid="ignore", over="ignore"):
        if supervision.is_end_to_end:
            return _looped_numerator(scores, supervision.fsts, with_posteriors)
        return _timed_numerator(scores, supervision.fsts[0], with_posteriors)


def _check_labels(fst: Fst, num_pdfs: int) -> None:
    wrong = np.flatnonzero((fst.ilabels < 1) | (fst.ilabels > num_pdfs))
    if wrong.size:
        arc = int(wrong[0])
        raise TableFormatError(
            f"supervision: arc {arc}: expected a label from 1 to {num_pdfs} (pdf + 1), found {fst.ilabels[arc]}"
        )


def _timed_numerator(scores: FloatArray, fst: Fst, with_posteriors: bool) -> Numerator:
    frames, sequences, num_pdfs = scores.shape
    bounds = frame_bounds(fst)
    sources = fst.sources()
    times = np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))[sources]
    # Row of an arc: all sequences of a frame stand together. Kaldi checks no more than that the row exists.
    rows = sequences * (times % frames) + times // frames
    if not len(times) or rows.max() >= frames * sequences:
        found = int(times.max()) + 1 if len(times) else 0
        raise TableFormatError(
            f"supervision: expected an automaton of {frames * sequences} frames ({sequences} sequences of {frames}), "
            f"found one of {found}"
        )
    by_row = scores.reshape(frames * sequences, num_pdfs)
    arc_scores = _arc_scores(by_row[rows, fst.ilabels - 1], fst.weights)
    forward = _timed_forward(fst, bounds, sources, arc_scores)
    is_final = fst.final_weights != np.inf
    total = _log_sum(_possible(forward[is_final] - fst.final_weights[is_final]))
    if not with_posteriors or not np.isfinite(total):
        return Numerator(total, None)
    backward = _timed_backward(fst, bounds, sources, arc_scores)
    occupation = np.exp(forward[sources] + arc_scores + backward[fst.next_states] - total)
    posteriors = np.bincount(rows * num_pdfs + fst.ilabels - 1, occupation, scores.size)
    return Numerator(total, posteriors.astype(np.float32).reshape(scores.shape))


def frame_bounds(fst: Fst) -> IntVector:
    """The first state of each frame [frames + 2]: frame ``t`` begins in states ``bounds[t]`` to ``bounds[t + 1] - 1``.

    Raises TableFormatError unless state 0 is the start, all paths to a state are equally long, states are ordered by
    that length, and final states have the same.
    """
    if fst.start != 0:
        raise _unordered("state 0 as the start", f"state {fst.start}")
    bounds = [0, 1]
    while bounds[-1] < fst.num_states:
        targets = fst.next_states[fst.first_arcs[bounds[-2]] : fst.first_arcs[bounds[-1]]]
        end = int(targets.max(initial=-1)) + 1
        reached = np.unique(targets)
        if end <= bounds[-1] or reached[0] != bounds[-1] or len(reached) != end - bounds[-1]:
            raise _unordered("arcs from each frame to all states of the next", f"others into state {bounds[-1]}")
        bounds.append(end)
    if fst.first_arcs[bounds[-2]] != fst.first_arcs[-1]:
        raise _unordered("no arcs that leave the last frame", f"one that leaves state {bounds[-2]} or later")
    finals = np.flatnonzero(fst.final_weights != np.inf)
    ends = np.unique(np.searchsorted(bounds, finals, side="right"))
    if len(ends) != 1:
        raise _unordered("final states after the same number of frames", f"{len(ends)} different numbers")
    return np.array(bounds)


def _unordered(expected: str, found: str) -> TableFormatError:
    return TableFormatError(f"supervision: expected {expected}, found {found}; the automaton is damaged")


def _arc_scores(scores: FloatArray, weights: FloatArray) -> DoubleArray:
    """Log-probability of arcs, added in single precision as in Kaldi; NaN is impossible."""
    return _possible((scores - weights).astype(np.float64))


def _possible(sums: DoubleArray) -> DoubleArray:
    """``sums``, with minus infinity where they are NaN: Kaldi's LogAdd passes over them."""
    sums[np.isnan(sums)] = -np.inf
    return sums


def _log_sum(values: DoubleArray) -> float:
    return float(np.logaddexp.reduce(values, initial=-np.inf))


def _timed_forward(fst: Fst, bounds: IntVector, sources: IntVector, arc_scores: DoubleArray) -> DoubleArray:
    """Log-probability of all paths from the start to each state [S]."""
    # Arcs ordered by the state that they enter are ordered by frame, too; every state but the first is entered.
    order = np.argsort(fst.next_states, kind="stable")
    first_arcs = np.searchsorted(fst.next_states[order], np.arange(fst.num_states + 1))
    sources, arc_scores = sources[order], arc_scores[order]
    forward = np.full(fst.num_states, -np.inf)
    forward[0] = 0.0
    for first, end in pairwise(bounds[1:]):
        begin, stop = first_arcs[first], first_arcs[end]
        values = _possible(forward[sources[begin:stop]] + arc_scores[begin:stop])
        forward[first:end] = np.logaddexp.reduceat(values, first_arcs[first:end] - begin)
    return forward


def _timed_backward(fst: Fst, bounds: IntVector, sources: IntVector, arc_scores: DoubleArray) -> DoubleArray:
    """Log-probability of all paths from each state to the end [S]."""
    backward = -fst.final_weights.astype(np.float64)
    for end, first in pairwise(bounds[-2::-1]):
        begin, stop = fst.first_arcs[first], fst.first_arcs[end]
        values = _possible(arc_scores[begin:stop] + backward[fst.next_states[begin:stop]])
        left, positions = np.unique(sources[begin:stop], return_index=True)
        backward[left] = np.logaddexp(backward[left], np.logaddexp.reduceat(values, positions))
    return backward


def _looped_numerator(scores: FloatArray, fsts: tuple[Fst, ...], with_posteriors: bool) -> Numerator:
    total = 0.0
    posteriors = np.zeros(scores.shape, np.float32) if with_posteriors else None
    for sequence, fst in enumerate(fsts):
        log_probability, of_sequence = _looped_sequence(scores[:, sequence], fst, with_posteriors)
        total += log_probability
        if posteriors is not None and of_sequence is not None:
            posteriors[:, sequence] = of_sequence
    return Numerator(total, posteriors if np.isfinite(total) else None)


def _looped_sequence(scores: FloatArray, fst: Fst, with_posteriors: bool) -> tuple[float, FloatArray | None]:
    """Log-probability of one sequence, and posteriors [frames, pdfs], for its scores [frames, pdfs]."""
    frames, num_pdfs = scores.shape
    if not fst.num_states:
        raise TableFormatError("supervision: expected an automaton with states, found an empty one")
    sources = fst.sources()
    # Kaldi begins in state 0, whatever the start is. It takes the largest weight of the arcs that leave state 0 off
    # each of them and puts it back once: with a loop at state 0, paths gain by that.
    weights = fst.weights.copy()
    at_start = slice(0, fst.first_arcs[1])
    offset = np.float32(max(0.0, weights[at_start].max(initial=0.0)))
    weights[at_start] -= offset
    order = np.argsort(fst.next_states, kind="stable")
    entered, first_entering = np.unique(fst.next_states[order], return_index=True)
    left, first_leaving = np.unique(sources, return_index=True)
    forward = np.full((frames + 1, fst.num_states), -np.inf)
    forward[0, 0] = 0.0
    arc_scores = np.empty((frames, len(sources)))
    for frame in range(frames):
        arc_scores[frame] = _arc_scores(scores[frame, fst.ilabels - 1], weights)
        values = _possible(forward[frame, sources] + arc_scores[frame])[order]
        forward[frame + 1, entered] = np.logaddexp.reduceat(values, first_entering)
    scaled = _log_sum(forward[-1] - fst.final_weights)
    total = scaled - float(offset)
    if not with_posteriors or not np.isfinite(total):
        return total, None
    posteriors = np.zeros(scores.shape, np.float32)
    backward = -fst.final_weights.astype(np.float64)
    for frame in reversed(range(frames)):
        values = _possible(arc_scores[frame] + backward[fst.next_states])
        occupation = np.exp(_possible(forward[frame, sources] + values) - scaled)
        posteriors[frame] = np.bincount(fst.ilabels - 1, occupation, num_pdfs)
        backward = np.full(fst.num_states, -np.inf)
        backward[left] = np.logaddexp.reduceat(values, first_leaving)
    return total, posteriors
