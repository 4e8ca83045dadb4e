from __future__ import annotations

import numpy as np
import pytest

from ov_asr_score.finite import is_finite, nonfinite_text, value_text


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_one_value_that_is_not_finite_is_found(value: float) -> None:
    matrix = np.zeros((50, 40), dtype=np.float32)
    assert is_finite(matrix)
    matrix[49, 39] = value
    assert not is_finite(matrix)


def test_a_sum_that_overflows_is_no_infinity_in_the_matrix() -> None:
    assert is_finite(np.full((10, 10), 3e38, dtype=np.float32))


def test_opposite_infinities_do_not_cancel() -> None:
    assert not is_finite(np.array([np.inf, -np.inf], dtype=np.float32))


def test_the_first_place_is_told_with_the_number_of_others() -> None:
    matrix = np.zeros((3, 4), np.float32)
    assert nonfinite_text(matrix) == ""
    matrix[1, 2] = np.nan
    assert nonfinite_text(matrix) == "[1, 2] is NaN"
    matrix[2] = -np.inf
    assert nonfinite_text(matrix) == "[1, 2] is NaN, and 4 more"
    assert value_text(matrix, (2, 0)) == "[2, 0] is -inf"
    assert nonfinite_text(np.array(np.inf)) == "is inf"
