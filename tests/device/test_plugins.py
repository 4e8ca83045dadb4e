"""Devices and properties that are not there."""

from __future__ import annotations

import pytest

from ov_asr_score.device.compiled_model import compile_model
from ov_asr_score.device.plugins import device_error
from ov_asr_score.device.reports import missing_plugins
from ov_asr_score.errors import DeviceError, UnknownNameError
from ov_asr_score.settings.device import DeviceSettings
from tests.device.affine_models import CORE, affine_model


@pytest.mark.parametrize(
    ("device", "message"),
    [
        ("CUP", "no device 'CUP' here: .*; did you mean CPU?"),
        ("HETERO:CPU,XPU", r"HETERO:CPU,XPU: no device 'XPU' here"),
        ("cpu", "did you mean CPU?"),
        ("", "expected a device such as CPU"),
        ("AUTO:CUP", "no device 'CUP' here"),
        ("HETRO:CPU", "no device 'HETRO' here: .*; did you mean HETERO?"),
    ],
)
def test_devices_that_are_not_there(device: str, message: str) -> None:
    with pytest.raises(DeviceError, match=message) as caught:
        compile_model(CORE, affine_model(), DeviceSettings(device))
    assert "available: " in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("device", ["GNA", "GNA_SW_EXACT", "HETERO:GNA_SW_EXACT,CPU", "HETERO:GNA,CPU"])
def test_gna_without_its_plugin(device: str) -> None:
    assert "GNA" in dict(missing_plugins(CORE))
    with pytest.raises(DeviceError, match=r"has no GNA plugin. .* CPU in floats") as caught:
        compile_model(CORE, affine_model(), DeviceSettings(device))
    assert str(caught.value).startswith(f"{device}: ")
    assert "\n" not in str(caught.value)


def test_properties_that_are_not_there() -> None:
    with pytest.raises(UnknownNameError, match="config NUM_STREAM: CPU has no such property; did you mean NUM_STREA"):
        compile_model(CORE, affine_model(), DeviceSettings(config={"NUM_STREAM": "1"}))
    with pytest.raises(DeviceError, match="CPU: OpenVINO cannot use it: ") as caught:
        compile_model(CORE, affine_model(), DeviceSettings(config={"NUM_STREAMS": "many"}))
    assert "\n" not in str(caught.value)


def test_devices_that_may_lack_free_shapes_name_static_ones() -> None:
    model = affine_model()
    error = RuntimeError("dynamic shapes are not supported")
    said = str(device_error(CORE, DeviceSettings("CPU"), error, free_shapes=True))
    assert said.endswith("; the model has free shapes, which some devices do not take: static fixes them")
    assert "static" not in str(device_error(CORE, DeviceSettings("CPU"), error))
    with pytest.raises(DeviceError, match=r"the model has free shapes.*: static fixes them") as caught:
        compile_model(CORE, model, DeviceSettings(config={"NUM_STREAMS": "many"}))
    assert caught.value.fields == ("config", "static")
    npu = device_error(CORE, DeviceSettings("NPU"), error)
    assert str(npu).endswith("; static on another device scores with the shapes that an NPU takes")
    assert npu.fields == ("static",)
