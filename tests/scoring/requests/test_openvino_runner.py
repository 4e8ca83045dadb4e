"""Infer requests of a compiled model as a Runner."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import numpy as np
import openvino as ov
import pytest

from ov_asr_score.errors import DeviceError
from ov_asr_score.scoring.model_loading import configure_model, load_model
from ov_asr_score.scoring.requests import openvino_runner
from ov_asr_score.scoring.requests.openvino_runner import OpenVinoRunner
from ov_asr_score.scoring.scorer import prepare_scorer
from ov_asr_score.scoring.scorer_options import ScorerOptions
from ov_asr_score.scoring.utterances.joining import Utterance
from ov_asr_score.settings.device import DeviceSettings
from tests.places import ROOT
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


def test_layer_times_of_one_run() -> None:
    for profile in (True, False):
        runner = OpenVinoRunner(compiled(affine_model([1, WIDTH]), PERF_COUNT=profile))
        runner.bind(0, [frames(1)])
        runner.run(0)
        calls = [layer.calls for layer in runner.averaged_layer_times()]
        assert (1 in calls) == profile
        assert set(calls) <= {0, 1}


def test_arrays_of_another_shape_are_refused_in_one_line() -> None:
    runner = OpenVinoRunner(compiled(affine_model([1, WIDTH])))
    with pytest.raises(DeviceError, match="input 'x': ") as caught:
        runner.bind(0, [frames(1, 0, WIDTH + 1)])
    assert "\n" not in str(caught.value)


class AveragingRequest:
    """A request as the CPU plugin has them: it tells the mean of all runs of the compiled model so far."""

    def __init__(self, plugin: list[float]) -> None:
        self.plugin = plugin

    def infer(self, share_outputs: bool) -> None:
        self.plugin.append(100.0 if len(self.plugin) < 3 else 10.0)

    @property
    def profiling_info(self) -> list[SimpleNamespace]:
        mean = timedelta(microseconds=sum(self.plugin) / len(self.plugin)) if self.plugin else timedelta()
        status = "Status.EXECUTED" if self.plugin else "Status.NOT_RUN"
        return [
            SimpleNamespace(node_name="a", node_type="b", exec_type="c", real_time=mean, cpu_time=mean, status=status)
        ]


@pytest.mark.parametrize("slots", [1, 2])
def test_layer_times_of_the_cpu_are_means_times_runs(slots: int, monkeypatch: pytest.MonkeyPatch) -> None:
    runner = OpenVinoRunner(compiled(affine_model([1, WIDTH])), slots)
    plugin: list[float] = []
    monkeypatch.setattr(runner, "_requests", [AveragingRequest(plugin) for _ in range(slots)])
    for _ in range(3):  # a trial, slower than all that follows
        runner.run(0)
    runner.forget_layer_times()
    assert runner.averaged_layer_times() == []
    for number in range(7):
        runner.run(number % slots)
        assert list(runner.layer_records(number % slots)) == []
    (layer,) = runner.averaged_layer_times()
    assert (layer.name, layer.calls) == ("a", 7)
    assert layer.real_microseconds == pytest.approx(70.0, abs=1e-3 * 10)


def test_times_of_single_runs_come_from_other_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openvino_runner, "runs_on_cpu_alone", lambda compiled: False)
    runner = OpenVinoRunner(compiled(affine_model([1, WIDTH]), PERF_COUNT=True))
    runner.bind(0, [np.zeros((1, WIDTH), dtype=np.float32)])
    runner.run(0)
    assert len(list(runner.layer_records(0))) > 0
    assert runner.averaged_layer_times() == []


def test_a_real_run_counts_every_request_once_and_no_trial() -> None:
    model = ROOT / "models" / "dnn_digits.xml"
    options = ScorerOptions(model=str(model), batch_size=16, device=DeviceSettings(profile=True))
    given = [Utterance("a", {"input": np.ones((160, 440), dtype=np.float32)}, 160)]
    scorer = prepare_scorer(configure_model(load_model(options), options), options, given[0])
    assert sum(result.num_requests for result in scorer.score(given)) == 10
    assert {layer.calls for layer in scorer.runner.averaged_layer_times() if layer.type == "FullyConnected"} == {10}
