from __future__ import annotations

from ov_asr_score.convert.tensors.named_ports import INNER_OUTPUT, named_parameter, named_result
from ov_asr_score.openvino_api import opset, ov


def test_tensors_have_the_names_of_nodes() -> None:
    features = named_parameter("input", [-1, -1, 4])
    scores = opset.relu(features).output(0)
    results = [named_result(scores, name) for name in ("output", f"tdnn1{INNER_OUTPUT}")]
    model = ov.Model(results, [features])
    assert model.inputs[0].get_names() == {"input"}
    assert model.inputs[0].get_partial_shape() == ov.PartialShape([-1, -1, 4])
    assert [output.get_names() for output in model.outputs] == [
        {"output"},
        {"tdnn1"},
    ]  # the same values under two names
    assert [node.get_friendly_name() for node in results] == ["output/result", "tdnn1/result"]
