"""Layouts, float32 ports and batch sizes."""

from __future__ import annotations

from typing import Any

import numpy as np
import openvino as ov
import pytest

from ov_asr_score.errors import UnsupportedModelError, UsageError
from ov_asr_score.openvino_api import opset as op
from ov_asr_score.ov_model.model_description import describe_ports
from ov_asr_score.ov_model.preparation import parse_layouts, use_float32_ports, with_leading_dimension


def model_of(*shapes: list[int], dtype: Any = np.float32) -> ov.Model:
    inputs = [op.parameter(shape, dtype, name=f"in{index}") for index, shape in enumerate(shapes)]
    return ov.Model([op.result(op.abs(node)) for node in inputs], inputs)


@pytest.mark.parametrize(
    ("text", "layouts"),
    [
        ("[NC]", {"": "NC"}),
        ("in0[NC]", {"in0": "NC"}),
        ("in0[NC],in1[NTC]", {"in0": "NC", "in1": "NTC"}),
        (" in0 [n,c] , a:0[N?]", {"in0": "NC", "a:0": "N?"}),
    ],
)
def test_layout_texts(text: str, layouts: dict[str, str]) -> None:
    assert parse_layouts(text) == layouts


@pytest.mark.parametrize("text", ["", "NC", "in0", "in0[NC", "in0[NC]x", "in0[NC] in1[NC]", "[]"])
def test_texts_that_are_no_layouts(text: str) -> None:
    with pytest.raises(UsageError, match="layout"):
        parse_layouts(text)


@pytest.mark.parametrize("dtype", [np.float16, np.float64, np.int32, np.int8])
def test_all_ports_become_float32(dtype: Any) -> None:
    model = use_float32_ports(model_of([1, 3], dtype=dtype))
    (port,), (output,) = describe_ports(model)
    assert (port.name, port.element_type, output.element_type) == ("in0", "f32", "f32")
    value = np.array([[1, -2, 3]], np.float32)
    np.testing.assert_array_equal(ov.Core().compile_model(model, "CPU")(value)[0], np.abs(value))


def test_a_model_of_float32_is_handed_back_as_it_is() -> None:
    model = model_of([1, 3])
    assert use_float32_ports(model) is model


@pytest.mark.parametrize("size", [None, 1, 5])
def test_a_leading_dimension_is_set_on_a_copy(size: int | None) -> None:
    model = model_of([2, 3])
    changed = with_leading_dimension(model, [0], size)
    assert [port.shape for ports in describe_ports(changed) for port in ports] == [(size, 3), (size, 3)]
    assert describe_ports(model)[0][0].shape == (2, 3)


@pytest.mark.parametrize("size", [None, 5])
def test_a_batch_inside_the_graph_is_told_in_one_line(size: int | None) -> None:
    x = op.parameter([2, 3], np.float32, name="x")
    model = ov.Model([op.result(op.add(x, op.constant(np.ones((2, 3), np.float32))))], [x])
    with pytest.raises(UnsupportedModelError, match=f"cannot take batch size {size or 'any'}: ") as caught:
        with_leading_dimension(model, [0], size)
    assert "\n" not in str(caught.value)


def test_outputs_need_not_follow_where_time_is_folded_in() -> None:
    x = op.parameter([-1, -1, 3], np.float32, name="x")
    model = ov.Model([op.result(op.reshape(x, op.constant(np.array([-1, 3])), False))], [x])
    assert describe_ports(with_leading_dimension(model, [0], 1, follow=False))[0][0].shape == (1, None, 3)
