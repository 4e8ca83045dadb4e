"""Target values of functions in the integers of the device, and their bends."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.gna.compiler.segments.targets import INT16_MAX, INT16_MIN, STEP, target_values
from ov_asr_score.gna.graphs.float_graph import Function

SCALE = 1000.0


def value(function: Function, x: int, *parameters: float) -> float:
    return float(target_values(function, parameters, SCALE, 100.0).values(np.array([x]))[0])


def test_values_are_scaled() -> None:
    assert value("tanh", 500) == pytest.approx(100 * math.tanh(0.5))
    assert value("sigmoid", 0) == 50.0
    assert value("leaky_relu", -2000, 0.25) == pytest.approx(-50.0)
    assert value("power", 3000, 2.0, 1.0, -1.0) == pytest.approx(400.0)


def test_values_are_clipped_to_int16() -> None:
    assert (value("identity", 10**9), value("identity", -(10**9))) == (INT16_MAX, INT16_MIN)
    assert value("power", 0, -1.0, 1.0, 0.0) == INT16_MAX


def test_logarithm_of_values_without_a_segment_is_least() -> None:
    assert [value("log", x) for x in (-5, 0, STEP - 1)] == [INT16_MIN] * 3
    assert value("log", STEP) == pytest.approx(100 * math.log(STEP / SCALE))


def test_bends_are_scaled_and_ascend() -> None:
    assert target_values("clamp", (-1.0, 2.0), SCALE, 100.0).bends == (-1000.0, 2000.0)
    assert target_values("clamp", (-math.inf, 2.0), SCALE, 100.0).bends == (2000.0,)
    assert target_values("log", (), SCALE, 100.0).bends == (STEP,)
    assert target_values("exp", (), SCALE, 100.0).bends == ()


def test_kinds_of_functions() -> None:
    relu, tanh, sign = (target_values(name, (), SCALE, 1.0) for name in ("relu", "tanh", "sign"))
    assert (relu.is_straight, tanh.is_straight) == (True, False)
    assert (sign.jumps, relu.jumps) == (True, False)


@pytest.mark.parametrize("scales", [(0.0, 1.0), (1.0, -1.0), (math.inf, 1.0), (1.0, math.nan)])
def test_invalid_scale_factors_are_refused(scales: tuple[float, float]) -> None:
    with pytest.raises(UnsupportedModelError, match="positive scale factors"):
        target_values("tanh", (), *scales)


def test_unknown_functions_are_refused() -> None:
    with pytest.raises(UnsupportedModelError, match="GNA has no such function with 1 parameters"):
        target_values("tanh", (1.0,), 1.0, 1.0)
