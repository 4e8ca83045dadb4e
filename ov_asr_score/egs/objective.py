"""The objective and the accuracy of scores on the labels of examples, as Kaldi's compute-prob programs log them.

Sources: nnet3/nnet-training.cc (``ComputeObjectiveFunction``), nnet3/nnet-diagnostics.cc (``ComputeAccuracy``),
nnet2/nnet-update.cc. Kaldi adds up in float32 within a minibatch; here all sums are float64.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.egs.example import FloatMatrix, Labels, SparseLabels

ObjectiveType: TypeAlias = Literal["linear", "quadratic", "log of probabilities"]
"""``linear``: the sum of label times score; ``quadratic``: minus half the squared distance."""

_FLOOR = np.float32(1.0e-20)  # of nnet2's SoftmaxComponent


@dataclass(frozen=True, slots=True)
class ObjectiveSums:
    """Sums over rows of scores: of ``objective`` and ``weight``, and of the weights of rows whose best class is right.

    ``accuracy_weight`` is the sum of all labels; it is ``weight`` but for a quadratic objective, which counts rows.
    """

    objective: float = 0.0
    weight: float = 0.0
    correct: float = 0.0
    accuracy_weight: float = 0.0

    def __add__(self, other: ObjectiveSums) -> ObjectiveSums:
        """Both together."""
        return ObjectiveSums(
            self.objective + other.objective,
            self.weight + other.weight,
            self.correct + other.correct,
            self.accuracy_weight + other.accuracy_weight,
        )


def frame_objective(scores: FloatMatrix, labels: Labels, kind: ObjectiveType) -> ObjectiveSums:
    """The sums for ``scores`` [N, D] with a row of labels each; NaN and infinities go into them as they are."""
    best = _best_classes(scores)
    if isinstance(labels, SparseLabels):
        rows = np.repeat(np.arange(len(scores)), np.diff(labels.starts))
        weight = float(labels.values.sum(dtype=np.float64))
        if kind == "log of probabilities":
            # A row of nnet2 may have several labels, each of which is right or wrong by its own.
            correct = float(labels.values[labels.columns == best[rows]].sum(dtype=np.float64))
            logs = np.log(np.maximum(scores[rows, labels.columns], _FLOOR))
            return ObjectiveSums(_dot(logs, labels.values), weight, correct, weight)
        totals = np.bincount(rows, labels.values, len(scores)) if len(rows) else np.zeros(len(scores))
        correct = float(totals[_best_labels(labels) == best].sum())
        if kind == "quadratic":
            difference = -scores
            # As in SparseMatrix::CopyToMat, the last one counts of values for one column.
            difference[rows, labels.columns] = labels.values - scores[rows, labels.columns]
            return ObjectiveSums(-0.5 * _dot(difference, difference), float(len(scores)), correct, weight)
        return ObjectiveSums(_dot(scores[rows, labels.columns], labels.values), weight, correct, weight)
    totals = labels.sum(axis=1, dtype=np.float64)
    weight = float(totals.sum())
    correct = float(totals[np.argmax(labels, axis=1) == best].sum()) if labels.size else 0.0
    if kind == "quadratic":
        difference = labels - scores
        return ObjectiveSums(-0.5 * _dot(difference, difference), float(len(scores)), correct, weight)
    return ObjectiveSums(_dot(scores, labels), weight, correct, weight)


def _dot(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    return float(np.dot(one.reshape(-1).astype(np.float64), other.reshape(-1).astype(np.float64)))


def _best_classes(scores: FloatMatrix) -> NDArray[np.int64]:
    """The first class with the largest score of each row, -1 where there is none (NaN only)."""
    with np.errstate(invalid="ignore"):
        known = np.where(np.isnan(scores), -np.inf, scores)
    best = np.argmax(known, axis=1) if scores.size else np.zeros(len(scores), np.int64)
    best[~(known[np.arange(len(best)), best] > -1e21)] = -1
    return best


def _best_labels(labels: SparseLabels) -> NDArray[np.int64]:
    """The first column with the largest label of each row, counting the zeros that are not listed."""
    lengths = np.diff(labels.starts)
    best = np.zeros(len(lengths), np.int64)
    if len(labels.values) and (lengths == 1).all() and (labels.values >= 0).all():
        return labels.columns
    for row, (start, length) in enumerate(zip(labels.starts[:-1], lengths, strict=True)):
        columns, values = labels.columns[start : start + length], labels.values[start : start + length]
        if length and (values.max() >= 0 or length == labels.dim):
            best[row] = columns[np.argmax(values)]
        else:
            free = np.setdiff1d(np.arange(length + 1), columns)
            best[row] = free[0]
    return best
