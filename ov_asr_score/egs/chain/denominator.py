"""The denominator of the chain objective: the probability of all sequences of pdfs that the phone language model knows.

Sources: chain/chain-den-graph.cc, chain/chain-denominator.cc.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import ModelFormatError, ShapeMismatchError
from ov_asr_score.fst.reading import Fst, IntVector, read_fst
from ov_asr_score.kaldi_io.matrices.stream import open_stream

FloatArray: TypeAlias = NDArray[np.float32]
DoubleArray: TypeAlias = NDArray[np.float64]

_INITIAL_STEPS = 100
_MOST_PROBABILITY = 100.0
# Scores are limited before their exponential is taken, as in Kaldi.
_SCORE_LIMIT = 30.0
# Products of arcs and sequences that are computed at a time: some megabytes, which stay in the cache.
_BLOCK = 1 << 18


@dataclass(frozen=True, slots=True, eq=False)
class DenominatorGraph:
    """A hidden Markov model over pdfs; arcs are ordered by the state that they enter."""

    source: str  # the file, for messages
    initial_probabilities: DoubleArray  # [S]
    sources: IntVector  # [A] state that an arc leaves
    pdfs: IntVector  # [A]
    probabilities: DoubleArray  # [A]
    entered: IntVector  # [E] states that arcs enter, ascending
    first_arcs: IntVector  # [E] the first arc that enters each

    @property
    def num_states(self) -> int:
        """Number of states."""
        return len(self.initial_probabilities)


def read_denominator(path: str, *, allow_commands: bool = False) -> DenominatorGraph:
    """The graph in the file ``path`` (``den.fst`` of an experiment), an automaton whose labels are pdfs plus 1.

    Raises FileAccessError, TableFormatError (no automaton) and ModelFormatError (one that is no denominator).
    """
    with open_stream(path, allow_commands=allow_commands) as stream:
        fst = read_fst(stream)
        return denominator_graph(fst, stream.name)


def denominator_graph(fst: Fst, source: str) -> DenominatorGraph:
    """The graph of an automaton; ``source`` names its file. Raises ModelFormatError where Kaldi would stop."""
    if fst.start < 0 or not len(fst.ilabels):
        raise ModelFormatError(f"{source}: expected a start state and arcs, found an empty automaton")
    wrong = np.flatnonzero(fst.ilabels < 1)
    if wrong.size:
        arc = int(wrong[0])
        raise ModelFormatError(
            f"{source}: arc {arc}: expected labels of 1 or more (pdf + 1), found {fst.ilabels[arc]}; "
            "give the den.fst of a chain system, not a decoding graph"
        )
    order = np.argsort(fst.next_states, kind="stable")
    entered, first_arcs = np.unique(fst.next_states[order], return_index=True)
    with np.errstate(over="ignore", invalid="ignore"):
        # Kaldi keeps them in single precision.
        probabilities = np.exp(-fst.weights.astype(np.float64)).astype(np.float32).astype(np.float64)
    return DenominatorGraph(
        source=source,
        initial_probabilities=_initial_probabilities(fst, source),
        sources=fst.sources()[order],
        pdfs=fst.ilabels[order] - 1,
        probabilities=probabilities[order],
        entered=entered,
        first_arcs=first_arcs,
    )


def _initial_probabilities(fst: Fst, source: str) -> DoubleArray:
    """Mean of the state probabilities over the first 100 steps from the start state [S].

    A chunk of speech may begin anywhere in an utterance (``DenominatorGraph::SetInitialProbs``).
    """
    states, sources = fst.num_states, fst.sources()
    with np.errstate(over="ignore", invalid="ignore"):
        probabilities = np.exp(-fst.weights.astype(np.float64))
        totals = np.exp(-fst.final_weights.astype(np.float64)) + np.bincount(sources, probabilities, states)
    wrong = np.flatnonzero(~((totals > 0) & (totals < _MOST_PROBABILITY)))
    if wrong.size:
        state = int(wrong[0])
        raise ModelFormatError(
            f"{source}: state {state}: expected probabilities that add up to more than 0 and less than "
            f"{_MOST_PROBABILITY:g}, found {totals[state]:.4g}; give the den.fst of a chain system"
        )
    mean: DoubleArray = np.zeros(states)
    current: DoubleArray = np.zeros(states)
    current[fst.start] = 1.0
    for _ in range(_INITIAL_STEPS):
        mean += current / _INITIAL_STEPS
        current = np.asarray(
            np.bincount(fst.next_states, (current / totals)[sources] * probabilities, states), np.float64
        )
        total = current.sum()
        if total <= 0:
            raise ModelFormatError(f"{source}: expected arcs that go on from the start state, found a dead end")
        current /= total
    return mean.astype(np.float32).astype(np.float64)


def denominator_log_probability(scores: FloatArray, graph: DenominatorGraph, leaky_hmm_coefficient: float) -> float:
    """Log-probability of all sequences together under ``scores`` [frames, sequences, pdfs], by the forward algorithm.

    In each frame a part ``leaky_hmm_coefficient`` of the probability of a sequence moves to states chosen by their
    initial probabilities. Probabilities are divided by their sum in each frame so that they stay in range. Raises
    ShapeMismatchError if the graph has pdfs that the scores lack.
    """
    sequences, num_pdfs = scores.shape[1:]
    if graph.pdfs.max() >= num_pdfs:
        raise ShapeMismatchError(
            f"{graph.source}: expected pdfs below {num_pdfs}, the width of the output, found {graph.pdfs.max()}; "
            "give the denominator graph of the same model"
        )
    step = max(1, _BLOCK // len(graph.pdfs))
    return sum(
        _forward(scores[:, first : first + step], graph, leaky_hmm_coefficient) for first in range(0, sequences, step)
    )


def _forward(scores: FloatArray, graph: DenominatorGraph, leaky_hmm_coefficient: float) -> float:
    initial = graph.initial_probabilities
    leak = leaky_hmm_coefficient * initial
    alpha = np.tile(initial, (scores.shape[1], 1))
    sums = alpha.sum(axis=1, keepdims=True)
    alpha = alpha + sums * leak
    log_scale = 0.0
    for frame in scores:
        # NaN becomes the lower limit, as in Kaldi.
        likelihoods = np.exp(np.clip(np.where(np.isnan(frame), -_SCORE_LIMIT, frame), -_SCORE_LIMIT, _SCORE_LIMIT))
        log_scale += float(np.log(sums).sum())
        products = np.take(alpha, graph.sources, axis=1)
        products *= graph.probabilities
        products *= np.take(likelihoods, graph.pdfs, axis=1)
        alpha = np.zeros_like(alpha)
        alpha[:, graph.entered] = np.add.reduceat(products, graph.first_arcs, axis=1) / sums
        sums = alpha.sum(axis=1, keepdims=True)
        alpha += sums * leak
    return log_scale + float(np.log(alpha.sum(axis=1)).sum())
