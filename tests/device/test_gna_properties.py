"""GNA settings as plugin properties."""

from __future__ import annotations

import pytest

from ov_asr_score.device.gna_properties import GNA_PROPERTIES, gna_properties, input_scale_factors
from ov_asr_score.errors import UsageError
from ov_asr_score.settings.gna import GnaSettings


@pytest.mark.parametrize(
    ("given", "factors"),
    [
        ({}, {}),
        ({"y:0": 2.0}, {"y:0": 2.0}),
        ({"y": 2.0}, {"y:0": 2.0}),
        ({"x:1": 2.0}, {"x": 2.0}),
        ({"0": 1.0, "1": 2.0}, {"x": 1.0, "y:0": 2.0}),
        ({"": 3.0, "y": 2.0}, {"x": 3.0, "y:0": 2.0}),
    ],
)
def test_scale_factors_by_name_by_number_and_for_all(given: dict[str, float], factors: dict[str, float]) -> None:
    assert input_scale_factors(given, ["x", "y:0"]) == factors


def test_scale_factors_of_no_input() -> None:
    for name in ("z", "2", "y:"):
        with pytest.raises(UsageError, match=f"the model has no input '{name}'; inputs: x, y"):
            input_scale_factors({name: 1.0}, ["x", "y"])
    # where several inputs differ in nothing but the port, a name without one is none of them
    assert input_scale_factors({"x:1": 2.0}, ["x:0", "x:1"]) == {"x:1": 2.0}
    with pytest.raises(UsageError, match="the model has no input 'x'"):
        input_scale_factors({"x": 2.0}, ["x:0", "x:1"])


@pytest.mark.parametrize("target", ["1_0", "1_0_E", "2_0", "3_0", "3_1", "3_5", "3_5_E", "3_6", "4_0"])
def test_targets_in_both_spellings(target: str) -> None:
    for spelling in (f"GNA_TARGET_{target}", f"GNA_{target}", f"gna_target_{target}".lower()):
        properties = gna_properties(GnaSettings(execution_target=spelling, compile_target=spelling), "GNA_HW", [])
        assert properties["GNA_HW_EXECUTION_TARGET"] == properties["GNA_HW_COMPILE_TARGET"] == f"GNA_{target}"


@pytest.mark.parametrize("target", ["GNA_TARGET_5_0", "3_0", "GNA", "GNA_TARGET_", "GNA_TARGET_3_0,"])
def test_targets_that_there_are_not(target: str) -> None:
    known = "GNA_TARGET_1_0, GNA_TARGET_1_0_E, GNA_TARGET_2_0, GNA_TARGET_3_0, GNA_TARGET_3_1, GNA_TARGET_3_5, "
    known += "GNA_TARGET_3_5_E, GNA_TARGET_3_6, GNA_TARGET_4_0"
    for settings, option in (
        (GnaSettings(execution_target=target), "execution_target"),
        (GnaSettings(compile_target=target), "compile_target"),
    ):
        with pytest.raises(UsageError) as caught:
            gna_properties(settings, "GNA_HW", [])
        assert str(caught.value) == f"{option} '{target}': no such GNA device; expected one of {known}"


def test_an_embedded_image_is_compiled_for_its_generation() -> None:
    def target(generation: str, target: str = "") -> object:
        settings = GnaSettings(embedded_image="a.bin", embedded_generation=generation, compile_target=target)
        return gna_properties(settings, "GNA_HW", []).get("GNA_HW_COMPILE_TARGET")

    assert (target(""), target("GNA1"), target("gna3")) == (None, "GNA_1_0_E", "GNA_3_1")
    assert target("", "GNA_TARGET_3_6") == "GNA_3_6"
    assert target("GNA3", "GNA_TARGET_3_1") == "GNA_3_1"
    with pytest.raises(UsageError, match="GNA1 is an image for GNA_1_0_E, compile_target says GNA_2_0"):
        target("GNA1", "GNA_TARGET_2_0")
    with pytest.raises(UsageError, match="embedded_generation 'GNA2': expected one of GNA1, GNA3"):
        target("GNA2")


def test_properties_of_settings_as_they_are() -> None:
    assert gna_properties(GnaSettings(), "GNA_AUTO", ["x"]) == {
        "GNA_DEVICE_MODE": "GNA_AUTO",
        "INFERENCE_PRECISION_HINT": "i16",
        "GNA_COMPACT_MODE": "YES",
    }


def test_every_property() -> None:
    settings = GnaSettings(
        weight_bits=8,
        scale_factors={"": 2.0, "Parameter": 2175.4323},
        execution_target="GNA_TARGET_3_0",
        compile_target="GNA_TARGET_3_1",
        memory_reuse=False,
        log_level="LOG_WARNING",
        pwl_max_error_percent=0.1,
        embedded_image="image.bin",
        embedded_generation="GNA3",
    )
    assert gna_properties(settings, "GNA_HW", ["Parameter:0", "y"], profile=True, streams=200) == {
        "GNA_DEVICE_MODE": "GNA_HW",
        "INFERENCE_PRECISION_HINT": "i8",
        "GNA_PWL_MAX_ERROR_PERCENT": "0.1",
        "GNA_SCALE_FACTOR_PER_INPUT": "{Parameter:2175.4323,y:2.0}",
        "GNA_COMPACT_MODE": "NO",
        "GNA_HW_EXECUTION_TARGET": "GNA_3_0",
        "GNA_HW_COMPILE_TARGET": "GNA_3_1",
        "LOG_LEVEL": "LOG_WARNING",
        "GNA_FIRMWARE_MODEL_IMAGE": "image.bin",
        "PERF_COUNT": "YES",
        "PERFORMANCE_HINT_NUM_REQUESTS": "127",
    }
    assert set(gna_properties(settings, "GNA_HW", ["Parameter"], profile=True, streams=2)) < GNA_PROPERTIES


def test_float_mode_takes_one_request_at_a_time() -> None:
    assert "PERFORMANCE_HINT_NUM_REQUESTS" not in gna_properties(GnaSettings(), "GNA_SW_FP32", [], streams=2)
    assert gna_properties(GnaSettings(), "GNA_SW_EXACT", [], streams=2)["PERFORMANCE_HINT_NUM_REQUESTS"] == "2"


def test_a_name_that_the_plugin_cannot_take() -> None:
    with pytest.raises(UsageError, match="the GNA plugin takes none for input 'x:0'"):
        gna_properties(GnaSettings(scale_factors={"": 2.0}), "GNA_HW", ["x:0", "x:1"])
