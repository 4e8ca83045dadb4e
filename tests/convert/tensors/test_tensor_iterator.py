from __future__ import annotations

import numpy as np
import pytest

from ov_asr_score.convert.tensors.tensor_iterator import loop_over_time, loop_with_states, zero_state
from ov_asr_score.openvino_api import opset, ov

FRAMES = np.random.default_rng(3).standard_normal((2, 6, 3)).astype(np.float32)


def running_sum(frames: list[ov.Output], states: list[ov.Output]) -> tuple[list[ov.Output], list[ov.Output]]:
    total = opset.add(frames[0], states[0]).output(0)
    return [total], [total]


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("width", [1, 2, 3])
def test_a_sum_over_time(width: int, reverse: bool) -> None:
    x = opset.parameter(ov.PartialShape([-1, -1, 3]), np.float32)
    initial = [zero_state(x.output(0), width, 3)]
    states, outputs = loop_with_states([x.output(0)], initial, running_sum, width=width, reverse=reverse, name="sum")
    model = ov.Model([opset.result(value) for value in (*outputs, *states)], [x])
    found = ov.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})([FRAMES])
    # Each step adds ``width`` frames to those of the step before it.
    order = slice(None, None, -1) if reverse else slice(None)
    steps = FRAMES.reshape(2, 6 // width, width, 3)[:, order]
    expected = np.cumsum(steps, axis=1)[:, order].reshape(2, 6, 3)
    np.testing.assert_allclose(found[0], expected, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(found[1], steps.sum(1), rtol=1e-6, atol=1e-6)


def test_outputs_alone() -> None:
    x = opset.parameter(ov.PartialShape([-1, -1, 3]), np.float32)
    (output,) = loop_over_time([x.output(0)], [zero_state(x.output(0), 1, 3)], running_sum, name="sum")
    assert output.get_node().get_friendly_name() == "sum"
    assert output.get_partial_shape()[2] == 3
