from __future__ import annotations

import math

import numpy as np
import pytest

from ov_asr_score.decoding.token_passing import token_table
from ov_asr_score.decoding.token_passing.search_arrays import TOKEN, SearchLimits


def limits(beam: float, max_active: int, min_active: int) -> SearchLimits:
    return SearchLimits(beam, max_active, min_active, 0.5, np.float32(1), 0.0, False, 0.0)


def kaldi_cutoff(costs: np.ndarray, beam: float, max_active: int, min_active: int) -> tuple[float, float]:
    """LatticeFasterDecoder ``GetCutoff``."""
    ordered, best = np.sort(costs), costs.min()
    if len(costs) > max_active and ordered[max_active] < best + beam:
        return ordered[max_active], ordered[max_active] - best + 0.5
    least = ordered[min_active] if len(costs) > min_active else math.inf
    if min_active == 0:
        least = best
    return (least, least - best + 0.5) if least > best + beam else (best + beam, beam)


@pytest.mark.parametrize(("beam", "max_active", "min_active"), [(3, 50, 10), (3, 5, 2), (0.1, 90, 40), (99, 99, 0)])
def test_as_many_tokens_go_on_as_with_kaldi(beam: float, max_active: int, min_active: int) -> None:
    random = np.random.default_rng(1)
    for count in (1, 2, 3, 9, 10, 11, 40, 41, 100, 200):
        tokens, scratch = np.zeros(count, TOKEN), np.zeros(count, TOKEN)
        tokens["cost"] = random.exponential(4.0, count) + 100
        found = token_table.cutoff(tokens, count, limits(float(beam), max_active, min_active), scratch)
        assert found == pytest.approx(kaldi_cutoff(tokens["cost"], beam, max_active, min_active))


def test_costs_by_rank() -> None:
    random = np.random.default_rng(2)
    for count in (1, 2, 7, 50):
        costs = random.integers(0, 9, count).astype(float)
        for rank in range(count):
            tokens = np.zeros(count, TOKEN)
            tokens["cost"] = costs
            assert token_table.smallest(tokens, count, rank) == np.sort(costs)[rank]
