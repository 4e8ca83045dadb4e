from __future__ import annotations

import numpy as np
import pytest

from ov_asr_score.errors import ModelFormatError
from ov_asr_score.kaldi_model.network import Component, FloatArray
from ov_asr_score.openvino_api import ov
from tests.convert.frame_layers import check, component, converted, random_values


def with_bias(kind: str, rows: int, columns: int) -> Component:
    return component(kind, LinearParams=random_values(rows, columns), BiasParams=random_values(rows, seed=2))


@pytest.mark.parametrize("kind", ["Affine", "NaturalGradientAffine", "FixedAffine"])
def test_a_matrix_and_a_bias(kind: str) -> None:
    check(with_bias(kind, 6, 11), 11)


def test_a_matrix_without_bias() -> None:
    check(component("Linear", Params=random_values(5, 8)), 8)


def operations(model: ov.Model) -> list[str]:
    left_out = {"Constant", "Parameter", "Result"}
    return [node.get_type_name() for node in model.get_ordered_ops() if node.get_type_name() not in left_out]


def test_one_product_and_one_sum_are_built() -> None:
    assert operations(converted(with_bias("Affine", 6, 11), 11)) == ["MatMul", "Add"]
    assert operations(converted(component("Linear", Params=random_values(5, 8)), 8)) == ["MatMul"]


@pytest.mark.parametrize("repeats", [1, 3])
@pytest.mark.parametrize("kind", ["RepeatedAffine", "NaturalGradientRepeatedAffine"])
def test_one_matrix_for_every_block(kind: str, repeats: int) -> None:
    weights, bias = random_values(4, 5), random_values(4, seed=2)
    check(component(kind, NumRepeats=repeats, LinearParams=weights, BiasParams=bias), 5 * repeats)


@pytest.mark.parametrize(
    ("blocks", "rows", "columns", "product"),
    [(1, 4, 5, "MatMul"), (3, 4, 5, "MatMul"), (4, 72, 65, "Split"), (40, 8, 7, "Reshape")],
    ids=["one", "small blocks as one matrix", "large blocks one by one", "many blocks together"],
)
def test_a_matrix_for_each_block(blocks: int, rows: int, columns: int, product: str) -> None:
    weights, bias = random_values(blocks * rows, columns), random_values(blocks * rows, seed=2)
    part = component("BlockAffine", NumBlocks=blocks, LinearParams=weights, BiasParams=bias)
    assert operations(converted(part, blocks * columns))[0] == product
    check(part, blocks * columns)


@pytest.mark.parametrize(
    ("weights", "bias", "says"),
    [
        (np.zeros((3, 2), np.float32), np.zeros(2, np.float32), "field <BiasParams>: expected a vector of 3 values"),
        (np.zeros((0, 0), np.float32), np.zeros(0, np.float32), "field <LinearParams>: expected a matrix"),
    ],
)
def test_sizes_that_do_not_fit_are_named(weights: FloatArray, bias: FloatArray, says: str) -> None:
    with pytest.raises(ModelFormatError, match=f"component 'layer' at byte 1234: {says}"):
        converted(component("Affine", LinearParams=weights, BiasParams=bias), 2)


def test_rows_that_blocks_do_not_divide() -> None:
    part = component("BlockAffine", NumBlocks=2, LinearParams=random_values(3, 2), BiasParams=random_values(3))
    with pytest.raises(ModelFormatError, match="NumBlocks>: expected a divisor of the 3 rows"):
        converted(part, 4)
