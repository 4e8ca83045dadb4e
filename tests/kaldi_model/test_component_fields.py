from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ov_asr_score.errors import ModelFormatError
from ov_asr_score.kaldi_model.component_fields import flag, integer, integers, matrix, number, vector
from tests.convert.frame_layers import component

PART = component(
    "Affine",
    Dim=3,
    Scale=0.5,
    TestMode=True,
    Bias=np.array([1, 2], np.float32),
    Weights=np.ones((2, 3), np.float32),
    Sizes=np.array([4, 5], np.int32),
    Nothing=np.zeros((0, 0), np.float32),
    Text="x" * 50,
)


def test_values_of_the_right_kind() -> None:
    assert integer(PART, "Dim") == integer(PART, "InputDim", "Dim") == 3
    assert integer(PART, "InputDim", default=7) == 7
    assert number(PART, "Scale") == 0.5
    assert number(PART, "Rms", 1.0) == 1.0
    assert flag(PART, "TestMode")
    assert not flag(PART, "Continuous")
    assert vector(PART, "Bias", 2).dtype == np.float32
    assert matrix(PART, "Weights").shape == (2, 3)
    assert integers(PART, "Sizes").tolist() == [4, 5]


@pytest.mark.parametrize(
    ("read", "says"),
    [
        (lambda: integer(PART, "InputDim", "OldDim"), "expected a field <InputDim>, found none"),
        (lambda: integer(PART, "TestMode"), "field <TestMode>: expected an integer, found 'True'"),
        (lambda: number(PART, "Text"), f"field <Text>: expected a number, found '{'x' * 20}'"),
        (lambda: flag(PART, "Bias"), r"field <Bias>: expected true or false, found shape \[2\]"),
        (lambda: vector(PART, "Bias", 3), r"field <Bias>: expected a vector of 3 values, found shape \[2\]"),
        (lambda: vector(PART, "Weights"), r"field <Weights>: expected a vector, found shape \[2, 3\]"),
        (lambda: matrix(PART, "Nothing"), r"field <Nothing>: expected a matrix, found shape \[0, 0\]"),
        (lambda: integers(PART, "Scale"), "field <Scale>: expected a vector of integers, found '0.5'"),
    ],
)
def test_others_are_named(read: Callable[[], Any], says: str) -> None:
    with pytest.raises(ModelFormatError, match=f"^component 'layer' at byte 1234: {says}$"):
        read()
