from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.convert.from_file import convert_file
from ov_asr_score.convert.tensors.shared_constants import share_constants
from ov_asr_score.kaldi_model.loading import load_network
from ov_asr_score.openvino_api import opset as op
from ov_asr_score.openvino_api import ov
from tests.kaldi_texts import write_model

RANDOM = np.random.default_rng(1)


def products(*weights: NDArray[Any]) -> ov.Model:
    x = op.parameter([1, 9], np.float32)
    value = x
    for matrix in weights:
        value = op.matmul(value, op.constant(matrix), False, True)
    return ov.Model([op.result(value)], [x])


def constants(model: ov.Model) -> int:
    return sum(node.get_type_name() == "Constant" for node in model.get_ops())


def scores(model: ov.Model) -> NDArray[Any]:
    x = np.ones((1, 9), np.float32)
    return np.array(ov.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})([x])[0])


def test_equal_weights_are_kept_once() -> None:
    one, other = (RANDOM.standard_normal((9, 9)).astype(np.float32) for _ in range(2))
    model = products(one, other, one, one, other)
    before = scores(model)
    assert share_constants(model) == 3
    model.validate_nodes_and_infer_types()
    assert constants(model) == 2
    np.testing.assert_array_equal(scores(model), before)


def test_what_differs_in_value_type_or_shape_stays() -> None:
    one = RANDOM.standard_normal((9, 9)).astype(np.float32)
    changed = one.copy()
    changed[8, 8] += 1
    assert share_constants(products(one, changed)) == 0
    assert share_constants(products(np.eye(2, 9, dtype=np.float32))) == 0


def test_weights_with_nan_are_equal_too() -> None:
    one = np.full((9, 9), np.nan, np.float32)
    assert share_constants(products(one, one)) == 1


def test_a_component_of_two_nodes_is_kept_once(tmp_path: Path) -> None:
    weights = "\n".join(" ".join(f"{value:.3f}" for value in row) for row in RANDOM.standard_normal((9, 9)))
    text = (
        "<Nnet3> \ninput-node name=input dim=9\n"
        "component-node name=a component=shared input=input\n"
        "component-node name=b component=shared input=a\n"
        "output-node name=output input=b\n\n<NumComponents> 1\n"
        f"<ComponentName> shared <LinearComponent> <LearningRate> 0.1 <Params> [\n{weights} ]\n</LinearComponent>\n"
        "</Nnet3>\n"
    )
    path = write_model(tmp_path / "twice.raw", text)
    assert len(load_network(path).components) == 1
    model = convert_file(path)
    shapes = [list(node.shape) for node in model.get_ops() if node.get_type_name() == "Constant"]
    assert shapes.count([9, 9]) == 1
