"""Device texts and settings as plugin properties; nothing here needs the runtime."""

from __future__ import annotations

import pytest

from ov_asr_score.device.gna_settings import GnaSettings
from ov_asr_score.device.settings import (
    DeviceSettings,
    Precision,
    base_devices,
    compile_properties,
    parse_config,
    runtime_device,
)
from ov_asr_score.errors import UsageError


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


def test_float32_is_asked_for_by_default() -> None:
    assert compile_properties(DeviceSettings(), ["x"]) == {"INFERENCE_PRECISION_HINT": "f32"}


@pytest.mark.parametrize("precision", ["f32", "f16", "bf16"])
def test_every_setting(precision: Precision) -> None:
    settings = DeviceSettings(precision=precision, threads=3, streams=2, cache_dir="cache", profile=True)
    assert compile_properties(settings, []) == {
        "INFERENCE_PRECISION_HINT": precision,
        "INFERENCE_NUM_THREADS": "3",
        "NUM_STREAMS": "2",
        "CACHE_DIR": "cache",
        "PERF_COUNT": True,
    }


def test_configuration_wins() -> None:
    settings = DeviceSettings(precision="bf16", config={"INFERENCE_PRECISION_HINT": "f16", "KEY": "value"})
    assert compile_properties(settings, []) == {"INFERENCE_PRECISION_HINT": "f16", "KEY": "value"}


def test_npu_chooses_its_own_precision() -> None:
    assert compile_properties(DeviceSettings("NPU"), []) == {}


def test_properties_of_gna_stand_alone_or_nested() -> None:
    gna = GnaSettings(weight_bits=8, scale_factors={"": 2.0})
    alone = compile_properties(DeviceSettings("GNA_SW_EXACT", gna=gna), ["x", "y"])
    assert alone == {
        "GNA_DEVICE_MODE": "GNA_SW_EXACT",
        "INFERENCE_PRECISION_HINT": "i8",
        "GNA_PWL_MAX_ERROR_PERCENT": "1.0",
        "GNA_COMPACT_MODE": "YES",
        "GNA_SCALE_FACTOR_PER_INPUT": {"x": 2.0, "y": 2.0},
    }
    nested = compile_properties(DeviceSettings("HETERO:GNA_SW_EXACT,CPU", gna=gna), ["x", "y"])
    assert nested == {"INFERENCE_PRECISION_HINT": "f32", "DEVICE_PROPERTIES": {"GNA": alone}}


def test_config_texts() -> None:
    assert parse_config(["NUM_STREAMS=2", " KEY = a=b "]) == {"NUM_STREAMS": "2", "KEY": "a=b"}
    for text in ("NUM_STREAMS", "=2", " =2"):
        with pytest.raises(UsageError, match="expected KEY=VALUE"):
            parse_config([text])
