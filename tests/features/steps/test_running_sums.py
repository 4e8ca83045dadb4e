from __future__ import annotations

import numpy as np

from ov_asr_score.features.steps.running_sums import BLOCK_ROWS, running_sums, sum_after


def test_sums_are_added_one_after_the_other() -> None:
    random = np.random.default_rng(0)
    rows = random.standard_normal((BLOCK_ROWS + 100, 1)).astype(np.float32)
    start = np.array([1e9])
    total = start[0]
    expected = []
    for row in rows[:, 0].tolist():
        total += row
        expected.append(total)
    np.testing.assert_array_equal(running_sums(start, rows)[:, 0], expected)
    assert sum_after(start, rows)[0] == expected[-1]


def test_no_rows() -> None:
    assert running_sums(np.ones(3), np.zeros((0, 3))).shape == (0, 3)
    assert sum_after(np.ones(3), np.zeros((0, 3))).tolist() == [1, 1, 1]
