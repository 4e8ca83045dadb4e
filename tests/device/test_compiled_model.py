"""Models compiled for devices, on the CPU plugin."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import openvino as ov
import pytest

from ov_asr_score.device.compiled_model import compile_model
from ov_asr_score.device.properties import compile_properties
from ov_asr_score.device.reports import describe_device
from ov_asr_score.settings.device import DeviceSettings
from tests.device.affine_models import CORE, FRAMES, WEIGHTS, affine_model, scores_of


def test_properties_nested_as_for_gna_reach_the_plugin() -> None:
    """What GNA among others is given has the same form; HETERO hands it on."""
    settings = DeviceSettings("HETERO:GNA,CPU", threads=1, streams=1, profile=True)
    nested = compile_properties(settings, ["x"])["DEVICE_PROPERTIES"]
    assert isinstance(nested, dict)
    compiled = CORE.compile_model(affine_model(), "HETERO:CPU", {"DEVICE_PROPERTIES": {"CPU": nested["CPU"]}})
    used = compiled.get_property("DEVICE_PROPERTIES")["CPU"]
    assert used["INFERENCE_PRECISION_HINT"].get_type_name() == "f32"
    assert (used["INFERENCE_NUM_THREADS"], used["NUM_STREAMS"], used["PERF_COUNT"]) == (1, 1, "YES")


@pytest.mark.parametrize("device", ["CPU", "AUTO", "AUTO:CPU", "MULTI:CPU", "HETERO:CPU"])
def test_devices_that_come_down_to_the_cpu_give_the_same_scores(device: str) -> None:
    if device == "AUTO" and [name for name in CORE.available_devices if name != "CPU"]:
        pytest.skip("AUTO may take another device here")
    settings = DeviceSettings(device)
    compiled = compile_model(CORE, affine_model(), settings)
    np.testing.assert_allclose(scores_of(compiled), np.tanh(FRAMES @ WEIGHTS), rtol=0, atol=1e-6)
    report = describe_device(CORE, compiled, settings)
    assert report.requested == device
    assert report.execution_devices
    assert all("CPU" in name for name in report.execution_devices)
    assert report.precision_used.startswith("f32")
    assert report.full_name == CORE.get_property("CPU", "FULL_DEVICE_NAME")


def test_threads_streams_and_configuration_reach_the_plugin() -> None:
    settings = DeviceSettings(threads=1, streams=1, config={"PERFORMANCE_HINT": "THROUGHPUT"})
    report = describe_device(CORE, compile_model(CORE, affine_model(), settings), settings)
    assert report.properties["INFERENCE_NUM_THREADS"] == "1"
    assert report.properties["NUM_STREAMS"] == "1"
    assert "THROUGHPUT" in report.properties["PERFORMANCE_HINT"]


def test_profiling() -> None:
    compiled = compile_model(CORE, affine_model(), DeviceSettings(profile=True))
    request = compiled.create_infer_request()
    request.infer([FRAMES])
    assert any("EXECUTED" in str(record.status) for record in request.profiling_info)


def test_cache(tmp_path: Path) -> None:
    settings = DeviceSettings(cache_dir=str(tmp_path / "cache"))
    for _ in range(2):
        compiled = compile_model(ov.Core(), affine_model(), settings)
        np.testing.assert_allclose(scores_of(compiled), np.tanh(FRAMES @ WEIGHTS), rtol=0, atol=1e-6)
    assert list((tmp_path / "cache").iterdir())
