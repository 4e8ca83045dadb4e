"""Objective and accuracy of scores on labels of all kinds."""

from __future__ import annotations

from math import log

import numpy as np
import pytest

from ov_asr_score.egs.example import SparseLabels
from ov_asr_score.egs.objective import ObjectiveSums, ObjectiveType, frame_objective

SCORES = np.array([[1.0, 3.0, 2.0], [0.5, -1.0, 0.0], [4.0, 4.0, 1.0]], np.float32)
ROWS = [[(1, 0.5), (2, 0.5)], [(1, 2.0)], []]


def sparse(rows: list[list[tuple[int, float]]], dim: int = 3) -> SparseLabels:
    pairs = [pair for row in rows for pair in row]
    starts = np.cumsum([0, *(len(row) for row in rows)])
    columns = np.array([column for column, _ in pairs], np.int64)
    return SparseLabels(dim, starts, columns, np.array([value for _, value in pairs], np.float32))


def full(rows: list[list[tuple[int, float]]], dim: int = 3) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    labels = np.zeros((len(rows), dim), np.float32)
    for target, row in zip(labels, rows, strict=True):
        for column, value in row:
            target[column] = value
    return labels


@pytest.mark.parametrize("labels", [sparse(ROWS), full(ROWS)])
def test_linear(labels: SparseLabels) -> None:
    # The first row is right, of weight 1; the second is wrong, the last has no weight.
    assert frame_objective(SCORES, labels, "linear") == ObjectiveSums(0.5 * 3 + 0.5 * 2 - 2, 3, 1, 3)


@pytest.mark.parametrize("labels", [sparse(ROWS), full(ROWS)])
def test_quadratic(labels: SparseLabels) -> None:
    squares = (1 + 2.5**2 + 1.5**2) + (0.25 + 9 + 0) + (16 + 16 + 1)
    assert frame_objective(SCORES, labels, "quadratic") == ObjectiveSums(-0.5 * squares, 3, 1, 3)


def test_quadratic_takes_the_last_of_two_labels_for_one_column() -> None:
    """As Kaldi does when it fills a matrix with them."""
    found = frame_objective(SCORES[:1], sparse([[(0, 5.0), (0, 2.0)]]), "quadratic")
    assert found.objective == -0.5 * (1 + 9 + 4)


def test_quadratic_of_an_infinite_score() -> None:
    scores = np.array([[np.inf, 1.0, 2.0]], np.float32)
    assert frame_objective(scores, sparse([[(0, 1.0)]]), "quadratic").objective == -np.inf


def test_log_of_probabilities() -> None:
    """Each label of nnet2 counts on its own, also where a frame has the same one twice; probabilities have a floor."""
    scores = np.array([[0.5, 0.25, 0.25], [0.0, 1.0, 0.0]], np.float32)
    labels = sparse([[(0, 0.5), (0, 0.25), (1, 0.25)], [(2, 1.0)]], 1 << 31)
    found = frame_objective(scores, labels, "log of probabilities")
    assert found.objective == pytest.approx(0.75 * log(0.5) + 0.25 * log(0.25) + log(1e-20), rel=1e-6)
    assert (found.weight, found.correct, found.accuracy_weight) == (2, 0.75, 2)


@pytest.mark.parametrize(
    ("row", "best"),
    [([(2, -0.5)], 0), ([(0, -0.5)], 1), ([(0, -1.0), (1, -2.0)], 2), ([(0, -3.0), (1, -2.0), (2, -4.0)], 1)],
)
def test_labels_below_zero(row: list[tuple[int, float]], best: int) -> None:
    """Kaldi takes the first column that is not listed for the best one, unless all are listed."""
    scores = np.zeros((1, 3), np.float32)
    scores[0, best] = 1
    weight = sum(value for _, value in row)
    for kind in ("linear", "quadratic"):
        assert frame_objective(scores, sparse([row]), kind).correct == weight
        assert frame_objective(-scores, sparse([row]), kind).correct in (0, weight if best else 0)


@pytest.mark.parametrize("kind", ["linear", "quadratic", "log of probabilities"])
def test_nan(kind: ObjectiveType) -> None:
    scores = np.full((1, 3), np.nan, np.float32)
    found = frame_objective(scores, sparse([[(0, 1.0)]]), kind)
    assert np.isnan(found.objective)
    assert found.correct == 0


@pytest.mark.parametrize("kind", ["linear", "quadratic", "log of probabilities"])
def test_no_rows(kind: ObjectiveType) -> None:
    assert frame_objective(np.zeros((0, 3), np.float32), sparse([]), kind) == ObjectiveSums()
