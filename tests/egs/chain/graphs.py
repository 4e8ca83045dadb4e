"""Automata and supervision for tests, and every path through them, one after the other."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from ov_asr_score.egs.chain.supervision import ChainSupervision
from ov_asr_score.fst.reading import Fst

Arc = tuple[int, int, int, float]  # state, next state, label, weight


def fst_of(arcs: Sequence[Arc], finals: dict[int, float], *, start: int = 0, states: int | None = None) -> Fst:
    """Acceptor of ``arcs``, which are in the order of their states."""
    count = states or 1 + max([arc[0] for arc in arcs] + [arc[1] for arc in arcs] + list(finals))
    final_weights = np.full(count, np.inf, np.float32)
    final_weights[list(finals)] = list(finals.values())
    labels = np.array([arc[2] for arc in arcs], np.int64)
    sources = np.array([arc[0] for arc in arcs], np.int64)
    return Fst(
        start=start,
        final_weights=final_weights,
        first_arcs=np.searchsorted(sources, np.arange(count + 1)).astype(np.int64),
        ilabels=labels,
        olabels=labels,
        weights=np.array([arc[3] for arc in arcs], np.float32),
        next_states=np.array([arc[1] for arc in arcs], np.int64),
    )


def supervision_of(
    *fsts: Fst, frames: int, pdfs: int, sequences: int = 1, weight: float = 1.0, is_end_to_end: bool = False
) -> ChainSupervision:
    """Supervision of ``sequences`` pieces of ``frames`` frames."""
    return ChainSupervision(weight, sequences, frames, pdfs, is_end_to_end, fsts)


def all_paths(arcs: Sequence[Arc], start: int, length: int) -> Iterator[list[Arc]]:
    """Every sequence of ``length`` arcs from ``start``."""
    if length == 0:
        yield []
        return
    for arc in arcs:
        if arc[0] == start:
            for rest in all_paths(arcs, arc[1], length - 1):
                yield [arc, *rest]


def log_sum(values: Sequence[float]) -> float:
    """Logarithm of the sum of exponentials."""
    return math.log(math.fsum(map(math.exp, values)))
