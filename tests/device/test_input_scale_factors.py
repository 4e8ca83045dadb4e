from __future__ import annotations

import numpy as np

from ov_asr_score.device.input_scale_factors import scale_factor_of


def test_scale_factor_of_features() -> None:
    assert scale_factor_of(np.array([[1, -8], [4, 2]], np.float32)) == 16384 / 8
    assert scale_factor_of(np.zeros((3, 2), np.float32)) == 1.0
    assert scale_factor_of(np.zeros((0, 0), np.float32)) == 1.0
    assert scale_factor_of(np.array([[np.nan, np.inf, 2.0]], np.float32)) == 16384 / 2
