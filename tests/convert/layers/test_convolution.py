from __future__ import annotations

import pytest

from ov_asr_score.errors import ModelFormatError
from ov_asr_score.kaldi_model.network import Component, FieldValue
from tests.convert.frame_layers import check, component, converted, random_values

NAMES = ("InputXDim", "InputYDim", "InputZDim", "FiltXDim", "FiltYDim", "FiltXStep", "FiltYStep")


def convolution(sizes: tuple[int, ...], order: int, filters: int = 4) -> Component:
    fields: dict[str, FieldValue] = dict(zip(NAMES, sizes, strict=True))
    width = sizes[2] * sizes[3] * sizes[4]
    return component(
        "Convolution",
        **fields,
        InputVectorization=order,
        FilterParams=random_values(filters, width),
        BiasParams=random_values(filters, seed=2),
    )


@pytest.mark.parametrize("order", [0, 1], ids=["yzx", "zyx"])
@pytest.mark.parametrize(
    "sizes",
    [
        (3, 8, 1, 3, 4, 1, 1),
        (5, 7, 3, 2, 3, 1, 2),
        (5, 9, 2, 3, 3, 2, 3),
        (1, 6, 3, 1, 2, 1, 1),
        (4, 6, 2, 1, 6, 1, 1),
        (3, 5, 2, 3, 5, 1, 1),
        (6, 6, 1, 4, 4, 3, 3),
    ],
    ids=["splice", "steps", "both steps", "one x", "rows without copies", "whole frame", "rest left over"],
)
def test_all_filters_at_all_places(sizes: tuple[int, ...], order: int) -> None:
    check(convolution(sizes, order), sizes[0] * sizes[1] * sizes[2])


def test_a_filter_as_large_as_the_frame_is_one_product() -> None:
    model = converted(convolution((3, 5, 2, 3, 5, 1, 1), 0), 30)
    assert {node.get_type_name() for node in model.get_ops()} == {"Parameter", "Constant", "MatMul", "Add", "Result"}


@pytest.mark.parametrize(
    ("sizes", "order", "says"),
    [
        ((3, 8, 1, 4, 4, 1, 1), 1, "FiltXDim>: expected at most <InputXDim> 3"),
        ((3, 8, 1, 3, 4, 1, 0), 1, "FiltYDim>: expected at most <InputYDim> 8, and a step above 0"),
    ],
)
def test_sizes_that_do_not_fit_are_named(sizes: tuple[int, ...], order: int, says: str) -> None:
    with pytest.raises(ModelFormatError, match=f"component 'layer' at byte 1234: field <{says}"):
        converted(convolution(sizes, order), 24)


@pytest.mark.parametrize("sizes", [(3, 8, 1, 3, 4, 1, 1), (3, 5, 2, 3, 5, 1, 1)])
def test_weights_without_a_place_meet_the_first_column(sizes: tuple[int, ...]) -> None:
    part = convolution(sizes, 0)
    width = part.fields["FilterParams"].shape[1]  # type: ignore[union-attr]
    check(
        component("Convolution", **{**part.fields, "FilterParams": random_values(4, width + 3)}),
        sizes[1] * 3 * sizes[2],
    )


def test_in_an_unknown_order_all_weights_meet_the_first_column() -> None:
    part = convolution((3, 8, 1, 3, 4, 1, 1), 2)
    check(part, 24)


def test_filters_of_another_width() -> None:
    part = convolution((3, 8, 1, 3, 4, 1, 1), 1)
    other = component("Convolution", **{**part.fields, "FilterParams": random_values(4, 11)})
    with pytest.raises(ModelFormatError, match="FilterParams>: expected 12 columns"):
        converted(other, 24)
