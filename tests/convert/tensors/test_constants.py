from __future__ import annotations

import numpy as np

from ov_asr_score.convert.tensors.constants import float_scalar, int_scalar, int_vector


def test_integers_are_int64() -> None:
    one, several = int_scalar(2**62), int_vector(0, -1, 3)
    assert (one.data.dtype, one.data.shape, int(one.data)) == (np.int64, (), 2**62)
    assert (several.data.dtype, several.data.tolist()) == (np.int64, [0, -1, 3])
    assert int_vector(7).data.shape == (1,)


def test_numbers_are_float32() -> None:
    number = float_scalar(1 / 3, name="third")
    assert (number.data.dtype, number.data.shape) == (np.float32, ())
    assert float(number.data) == np.float32(1 / 3)
    assert number.get_friendly_name() == "third"
    assert float_scalar(0).get_friendly_name().startswith("Constant")
