"""Constants that are NaN or infinite: refused, told, or passed over, as the rule says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ov_asr_score.convert.nonfinite_weights import nonfinite_note
from ov_asr_score.convert.tensors.nonfinite_constants import nonfinite_constants
from ov_asr_score.errors import ModelFormatError
from ov_asr_score.openvino_api import opset, ov
from ov_asr_score.ov_model.conversion_cache import conversion_key, keep_model
from ov_asr_score.ov_model.finite_weights import examine_weights
from ov_asr_score.ov_model.model_file import read_or_convert_model
from ov_asr_score.settings.kaldi import DEFAULT_OPTIONS
from tests.kaldi_texts import affine3, nnet3

INF, NAN = np.inf, np.nan
MASK = np.where(np.tri(3, dtype=bool), 0, -INF)[None]


def constant(values: object, name: str = "W", kind: ov.Type = ov.Type.f32) -> ov.Node:
    made = opset.constant(np.array(values, np.float32), kind)
    made.set_friendly_name(name)
    return made if kind == ov.Type.f32 else opset.convert(made, "f32")


def graph(operation: str, values: object, kind: ov.Type = ov.Type.f32) -> ov.Model:
    """A model whose input [1, 3, 3] meets a constant in one operation, ``op``."""
    x = opset.parameter([1, 3, 3], np.float32, name="x")
    weights = constant(values, kind=kind)
    if operation == "matmul, transposed":
        turned = opset.transpose(weights, opset.constant(np.array([1, 0])))
        y = opset.matmul(x, turned, False, False, name="op")
    elif operation == "matmul":
        y = opset.matmul(x, weights, False, False, name="op")
    elif operation == "add, cut":
        axes = (opset.constant(np.array([number])) for number in (0, 1, 1, 1))
        y = opset.add(x, opset.slice(weights, *axes), name="op")
    elif operation == "select":
        y = opset.select(opset.greater(x, opset.constant(np.float32(0))), x, weights, name="op")
    elif operation == "subtract":
        y = opset.subtract(x, weights, name="op")
    elif operation == "subtracted from":
        y = opset.subtract(weights, x, name="op")
    else:
        y = getattr(opset, operation)(x, weights, name="op")
    return ov.Model([y], [x], "m")


REFUSED = [
    ("matmul", [[0, 0, 0], [0, NAN, 0], [0, 0, 0]], "[1, 1] is NaN"),
    ("matmul", [[0, 0, 0], [0, 0, 0], [0, 0, -INF]], "[2, 2] is -inf"),
    ("matmul, transposed", [[0, 0, 0], [INF, 0, 0], [0, 0, INF]], "[1, 0] is inf, and 1 more"),
    ("multiply", [1, 2, INF], "[2] is inf"),
    ("add", [1, 2, NAN], "[2] is NaN"),
    ("add", [1, 2, INF], "[2] is inf"),
    ("subtract", [1, 2, -INF], "[2] is -inf"),
    ("subtracted from", [1, 2, INF], "[2] is inf"),
    ("select", NAN, "is NaN"),
    ("maximum", [NAN, 0, 0], "[0] is NaN"),
]
TOLD = [("add", MASK), ("add, cut", MASK), ("subtract", -MASK), ("add", [0, -INF, 1.5]), ("multiply", INF)]
PASSED = [("select", -INF), ("select", MASK), ("maximum", -INF), ("minimum", [INF, INF, 2]), ("matmul", np.eye(3))]


@pytest.mark.parametrize("kind", ["f32", "f16", "bf16", "f64"])
@pytest.mark.parametrize(("operation", "values", "text"), REFUSED)
def test_refused(operation: str, values: Any, text: str, kind: str) -> None:
    if kind == "bf16" and np.ndim(values) == 0:
        values = np.array([values, values, values])  # the runtime makes no such single number
        text = "[0] is NaN, and 2 more"
    found = examine_weights(graph(operation, values, getattr(ov.Type, kind)))
    assert found.refused.startswith("constant 'W' (into ")
    assert found.refused.endswith(f": {text}")
    assert not found.doubtful


@pytest.mark.parametrize(("operation", "values"), TOLD)
def test_told(operation: str, values: object) -> None:
    found = examine_weights(graph(operation, values))
    assert found.doubtful.startswith("constant 'W' (into ")
    assert not found.refused


@pytest.mark.parametrize(("operation", "values"), PASSED)
def test_passed_over(operation: str, values: object) -> None:
    found = examine_weights(graph(operation, values))
    assert (found.refused, found.doubtful) == ("", "")


def test_weights_that_are_only_large_are_fine() -> None:
    assert nonfinite_constants(graph("matmul", np.full((3, 3), 3e38))) == []
    assert nonfinite_constants(graph("matmul", np.full((3, 3), 65504), ov.Type.f16)) == []


def loop(weights: ov.Node, *, inside: bool) -> ov.Model:
    """h_t = x_t W over three frames; W is a constant of the body, or comes in from outside."""
    x = opset.parameter([1, 3, 2], np.float32, name="x")
    frame, brought = opset.parameter([1, 1, 2], np.float32), opset.parameter([2, 2], np.float32)
    y = opset.matmul(frame, weights if inside else brought, False, False)
    body = ov.Model([y], [frame] if inside else [frame, brought], "body")
    node = opset.tensor_iterator()
    node.set_body(body)
    node.set_sliced_input(frame, x.output(0), 0, 1, 1, -1, 1)
    if not inside:
        node.set_invariant_input(brought, weights.output(0))
    return ov.Model([node.get_concatenated_slices(body.get_results()[0].output(0), 0, 1, 1, -1, 1)], [x], "loop")


@pytest.mark.parametrize("inside", [False, True])
def test_loops_are_looked_into(inside: bool) -> None:
    assert "[1, 1] is inf" in examine_weights(loop(constant([[0, 0], [0, INF]]), inside=inside)).refused
    assert examine_weights(loop(constant([[0, 0], [0, 1]]), inside=inside)).refused == ""


def test_branches_are_looked_into() -> None:
    onnx = pytest.importorskip("onnx")
    helper, floats = onnx.helper, onnx.TensorProto.FLOAT
    branches = {}
    for name, value in (("then_branch", 1.0), ("else_branch", NAN)):
        weights = helper.make_tensor(f"{name}_w", floats, [2], [value, 1.0])
        node = helper.make_node("Add", ["x", f"{name}_w"], [name])
        result = helper.make_tensor_value_info(name, floats, [1, 2])
        branches[name] = helper.make_graph([node], name, [], [result], [weights])
    nodes = [
        helper.make_node("ReduceSum", ["x"], ["sum"], keepdims=0),
        helper.make_node("Greater", ["sum", "zero"], ["positive"]),
        helper.make_node("If", ["positive"], ["y"], **branches),
    ]
    made = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", floats, [1, 2])],
        [helper.make_tensor_value_info("y", floats, [1, 2])],
        [helper.make_tensor("zero", floats, [], [0.0])],
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    assert "[0] is NaN" in examine_weights(ov.Core().read_model(model.SerializeToString())).refused


def test_ir_is_refused_unless_allowed(tmp_path: Path) -> None:
    path = tmp_path / "model.xml"
    ov.save_model(graph("matmul", [[0, 0, 0], [0, NAN, 0], [0, 0, 0]]), path, compress_to_fp16=False)
    with pytest.raises(
        ModelFormatError, match=r"model\.xml: constant '.*' \(into MatMul 'op'\): \[1, 1\] is NaN; expected"
    ):
        read_or_convert_model(path)
    (note,) = read_or_convert_model(path, allow_nonfinite=True).notes
    assert note.startswith("weights are not finite: constant '")


def test_mask_of_attention_is_told(tmp_path: Path) -> None:
    path = tmp_path / "model.xml"
    ov.save_model(graph("add", MASK), path, compress_to_fp16=False)
    (note,) = read_or_convert_model(path).notes
    assert note.endswith("taken for a mask or another deliberate infinity")


def kaldi_model(path: Path, value: float) -> Path:
    nodes = [
        "input-node name=input dim=1",
        "component-node name=a component=a input=input",
        "output-node name=output input=a",
    ]
    path.write_text(nnet3(nodes, {"a": affine3(np.array([[value]]), np.zeros(1))}))
    return path


def test_ir_of_a_kaldi_model_names_the_component(tmp_path: Path) -> None:
    made = read_or_convert_model(kaldi_model(tmp_path / "final.raw", NAN), allow_nonfinite=True)
    (note,) = made.notes
    assert made.conversion is not None
    assert note == nonfinite_note(made.conversion.nonfinite_weights)
    ov.save_model(made.model, tmp_path / "model.xml", compress_to_fp16=False)
    with pytest.raises(
        ModelFormatError, match=r"model\.xml: component 'a' at byte \d+: field <LinearParams>: \[0, 0\]"
    ):
        read_or_convert_model(tmp_path / "model.xml")


def test_a_kept_model_needs_permission_again(tmp_path: Path) -> None:
    path = kaldi_model(tmp_path / "final.raw", NAN)
    folder = str(tmp_path / "cache")
    made = read_or_convert_model(path, allow_nonfinite=True)
    assert keep_model(made.model, folder, conversion_key(path, DEFAULT_OPTIONS)) == ""
    with pytest.raises(ModelFormatError, match=r"final\.raw: component 'a' at byte \d+: field <LinearParams>"):
        read_or_convert_model(path, cache=folder)
    kept = read_or_convert_model(path, cache=folder, allow_nonfinite=True)
    assert kept.from_cache
    assert kept.notes == made.notes
