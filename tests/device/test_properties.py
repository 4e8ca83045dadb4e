"""Settings as plugin properties; nothing here needs the runtime."""

from __future__ import annotations

import pytest

from ov_asr_score.device.properties import compile_properties, import_properties
from ov_asr_score.errors import UsageError
from ov_asr_score.settings.device import DeviceSettings, Precision
from ov_asr_score.settings.gna import GnaSettings


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


GNA_8_BIT = GnaSettings(weight_bits=8, scale_factors={"": 2.0})
GNA_ALONE = {
    "GNA_DEVICE_MODE": "GNA_SW_EXACT",
    "INFERENCE_PRECISION_HINT": "i8",
    "GNA_COMPACT_MODE": "YES",
    "GNA_SCALE_FACTOR_PER_INPUT": "{x:2.0,y:2.0}",
}


def test_properties_of_gna_alone() -> None:
    alone = compile_properties(DeviceSettings("GNA_SW_EXACT", gna=GNA_8_BIT), ["x", "y"])
    assert alone == GNA_ALONE
    # threads are none of its own, streams are the requests that it takes at a time
    settings = DeviceSettings(
        "GNA_HW", threads=3, streams=2, cache_dir="cache", profile=True, config={"LOG_LEVEL": "x"}
    )
    assert compile_properties(settings, []) == {
        "GNA_DEVICE_MODE": "GNA_HW",
        "INFERENCE_PRECISION_HINT": "i16",
        "GNA_COMPACT_MODE": "YES",
        "PERF_COUNT": "YES",
        "PERFORMANCE_HINT_NUM_REQUESTS": "2",
        "CACHE_DIR": "cache",
        "LOG_LEVEL": "x",
    }


def test_properties_of_gna_among_others_are_nested() -> None:
    nested = compile_properties(DeviceSettings("HETERO:GNA_SW_EXACT,CPU", gna=GNA_8_BIT), ["x", "y"])
    assert nested == {"DEVICE_PROPERTIES": {"GNA": GNA_ALONE, "CPU": {"INFERENCE_PRECISION_HINT": "f32"}}}
    settings = DeviceSettings(
        "HETERO:GPU.1, GNA",
        threads=3,
        streams=2,
        cache_dir="cache",
        profile=True,
        config={"GNA_COMPACT_MODE": "NO", "NUM_STREAMS": "1", "MODEL_DISTRIBUTION_POLICY": "{}"},
    )
    assert compile_properties(settings, []) == {
        "CACHE_DIR": "cache",
        "DEVICE_PROPERTIES": {
            "GPU.1": {
                "INFERENCE_PRECISION_HINT": "f32",
                "INFERENCE_NUM_THREADS": "3",
                "NUM_STREAMS": "1",
                "PERF_COUNT": True,
            },
            "GNA": {
                "GNA_DEVICE_MODE": "GNA_AUTO",
                "INFERENCE_PRECISION_HINT": "i16",
                "GNA_COMPACT_MODE": "NO",
                "PERF_COUNT": "YES",
                "PERFORMANCE_HINT_NUM_REQUESTS": "2",
            },
        },
        "MODEL_DISTRIBUTION_POLICY": "{}",
    }


def test_properties_for_blobs() -> None:
    gna = GnaSettings(pwl_max_error_percent=1.0, embedded_image="a.bin", execution_target="GNA_TARGET_3_0")
    alone = {"GNA_DEVICE_MODE": "GNA_HW", "INFERENCE_PRECISION_HINT": "i16", "GNA_HW_EXECUTION_TARGET": "GNA_3_0"}
    assert import_properties(DeviceSettings("GNA_HW", cache_dir="cache", gna=gna)) == alone
    nested = {"GNA": alone, "CPU": {"INFERENCE_PRECISION_HINT": "f32"}}
    assert import_properties(DeviceSettings("HETERO:GNA_HW,CPU", gna=gna)) == {"DEVICE_PROPERTIES": nested}
    assert import_properties(DeviceSettings(cache_dir="cache", gna=GNA_8_BIT)) == {"INFERENCE_PRECISION_HINT": "f32"}
    with pytest.raises(UsageError, match="scale_factors: a blob has its scale factors inside"):
        import_properties(DeviceSettings("GNA_HW", gna=GNA_8_BIT))
