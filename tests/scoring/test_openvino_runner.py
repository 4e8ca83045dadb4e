"""Infer requests of a compiled model as a Runner."""

from __future__ import annotations

from typing import Any

import numpy as np
import openvino as ov
import pytest

from ov_asr_score.errors import DeviceError
from ov_asr_score.scoring.openvino_runner import OpenVinoRunner
from tests.scoring.tiny_models import WIDTH, affine_model, affine_scores, decay_model, decay_scores, frames


def compiled(model: ov.Model, **properties: Any) -> ov.CompiledModel:
    return ov.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32", **properties})


def test_slots_are_apart_and_read_the_bound_arrays_in_place() -> None:
    runner = OpenVinoRunner(compiled(affine_model([-1, WIDTH])), 2)
    assert [port.name for port in (*runner.inputs, *runner.outputs)] == ["x", "score"]
    buffers = [np.zeros((3, WIDTH), np.float32), np.zeros((2, WIDTH), np.float32)]
    for slot, buffer in enumerate(buffers):
        runner.bind(slot, [buffer])
        buffer[:] = frames(len(buffer), slot)
    for slot in (0, 1):
        runner.start(slot)
    assert all(runner.finish(slot) > 0 for slot in (0, 1))
    for slot, buffer in enumerate(buffers):
        np.testing.assert_allclose(runner.results(slot)[0], affine_scores(buffer), rtol=0, atol=1e-5)
    buffers[0][:] = 1
    runner.run(0)
    np.testing.assert_allclose(runner.results(0)[0], affine_scores(np.ones((3, WIDTH))), rtol=0, atol=1e-5)


def test_variables_of_one_slot_are_reset_alone() -> None:
    runner = OpenVinoRunner(compiled(decay_model()), 2)
    value = frames(1)
    for slot in (0, 1):
        runner.bind(slot, [value])
        runner.run(slot)
    runner.reset_state(1)
    for slot in (0, 1):
        runner.run(slot)
    np.testing.assert_allclose(runner.results(0)[0], decay_scores(value.repeat(2, 0))[1:], rtol=0, atol=1e-5)
    np.testing.assert_allclose(runner.results(1)[0], decay_scores(value), rtol=0, atol=1e-5)


def test_wanted_outputs_in_the_asked_order() -> None:
    model = affine_model([1, WIDTH])
    model.add_outputs(model.inputs[0].get_node().output(0))
    runner = OpenVinoRunner(compiled(model), 1, wanted=(1, 0, 1))
    assert [port.shape for port in runner.outputs] == [(1, WIDTH), (1, 3), (1, WIDTH)]
    value = frames(1)
    runner.bind(0, [value])
    runner.run(0)
    assert [result.shape for result in runner.results(0)] == [(1, WIDTH), (1, 3), (1, WIDTH)]
    np.testing.assert_array_equal(runner.results(0)[0], value)


def test_layer_records() -> None:
    for profile in (True, False):
        runner = OpenVinoRunner(compiled(affine_model([1, WIDTH]), PERF_COUNT=profile))
        runner.bind(0, [frames(1)])
        runner.run(0)
        if profile:
            assert any("EXECUTED" in str(record.status) for record in runner.layer_records(0))


def test_arrays_of_another_shape_are_refused_in_one_line() -> None:
    runner = OpenVinoRunner(compiled(affine_model([1, WIDTH])))
    with pytest.raises(DeviceError, match="input 'x': ") as caught:
        runner.bind(0, [frames(1, 0, WIDTH + 1)])
    assert "\n" not in str(caught.value)
