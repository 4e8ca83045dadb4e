from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ov_asr_score.scoring.utterances.noise_size import noise_size


@pytest.mark.parametrize(
    ("values", "size"),
    [
        (np.array([[1.0, -1.0], [-1.0, 1.0]]), 1.0),
        (np.full((1, 4), 0.37), 0.37),  # one frame: its deviation is rounding
        (np.full((1000, 3), 0.1, np.float32), 0.1),
        (np.zeros((5, 3)), 1.0),
        (np.zeros((0, 0)), 1.0),
        (np.array([[np.nan, np.inf, 0.0]]), 1.0),
    ],
)
def test_noise_moves_values_of_any_size(values: Any, size: float) -> None:
    assert noise_size(values) == pytest.approx(size)
