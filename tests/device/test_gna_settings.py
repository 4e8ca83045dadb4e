"""GNA options of the old samples as plugin properties."""

from __future__ import annotations

import numpy as np
import pytest

from ov_asr_score.device.gna_settings import (
    GnaSettings,
    gna_mode,
    gna_properties,
    parse_scale_factors,
    scale_factor_of,
)
from ov_asr_score.errors import UsageError


@pytest.mark.parametrize(
    ("device", "mode"),
    [("CPU", None), ("GNA", "GNA_AUTO"), ("GNA_SW_FP32", "GNA_SW_FP32"), ("HETERO:GNA,CPU", "GNA_AUTO"),
     ("HETERO:CPU, GNA_HW", "GNA_HW"), ("HETERO:GPU,CPU", None), ("AUTO", None)],
)  # fmt: skip
def test_the_mode_in_a_device_text(device: str, mode: str | None) -> None:
    assert gna_mode(device) == mode


@pytest.mark.parametrize(
    ("text", "factors"),
    [("12.5", {"": 12.5}), ("x=2", {"x": 2.0}), ("x:2,y:3e3", {"x": 2.0, "y": 3000.0}), ("2,3", {"0": 2.0, "1": 3.0}),
     ("a:0=2", {"a:0": 2.0}), (" x = 2".replace(" = ", "="), {"x": 2.0})],
)  # fmt: skip
def test_scale_factor_texts(text: str, factors: dict[str, float]) -> None:
    assert parse_scale_factors(text) == factors


@pytest.mark.parametrize("text", ["", "0", "-1", "nan", "inf", "x=", "x", "1,", "x=1,y=0"])
def test_texts_that_are_no_scale_factors(text: str) -> None:
    with pytest.raises(UsageError, match="expected a number above 0, found"):
        parse_scale_factors(text)


def test_scale_factor_of_features() -> None:
    assert scale_factor_of(np.array([[1, -8], [4, 2]], np.float32)) == 16384 / 8
    assert scale_factor_of(np.zeros((3, 2), np.float32)) == 1.0
    assert scale_factor_of(np.zeros((0, 0), np.float32)) == 1.0
    assert scale_factor_of(np.array([[np.nan, np.inf, 2.0]], np.float32)) == 16384 / 2


def test_scale_factors_by_name_by_number_and_for_all() -> None:
    def given(factors: dict[str, float]) -> object:
        properties = gna_properties(GnaSettings(scale_factors=factors), "GNA_HW", ["x", "y"])
        return properties.get("GNA_SCALE_FACTOR_PER_INPUT")

    assert given({}) is None
    assert given({"y": 2.0}) == {"y": 2.0}
    assert given({"0": 1.0, "1": 2.0}) == {"x": 1.0, "y": 2.0}
    assert given({"": 3.0, "y": 2.0}) == {"x": 3.0, "y": 2.0}
    with pytest.raises(UsageError, match="the model has no input 'z'; inputs: x, y"):
        given({"z": 1.0})


def test_other_options() -> None:
    settings = GnaSettings(
        execution_target="GNA_TARGET_3_0",
        compile_target="GNA_TARGET_2_0",
        memory_reuse=False,
        log_level="LOG_WARNING",
        pwl_max_error_percent=0.1,
        embedded_image="image.bin",
        embedded_generation="GNA3",
    )
    assert gna_properties(settings, "GNA_AUTO", []) == {
        "GNA_DEVICE_MODE": "GNA_AUTO",
        "INFERENCE_PRECISION_HINT": "i16",
        "GNA_PWL_MAX_ERROR_PERCENT": "0.1",
        "GNA_COMPACT_MODE": "NO",
        "GNA_HW_EXECUTION_TARGET": "GNA_3_0",
        "GNA_HW_COMPILE_TARGET": "GNA_2_0",
        "LOG_LEVEL": "LOG_WARNING",
        "GNA_FIRMWARE_MODEL_IMAGE": "image.bin",
        "GNA_FIRMWARE_MODEL_IMAGE_GENERATION": "GNA3",
    }
