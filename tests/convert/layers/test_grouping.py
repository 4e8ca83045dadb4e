from __future__ import annotations

import math

import numpy as np
import pytest

from ov_asr_score.errors import ModelFormatError
from ov_asr_score.kaldi_model.network import Component, FieldValue
from tests.convert.frame_layers import check, component, converted, scores

SIX = np.arange(6, dtype=np.float32).reshape(1, 1, 6)


@pytest.mark.parametrize(("width", "groups"), [(12, 3), (10, 10), (20, 1)])
def test_norms_of_groups(width: int, groups: int) -> None:
    check(component("Pnorm", InputDim=width, OutputDim=groups), width)


@pytest.mark.parametrize("p", [0.0, 0.5, 1.0, 2.0, 3.0, 7.5, math.inf])
def test_other_norms_of_nnet2(p: float) -> None:
    part = component("Pnorm", InputDim=12, OutputDim=3, P=p)
    check(part, 12, generation=2)
    frames = np.zeros((1, 2, 12), np.float32)
    frames[0, 1, 5] = 3e12
    found = scores(converted(part, 12, 2), frames)
    largest = 1.0 if p == 0 else 3e12
    np.testing.assert_allclose(found[0].tolist(), [[0.0, 0.0, 0.0], [0.0, largest, 0.0]], rtol=1e-6)


@pytest.mark.parametrize("scale", [1.0, -0.3])
@pytest.mark.parametrize("blocks", [1, 4])
def test_sums_of_blocks(blocks: int, scale: float) -> None:
    check(component("SumBlock", InputDim=12, OutputDim=12 // blocks, Scale=scale), 12)
    check(component("SumBlock", InputDim=6, OutputDim=6 * blocks, Scale=scale), 6)


@pytest.mark.parametrize(
    ("sizes", "operation"),
    [([1, 1, 1], "Parameter"), ([3, 3, 3], "ReduceSum"), ([1, 4, 2], "ReduceSum"), ([1] * 20 + [40], "MatMul")],
    ids=["alone", "equal", "different", "very different"],
)
def test_sums_of_neighbours(sizes: list[int], operation: str) -> None:
    part = component("SumGroup", Sizes=np.array(sizes, np.int32))
    check(part, sum(sizes))
    check(part, sum(sizes), generation=2)
    source = converted(part, sum(sizes)).get_results()[0].input_value(0)
    assert source.get_node().get_type_name() == operation


@pytest.mark.parametrize("columns", [[0, 1, 2, 3], [2, 0, 3, 1]])
def test_columns_in_another_order(columns: list[int]) -> None:
    check(component("Permute", ColumnMap=np.array(columns, np.int32)), 4)


def test_nnet2_says_where_columns_go() -> None:
    part = component("Permute", Reorder=np.array([2, 0, 1], np.int32))
    found = scores(converted(part, 3, 2), np.array([[[10, 11, 12]]], np.float32))
    # Column 0 goes to column 2.
    assert found[0, 0].tolist() == [11, 12, 10]


def test_the_largest_of_neighbours_in_nnet2() -> None:
    found = scores(converted(component("Maxout", InputDim=6, OutputDim=2), 6, 2), np.abs(SIX - 2))
    assert found[0, 0].tolist() == [2, 3]


def test_nnet1_counts_copied_columns_from_one() -> None:
    fields: dict[str, FieldValue] = {"InputDim": 6, "CopyFromIndices": np.array([6, 1, 1, 3], np.int32)}
    found = scores(converted(Component("layer", "Copy", fields, 0), 6, 1), SIX)
    assert found[0, 0].tolist() == [5, 0, 0, 2]


@pytest.mark.parametrize(
    ("part", "says"),
    [
        (
            component("Permute", ColumnMap=np.array([0, 0, 1], np.int32)),
            "ColumnMap>: expected every column once",
        ),
        (component("SumGroup", Sizes=np.array([2, 0], np.int32)), "Sizes>: expected numbers above 0"),
        (
            component("SumBlock", InputDim=7, OutputDim=2, Scale=1.0),
            "OutputDim>: expected a divisor of <InputDim> 7",
        ),
        (component("Pnorm", InputDim=12, OutputDim=5), "OutputDim>: expected a divisor of <InputDim> 12"),
        (component("Pnorm", InputDim=12, OutputDim=6, P=math.nan), "P>: expected 0 or more"),
        (component("Pnorm", InputDim=12), "expected a field <OutputDim>, found none"),
    ],
)
def test_sizes_that_do_not_fit_are_named(part: Component, says: str) -> None:
    with pytest.raises(ModelFormatError, match=f"component 'layer' at byte 1234: .*{says}"):
        converted(part, 12)
