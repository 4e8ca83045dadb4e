from __future__ import annotations

import pytest

from ov_asr_score.errors import UsageError
from ov_asr_score.settings.gna_texts import parse_gna_mode, parse_log_level, parse_scale_factors


@pytest.mark.parametrize(
    ("device", "mode"),
    [("CPU", None), ("GNA", "GNA_AUTO"), ("GNA_SW_FP32", "GNA_SW_FP32"), ("HETERO:GNA,CPU", "GNA_AUTO"),
     ("HETERO:CPU, GNA_HW", "GNA_HW"), ("HETERO:GPU,CPU", None), ("AUTO", None)],
)  # fmt: skip
def test_the_mode_in_a_device_text(device: str, mode: str | None) -> None:
    assert parse_gna_mode(device) == mode


@pytest.mark.parametrize(
    ("text", "factors"),
    [("12.5", {"": 12.5}), ("x=2", {"x": 2.0}), ("x:2,y:3e3", {"x": 2.0, "y": 3000.0}), ("2,3", {"0": 2.0, "1": 3.0}),
     ("a:0=2", {"a:0": 2.0}), ("a,b=2,in0=3", {"a,b": 2.0, "in0": 3.0}),
     ("in0=3,/a/Add:0:5,onnx::a,b=2", {"in0": 3.0, "/a/Add:0": 5.0, "onnx::a,b": 2.0}),
     (" x = 2".replace(" = ", "="), {"x": 2.0})],
)  # fmt: skip
def test_scale_factor_texts(text: str, factors: dict[str, float]) -> None:
    assert parse_scale_factors(text) == factors


@pytest.mark.parametrize("text", ["", "0", "-1", "nan", "inf", "x=", "x", "1,", "1,,2", "a,b", "x=1,y=0"])
def test_texts_that_are_no_scale_factors(text: str) -> None:
    with pytest.raises(UsageError, match="expected a number above 0, found"):
        parse_scale_factors(text)


@pytest.mark.parametrize(
    ("device", "hint"),
    [
        ("GNA_SW_EXAKT", "; did you mean GNA_SW_EXACT?"),
        ("gna_hw", "; did you mean GNA_HW?"),
        ("GNA_", "; did you mean GNA?"),
        ("GNA_5_TURBO_MODE", ""),
        ("HETERO:GNA_SW_FP16,CPU", "; did you mean GNA_SW_FP32?"),
    ],
)
def test_a_mode_that_there_is_not(device: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_gna_mode(device)
    name = device.removeprefix("HETERO:").partition(",")[0]
    modes = "GNA, GNA_AUTO, GNA_HW, GNA_HW_WITH_SW_FBACK, GNA_SW_EXACT, GNA_SW_FP32"
    assert str(caught.value) == f"device: no GNA mode '{name}'; expected one of {modes}{hint}"


@pytest.mark.parametrize("device", ["GNAX", "AUTO:-GNA", "GPU.GNA_HW", ""])
def test_texts_that_name_no_mode(device: str) -> None:
    assert parse_gna_mode(device) is None


def test_log_levels() -> None:
    assert [parse_log_level(text) for text in ("", "LOG_NONE", "warning", "Log_Debug")] == [
        *("", "LOG_NONE", "LOG_WARNING", "LOG_DEBUG")
    ]
    with pytest.raises(UsageError, match="'loud': expected one of LOG_NONE, LOG_ERROR, LOG_WARNING, LOG_INFO"):
        parse_log_level("loud")
