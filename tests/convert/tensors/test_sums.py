from __future__ import annotations

import numpy as np

from ov_asr_score.convert.tensors.sums import total
from ov_asr_score.openvino_api import opset, ov


def test_one_value_is_its_own_sum() -> None:
    x = opset.parameter([1, 2, 3], np.float32).output(0)
    assert total([x]) is x


def test_values_are_added_from_the_first_to_the_last() -> None:
    inputs = [opset.parameter([1, 1, 1], np.float32) for _ in range(3)]
    model = ov.Model([opset.result(total([node.output(0) for node in inputs]))], inputs)
    compiled = ov.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    # Added from the other end the ones would be lost beside 2^24.
    values = [np.full((1, 1, 1), value, np.float32) for value in (1, 1, 2**24)]
    assert compiled(values)[0].item() == 2**24 + 2
