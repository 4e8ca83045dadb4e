from __future__ import annotations

import pytest

from ov_asr_score.errors import UsageError
from ov_asr_score.settings.device import (
    DeviceSettings,
    base_devices,
    parse_against,
    parse_config,
    runtime_device,
    static_reason,
)


@pytest.mark.parametrize(
    ("given", "runtime", "base"),
    [
        ("CPU", "CPU", ["CPU"]),
        ("GPU.1", "GPU.1", ["GPU"]),
        ("AUTO", "AUTO", []),
        ("AUTO:CPU", "AUTO:CPU", ["CPU"]),
        ("AUTO:-GPU,CPU", "AUTO:-GPU,CPU", ["CPU"]),
        ("MULTI:CPU(2),GPU", "MULTI:CPU(2),GPU", ["CPU", "GPU"]),
        ("HETERO:GPU.1, CPU", "HETERO:GPU.1,CPU", ["GPU", "CPU"]),
        ("GNA", "GNA", ["GNA"]),
        ("GNA_AUTO", "GNA", ["GNA"]),
        ("GNA_SW_EXACT", "GNA", ["GNA"]),
        ("GNA_HW_WITH_SW_FBACK", "GNA", ["GNA"]),
        ("HETERO:GNA_SW_EXACT,CPU", "HETERO:GNA,CPU", ["GNA", "CPU"]),
    ],
)
def test_device_texts(given: str, runtime: str, base: list[str]) -> None:
    assert runtime_device(given) == runtime
    assert base_devices(given) == base


def test_config_texts() -> None:
    assert parse_config(["NUM_STREAMS=2", " KEY = a=b "]) == {"NUM_STREAMS": "2", "KEY": "a=b"}
    for text in ("NUM_STREAMS", "=2", " =2"):
        with pytest.raises(UsageError, match="expected a plugin property KEY=VALUE"):
            parse_config([text])


def test_what_is_compared_with() -> None:
    reference = DeviceSettings("CPU", "f32", threads=2)
    assert parse_against("", reference) == reference
    assert parse_against("precision=f16", reference) == DeviceSettings("CPU", "f16", threads=2)
    assert parse_against("device=HETERO:GPU,CPU, precision=bf16", reference) == DeviceSettings(
        "HETERO:GPU,CPU", "bf16", threads=2
    )
    for text in ("device=", "device=CPU,device=GPU", "CPU"):
        with pytest.raises(UsageError, match=r"expected (device|KEY)="):
            parse_against(text, reference)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        (DeviceSettings(), ""),
        (DeviceSettings("AUTO"), ""),
        (DeviceSettings("AUTO:-NPU,CPU"), ""),
        (DeviceSettings("GNA_SW_EXACT", static=True), ""),
        (DeviceSettings(static=True), "static shapes were asked for"),
        (DeviceSettings(shapes={"x": (1, 200, 40)}), "static shapes were asked for"),
        (DeviceSettings("NPU"), "NPU takes static shapes only"),
        (DeviceSettings("HETERO:NPU.0,CPU"), "NPU takes static shapes only"),
    ],
    ids=lambda value: value.device if isinstance(value, DeviceSettings) else value,
)
def test_static_shapes_are_asked_for_or_needed(settings: DeviceSettings, reason: str) -> None:
    assert static_reason(settings) == reason
