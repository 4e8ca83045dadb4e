"""int8 models by NNCF, on graphs whose layers can be counted."""

from __future__ import annotations

import importlib
import os
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.openvino_api import opset, ov
from ov_asr_score.ov_model.int8 import CalibrationRequest, import_nncf, quantize_model
from tests.runtimes import require_nncf

WIDTH, HIDDEN = 16, 24
NUMBERS = np.random.default_rng(3)
WEIGHTS = [
    NUMBERS.standard_normal(shape).astype(np.float32) / 4 for shape in ((WIDTH, HIDDEN), (HIDDEN, HIDDEN), (HIDDEN, 5))
]


@pytest.fixture
def _nncf() -> None:
    require_nncf()


needs_nncf = pytest.mark.usefixtures("_nncf")


def layers(source: Any, *weights: NDArray[Any]) -> Any:
    for number, matrix in enumerate(weights):
        source = opset.matmul(source, opset.constant(matrix), False, False, name=f"product{number}")
        source = opset.tanh(source)
    return source


def network(batch: int = 1) -> ov.Model:
    """[batch, WIDTH] through three layers to ``scores``; layout and a fact in rt_info."""
    feats = opset.parameter([batch, WIDTH], np.float32, name="feats")
    feats.output(0).get_tensor().set_names({"feats"})
    feats.set_layout(ov.Layout("NC"))
    scores = layers(feats, *WEIGHTS)
    scores.output(0).get_tensor().set_names({"scores"})
    model = ov.Model([scores], [feats], "network")
    model.set_rt_info("kept", ["ov_asr_score", "fact"])
    return model


def recurrent() -> ov.Model:
    """h = tanh(x W + h U), from one frame to the next in a variable that has neither shape nor type of its own."""
    feats = opset.parameter([1, WIDTH], np.float32, name="feats")
    start = opset.constant(np.zeros((1, HIDDEN), np.float32))
    memory = opset.read_value(start, "h")
    inner = opset.matmul(memory, opset.constant(WEIGHTS[1]), False, False, name="recurrent")
    state = opset.tanh(opset.add(opset.matmul(feats, opset.constant(WEIGHTS[0]), False, False, name="first"), inner))
    scores = opset.matmul(state, opset.constant(WEIGHTS[2]), False, False, name="last")
    return ov.Model([opset.result(scores)], [opset.assign(state, "h")], [feats], "recurrent")


def requests(count: int = 12, batch: int = 1) -> list[CalibrationRequest]:
    rows = NUMBERS.standard_normal((count, batch, WIDTH)).astype(np.float32)
    return [CalibrationRequest((array,), begins=number % 6 == 0) for number, array in enumerate(rows)]


def infer(model: ov.Model, frames: NDArray[Any]) -> NDArray[Any]:
    compiled = ov.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    request = compiled.create_infer_request()
    return np.concatenate([np.array(request.infer([frame[None]])[0]) for frame in frames])


def weight_types(model: ov.Model) -> dict[str, str]:
    """Element type of the weights of each product, behind the operations that turn them into floats."""
    types = {}
    for node in model.get_ordered_ops():
        if node.get_type_name() == "MatMul":
            weights = node.input_value(1).get_node()
            while weights.get_type_name() != "Constant":
                weights = weights.input_value(0).get_node()
            types[node.get_friendly_name()] = weights.get_element_type().get_type_name()
    return types


@needs_nncf
def test_all_but_the_first_layer_are_int8_and_the_scores_are_near() -> None:
    model = network()
    made = quantize_model(model, requests(), "network.xml")
    assert (made.kept, made.products) == (("product0",), 3)
    assert weight_types(made.model) == {"product0": "f32", "product1": "i8", "product2": "i8"}
    assert set(weight_types(model).values()) == {"f32"}  # the float model is left alone
    frames = NUMBERS.standard_normal((20, WIDTH)).astype(np.float32)
    exact, found = infer(model, frames), infer(made.model, frames)
    assert 0 < np.abs(found - exact).max() < 0.05


@needs_nncf
def test_ports_layouts_and_facts_stay() -> None:
    made = quantize_model(network(), requests(), "network.xml").model
    (port,), (output,) = made.inputs, made.outputs
    assert (port.get_names(), output.get_names()) == ({"feats"}, {"scores"})
    assert port.get_partial_shape() == ov.PartialShape([1, WIDTH])
    assert port.get_node().get_layout() == ov.Layout("NC")
    assert made.get_rt_info(["ov_asr_score", "fact"]).astype(str) == "kept"


@needs_nncf
def test_requests_may_hold_more_rows_than_the_model() -> None:
    made = quantize_model(network(), requests(3, batch=7), "network.xml").model
    assert made.inputs[0].get_partial_shape() == ov.PartialShape([1, WIDTH])


@needs_nncf
def test_the_first_layers_on_request() -> None:
    made = quantize_model(network(), requests(), "network.xml", first_layers=True)
    assert made.kept == ()
    assert set(weight_types(made.model).values()) == {"i8"}


@needs_nncf
def test_a_single_layer_is_not_kept() -> None:
    feats = opset.parameter([1, WIDTH], np.float32)
    made = quantize_model(ov.Model([layers(feats, WEIGHTS[0])], [feats], "single"), requests(), "single.xml")
    assert (made.kept, weight_types(made.model)) == ((), {"product0": "i8"})


@needs_nncf
def test_variables_keep_their_values_within_an_utterance() -> None:
    model = recurrent()
    made = quantize_model(model, requests(), "recurrent.xml")
    assert weight_types(made.model) == {"first": "f32", "recurrent": "i8", "last": "i8"}
    frames = NUMBERS.standard_normal((20, WIDTH)).astype(np.float32)
    exact, found = infer(model, frames), infer(made.model, frames)
    assert 0 < np.abs(found - exact).max() < 0.1


@needs_nncf
def test_rare_large_values_are_not_cut() -> None:
    """One request in twelve has values ten times as large: a mean of the ranges would cut them."""
    given = requests()
    given[5] = CalibrationRequest((given[5].arrays[0] * 10,))
    made = quantize_model(network(), given, "network.xml", first_layers=True).model
    frames = given[5].arrays[0]
    assert np.abs(infer(made, frames) - infer(network(), frames)).max() < 0.2


@needs_nncf
def test_nothing_that_can_be_int8(capfd: pytest.CaptureFixture[str]) -> None:
    feats = opset.parameter([1, WIDTH], np.float32)
    model = ov.Model([opset.tanh(feats)], [feats], "nothing")
    with pytest.raises(UnsupportedModelError, match=r"nothing\.xml: "):
        quantize_model(model, requests(), "nothing.xml")


@needs_nncf
def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    quantize_model(network(), requests(), "network.xml")
    assert capfd.readouterr() == ("", "")


def test_without_nncf(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> Any:
        raise ImportError(f"No module named '{name}'")

    monkeypatch.setattr(importlib, "import_module", absent)
    monkeypatch.delenv("NNCF_CI", raising=False)
    with pytest.raises(UnsupportedModelError, match=r"No module named 'nncf'.*pip install 'ov-asr-score\[quantize\]'"):
        import_nncf()
    assert "NNCF_CI" not in os.environ


def test_an_nncf_for_another_runtime_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def too_new(name: str) -> None:
        raise AttributeError("type object 'Type' has no attribute 'u2'")

    monkeypatch.setattr(importlib, "import_module", too_new)
    with pytest.raises(UnsupportedModelError, match=r"is not for OpenVINO \d+\.\d+.* \(.*'u2'\); use a newer OpenVINO"):
        import_nncf()
