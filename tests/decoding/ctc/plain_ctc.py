"""Plain definitions of CTC in numpy, for a few frames and tokens: every alignment is looked at."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass
class Labelling:
    """A label sequence: the logarithm of its probability, and its best alignment with that of its own."""

    log_prob: float = -np.inf
    best: float = -np.inf
    alignments: list[tuple[int, ...]] = field(default_factory=list)


def random_log_probs(seed: int, frames: int, tokens: int, sharpness: float = 3.0) -> NDArray[np.float64]:
    """Log-probabilities [T, V] of random logits."""
    logits = np.random.default_rng(seed).standard_normal((frames, tokens)) * sharpness
    sums: NDArray[np.float64] = np.log(np.exp(logits).sum(axis=1, keepdims=True))
    return logits - sums


def labels_of(alignment: Sequence[int], blank: int) -> tuple[int, ...]:
    """The labels of an alignment: repetitions merged, blanks left out."""
    return tuple(label for label, _ in itertools.groupby(alignment) if label != blank)


def spans_of(alignment: Sequence[int], blank: int) -> list[tuple[int, int]]:
    """First frame and frame behind the last of every label."""
    spans, frame = [], 0
    for label, run in itertools.groupby(alignment):
        length = len(list(run))
        if label != blank:
            spans.append((frame, frame + length))
        frame += length
    return spans


def all_labellings(log_probs: NDArray[np.float64], blank: int) -> dict[tuple[int, ...], Labelling]:
    """Every label sequence with the sum over all of its alignments, and the best of these (all of them, if equal)."""
    found: dict[tuple[int, ...], Labelling] = {}
    for alignment in itertools.product(range(log_probs.shape[1]), repeat=len(log_probs)):
        value = float(sum(log_probs[frame, label] for frame, label in enumerate(alignment)))
        each = found.setdefault(labels_of(alignment, blank), Labelling())
        each.log_prob = float(np.logaddexp(each.log_prob, value))
        if value > each.best + 1e-9:
            each.best, each.alignments = value, []
        if value > each.best - 1e-9:
            each.alignments.append(alignment)
    return found
