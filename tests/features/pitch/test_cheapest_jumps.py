"""The fast search for the cheapest jumps against trying all of them."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from ov_asr_score.features.pitch.cheapest_jumps import CheapestJumps

FACTOR = np.float32(np.float32(np.log(1.005) ** 2) * np.float32(0.1))


def all_jumps(costs: NDArray[np.float32], factor: np.float32) -> NDArray[np.float32]:
    distances = np.arange(len(costs))[:, None] - np.arange(len(costs))
    jumps: NDArray[np.float32] = (distances**2).astype(np.float32) * factor + costs
    return jumps


# The heights are those of silence, of jumps that are all near, and of jumps beyond that.
@pytest.mark.parametrize("height", [0.0, 1e-6, 1e-4, 9e-4, 1e-2, 1.0, 1e4])
@pytest.mark.parametrize("num_lags", [1, 2, 15, 16, 17, 18, 33, 100, 417])
@pytest.mark.parametrize("kind", ["noise", "walk", "waves", "peaks"])
def test_all_jumps(height: float, num_lags: int, kind: str) -> None:
    random = np.random.default_rng(num_lags)
    jumps = CheapestJumps(num_lags, FACTOR)
    for _ in range(3):
        costs = random.random(num_lags)
        if kind == "walk":
            costs = np.cumsum(costs - 0.5)
        if kind == "waves":
            costs = np.cos(np.arange(num_lags) / (3 + 30 * random.random()) + 6 * random.random())
        if kind == "peaks":
            costs = np.where(costs > 5 / num_lags, 1.0, 0.0)
        costs = (costs - costs.min()) / max(float(np.ptp(costs)), 1e-9) * height
        expected = all_jumps(costs.astype(np.float32), FACTOR)
        np.testing.assert_array_equal(jumps.from_all(costs.astype(np.float32)), expected.min(axis=1))
        for lag in {0, num_lags // 2, num_lags - 1}:
            assert jumps.best_before(costs.astype(np.float32), lag) == expected[lag].argmin()


@pytest.mark.parametrize("num_lags", [1, 2, 40])
def test_jumps_that_cost_nothing(num_lags: int) -> None:
    costs = np.random.default_rng(1).random(num_lags).astype(np.float32)
    costs -= costs.min()
    jumps = CheapestJumps(num_lags, np.float32(0))
    assert (jumps.from_all(costs) == 0).all() and jumps.best_before(costs, 0) == costs.argmin()
