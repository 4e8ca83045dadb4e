"""Models in plain data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import openvino as ov
import pytest

from ov_asr_score.openvino_api import opset as op
from ov_asr_score.ov_model.model_description import describe_model, describe_ports, describe_variables, layout_letters
from ov_asr_score.ports import PortInfo

MODELS = Path(__file__).parents[2] / "models"


def test_a_shipped_model() -> None:
    description = describe_model(ov.Core().read_model(MODELS / "dnn_digits.xml"))
    assert description.name == "dnn_digits"
    assert description.inputs == (PortInfo("input", "input", 0, ("input",), (1, 440), "f32", ""),)
    assert [(port.name, port.shape) for port in description.outputs] == [("score", (1, 120))]
    assert set(description.outputs[0].names) >= {"score", "affinetransform8:0"}
    assert description.variables == ()
    assert description.layer_counts["MatMul"] == sum(kind == "MatMul" for _, kind, _ in description.layers)
    assert description.parameter_count * 4 == description.weight_bytes["f32"]


def test_parameters_are_counted_once_by_type() -> None:
    x = op.parameter([1, 3], np.float32)
    weights = op.convert(op.constant(np.ones((3, 2), np.float16)), "f32")
    product = op.matmul(x, weights, False, False)
    score = op.reshape(op.add(product, op.constant(np.ones(2, np.float32))), op.constant(np.array([1, 2])), False)
    description = describe_model(ov.Model([op.result(score)], [x]))
    assert description.weight_bytes == {"f16": 12, "f32": 8, "i64": 16}
    assert description.parameter_count == 8


def test_free_dimensions_and_layouts() -> None:
    inputs = [op.parameter(shape, np.float16, name=f"in{i}") for i, shape in enumerate(([-1, -1, 40], [1, 10]))]
    anything = op.parameter(ov.PartialShape.dynamic(), np.float32, name="anything")
    inputs[0].set_layout(ov.Layout("NTC"))
    model = ov.Model([op.result(op.relu(node)) for node in inputs], [*inputs, anything])
    found, _ = describe_ports(model)
    assert [(port.shape, port.element_type, port.layout) for port in found] == [
        ((None, None, 40), "f16", "NTC"),
        ((1, 10), "f16", ""),
        (None, "f32", ""),
    ]


def test_outputs_without_tensor_names_are_called_by_their_layers() -> None:
    x = op.parameter([1, 6], np.float32, name="x")
    split = op.split(x, op.constant(np.int64(1)), 2)
    split.set_friendly_name("parts")
    results = [op.result(split.output(0)), op.result(split.output(1)), op.result(op.relu(x, name="rectified"))]
    results[2].set_friendly_name("rectified/sink_port_0")
    outputs = describe_ports(ov.Model(results, [x]))[1]
    assert [(port.name, port.layer, port.port) for port in outputs] == [
        ("parts:0", "parts", 0),
        ("parts:1", "parts", 1),
        ("rectified", "rectified", 0),
    ]
    assert [port.names for port in outputs] == [(), (), ()]


def test_a_compiled_model_has_the_ports_of_its_model() -> None:
    model = ov.Core().read_model(MODELS / "two_inputs.xml")
    compiled = ov.Core().compile_model(model, "CPU")
    for ours, theirs in zip(describe_ports(model), describe_ports(compiled), strict=True):
        assert [(port.name, port.shape) for port in ours] == [(port.name, port.shape) for port in theirs]


def test_variables() -> None:
    variables = describe_variables(ov.Core().read_model(MODELS / "tdnn_al.xml"))
    assert [variable.element_type for variable in variables] == ["f32", "f32"]
    assert all(variable.shape is not None and variable.shape[0] == 1 for variable in variables)
    assert len({variable.name for variable in variables}) == 2


@pytest.mark.parametrize(("layout", "letters"), [("[N,C]", "NC"), ("[N,?,C]", "N?C"), ("[...]", ""), ("[]", "")])
def test_layout_letters(layout: str, letters: str) -> None:
    assert layout_letters(layout) == letters
