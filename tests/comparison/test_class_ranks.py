"""The greatest scores of each frame, against sorting."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ov_asr_score.comparison.class_ranks import best_places


def sorted_places(scores: NDArray[Any], number: int) -> list[int]:
    """The same places by a stable sort of each row."""
    columns = np.argsort(-scores, axis=1, kind="stable")[:, :number]
    places = np.arange(len(scores))[:, None] * scores.shape[1] + columns
    return np.sort(places, axis=None).tolist()  # type: ignore[no-any-return]


@pytest.mark.parametrize("number", [1, 5, 64])
@pytest.mark.parametrize("columns", [64, 255, 256, 257, 1000])
@pytest.mark.parametrize("levels", [2, 50, 1 << 20])
def test_best_places(number: int, columns: int, levels: int) -> None:
    scores = np.random.default_rng(columns + levels).integers(0, levels, (30, columns)).astype(np.float32)
    assert best_places(scores, number).tolist() == sorted_places(scores, number)


def test_ties_are_won_by_the_first_columns() -> None:
    assert best_places(np.zeros((2, 300)), 2).tolist() == [0, 1, 300, 301]


def test_minus_infinity_is_least() -> None:
    scores = np.array([[-np.inf, -np.inf, 1.0], [-np.inf] * 3])
    assert best_places(scores, 2).tolist() == [0, 2, 3, 4]
