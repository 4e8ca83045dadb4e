from __future__ import annotations

import numpy as np

from ov_asr_score.features.steps.live_step import LiveContext, LiveRowByRow, with_edges
from tests.features.steps.kaldi_post import in_pieces

ROWS = np.arange(12, dtype=np.float32).reshape(6, 2)


def middle(padded: np.ndarray) -> np.ndarray:
    return padded[3:-1] * 10


def test_edges_are_repeated() -> None:
    assert with_edges(ROWS, 2, 1)[:, 0].tolist() == [0, 0, 0, 2, 4, 6, 8, 10, 10]


def test_context_of_any_pieces() -> None:
    for seed in range(10):
        np.testing.assert_array_equal(in_pieces(LiveContext(3, 1, middle), ROWS, seed), ROWS * 10)
    live = LiveContext(3, 1, middle)
    assert live.accept(ROWS[:0]).shape == (0, 2) and live.finish().shape == (0, 0)


def test_rows_by_themselves() -> None:
    live = LiveRowByRow(lambda rows: rows[:, :1])
    assert live.finish().shape == (0, 0)
    assert live.accept(ROWS).shape == (6, 1) and live.finish().shape == (0, 1) and live.delay == 0
