"""What devices tell of themselves and of compiled models."""

from __future__ import annotations

import pytest

from ov_asr_score.device.compiled_model import compile_model
from ov_asr_score.device.reports import describe_device, list_devices
from ov_asr_score.settings.device import DeviceSettings, Precision
from tests.device.affine_models import CORE, affine_model
from tests.runtimes import computes_in


def test_list_devices() -> None:
    (cpu,) = [device for device in list_devices(CORE) if device.name == "CPU"]
    assert "FP32" in cpu.capabilities
    assert cpu.full_name == CORE.get_property("CPU", "FULL_DEVICE_NAME")
    assert "NUM_STREAMS" in cpu.properties


@pytest.mark.parametrize("precision", ["f32", "bf16", "f16"])
def test_the_precision_is_what_the_plugin_says(precision: Precision) -> None:
    settings = DeviceSettings(precision=precision)
    report = describe_device(CORE, compile_model(CORE, affine_model(), settings), settings)
    assert report.precision_requested == precision
    able = precision == "f32" or computes_in({"bf16": "BF16", "f16": "FP16"}[precision])
    # a processor that has bf16 but not f16 takes the former for the latter
    assert report.precision_used in ({precision} if able else {precision, "bf16", "f32"})
    assert report.emulated == (not able and report.precision_used == precision)
