"""Finding ports and layers by every name that users know."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import pytest

from ov_asr_score.errors import UnknownNameError
from ov_asr_score.openvino_api import opset as op
from ov_asr_score.ov_model.model_description import describe_ports
from ov_asr_score.ov_model.outputs import add_output, find_port, layer_names, port_names
from ov_asr_score.ports import PortInfo

MODELS = Path(__file__).parents[2] / "models"


def read(name: str) -> ov.Model:
    return ov.Core().read_model(MODELS / f"{name}.xml")


def splitting_model() -> ov.Model:
    x = op.parameter([1, 6], np.float32, name="x")
    hidden = op.relu(x, name="hidden")
    parts = op.split(hidden, op.constant(np.int64(1)), 2)
    parts.set_friendly_name("parts")
    parts.output(1).get_tensor().set_names({"second half", "half:2"})
    return ov.Model([op.result(op.tanh(parts.output(0), name="score"))], [x])


@pytest.mark.parametrize("name", ["score", "score:0", "affinetransform8:0", "affinetransform8:0:0"])
def test_the_output_of_a_converted_kaldi_model_has_many_names(name: str) -> None:
    model = read("dnn_digits")
    assert add_output(model, name) == 0
    assert len(model.outputs) == 1


@pytest.mark.parametrize("name", ["output", "output:0", "score", "score:0"])
def test_tensor_layer_and_port_names(name: str) -> None:
    assert add_output(read("tdnn_al"), name) == 0


@pytest.mark.parametrize(
    ("name", "known_as"),
    [("hidden", "hidden"), ("hidden:0", "hidden:0"), ("parts:0", "parts:0"), ("parts:1", "half:2"),
     ("second half", "half:2"), ("half:2", "half:2"), ("x", "x")],
)  # fmt: skip
def test_inner_layers_become_outputs_once(name: str, known_as: str) -> None:
    model = splitting_model()
    assert add_output(model, name) == 1
    assert add_output(model, name) == 1
    outputs = describe_ports(model)[1]
    assert [port.name for port in outputs] == ["score", known_as]
    assert set(outputs[1].names) >= {known_as}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("hiden", "no layer or tensor 'hiden'; did you mean 'hidden'?"),
        ("parts", "layer 'parts' has 2 outputs; say which: 'parts:0' … 'parts:1'"),
        ("parts:2", "layer 'parts' has 2 outputs, there is no port 2"),
        ("hidden:1", "layer 'hidden' has 1 output, there is no port 1"),
        ("zzzzzzzzz", "known: 'x', 'hidden', 'parts', 'score'"),
    ],
)
def test_names_that_are_not_there(name: str, message: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        add_output(splitting_model(), name)
    assert message in str(caught.value)


def test_layer_names_hold_whatever_add_output_takes() -> None:
    model = splitting_model()
    names = layer_names(model)
    assert {"x", "hidden", "hidden:0", "parts:0", "parts:1", "second half", "half:2", "score"} <= set(names)
    several = {"parts"}  # needs a port
    for name in set(names) - several:
        if not name.startswith("Result_"):
            add_output(splitting_model(), name)


def port(name: str, layer: str, number: int = 0, names: tuple[str, ...] = ()) -> PortInfo:
    return PortInfo(name, layer, number, names, (1, 3), "f32", "")


def test_find_port_prefers_tensor_names_to_layers() -> None:
    ports = [port("b", "a", 0, ("b",)), port("a", "c", 1, ("a", "also")), port("plain", "plain")]
    found: dict[str, Any] = {
        name: find_port(ports, name) for name in ("a", "b", "also", "c:1", "also:0", "a:0", "plain:0")
    }
    assert found == {"a": 1, "b": 0, "also": 1, "c:1": 1, "also:0": 1, "a:0": 0, "plain:0": 2}
    assert find_port(ports, "c:0") is None
    assert find_port([port("one", "split", 0), port("two", "split", 1)], "split") is None
    assert find_port(ports, "d") is None
    assert find_port([], "a") is None
    assert set(port_names(ports)) == {"a", "b", "c", "also", "plain"}
