"""Segment tables against their functions, evaluated one integer at a time as on the device."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.gna.compiler.segments.segment_tables import MAX_SEGMENTS, design_segments
from ov_asr_score.gna.graphs.float_graph import Function
from tests.gna.intel_design import SIGMOID, TANH, Formula, intel_table

LEAST, GREATEST = -(2**31), 2**31 - 1
UNIT = 2**20

Table = list[tuple[int, int, int]]
Real = Callable[[float], float]


def evaluate(table: Table, x: int) -> int:
    """The value for x in plain integers: the last segment that does not begin after x."""
    if x <= table[0][0] & ~3:
        return table[0][1]
    base, value, slope = next(segment for segment in reversed(table) if segment[0] & ~3 <= x)
    shift = 8 * ((base & 3) + 1)
    return max(-(2**15), min(2**15 - 1, (((x - (base & ~3)) * slope) >> shift) + value))


def rows(table: NDArray[Any]) -> Table:
    return [(int(base), int(value), int(slope)) for base, value, slope in table]


def wanted(real: Real, x: int, input_scale: float, output_scale: float) -> float:
    try:
        value = output_scale * real(x / input_scale)
    except OverflowError:
        value = math.inf
    return max(-(2.0**15), min(2.0**15 - 1, value))


def errors(table: Table, real: Real, points: list[int], input_scale: float, output_scale: float) -> NDArray[Any]:
    return np.array([evaluate(table, x) - wanted(real, x, input_scale, output_scale) for x in points])


def some_integers(table: Table, low: int, high: int, count: int, seed: int = 0) -> list[int]:
    """Integers of int32: even and at random between the limits, and those around every base."""
    low, high = max(low, LEAST), min(high, GREATEST)
    random = np.random.default_rng(seed)
    points = {int(x) for x in np.linspace(low, high, count)} | {int(x) for x in random.integers(low, high, count)}
    for base, _, _ in table:
        points |= {min(max((base & ~3) + step, low), high) for step in (-1, 0, 1, 2, 3)}
    return sorted(points)


def steepness(real: Real, x: int, input_scale: float, output_scale: float) -> float:
    """How far the function goes within four integers."""
    here, *near = (wanted(real, min(max(x + step, LEAST), GREATEST), input_scale, output_scale) for step in (0, -4, 4))
    return max(abs(value - here) for value in near)


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x > -700 else 0.0


def log(x: float) -> float:
    return math.log(x) if x > 0 else -math.inf


def power(exponent: float, scale: float, shift: float) -> Real:
    def of(x: float) -> float:
        base = scale * x + shift
        if exponent != round(exponent):
            base = max(base, 0.0)
        if base == 0 and exponent < 0:
            return math.inf
        return float(base**exponent)

    return of


FUNCTIONS: list[tuple[Function, tuple[float, ...], Real]] = [
    ("identity", (), lambda x: x),
    ("sigmoid", (), sigmoid),
    ("tanh", (), math.tanh),
    ("softsign", (), lambda x: x / (1 + abs(x))),
    ("exp", (), math.exp),
    ("log", (), log),
    ("abs", (), abs),
    ("sign", (), lambda x: (x > 0) - (x < 0)),
    ("relu", (), lambda x: max(x, 0.0)),
    ("leaky_relu", (0.1,), lambda x: x if x > 0 else 0.1 * x),
    ("leaky_relu", (-0.5,), lambda x: x if x > 0 else -0.5 * x),
    ("clamp", (-1.0, 6.0), lambda x: max(-1.0, min(6.0, x))),
    ("clamp", (0.25, math.inf), lambda x: max(0.25, x)),
    ("power", (2.0, 1.0, 0.5), power(2, 1, 0.5)),
    ("power", (3.0, -0.5, 0.0), power(3, -0.5, 0)),
    ("power", (0.5, 1.0, 0.0), power(0.5, 1, 0)),
    ("power", (-1.0, 1.0, 0.0), power(-1, 1, 0)),
    ("power", (0.0, 1.0, 0.0), lambda x: 1.0),
    ("power", (1.0, 2.0, -3.0), lambda x: 2 * x - 3),
]
NAMES = [f"{function}{parameters or ''}" for function, parameters, _ in FUNCTIONS]

# Units of the output: what is left where the 128 segments of the device are spread over the whole function. Curves
# without an end (1/x, softsign) and those that bend all over int16 need the most.
LEFT: dict[str, float] = {"tanh": 3.2, "softsign": 6.5, "exp": 2.5, "log": 5.5, "power": 6.5, "sigmoid": 2.5}


@pytest.mark.parametrize(("function", "parameters", "real"), FUNCTIONS, ids=NAMES)
@pytest.mark.parametrize("output_scale", [100.0, 2048.0, 32767.0])
@pytest.mark.parametrize("input_scale", [2.0**16, 1.5e6, 2.0**28])
def test_error_of_all_functions(
    function: Function, parameters: tuple[float, ...], real: Real, input_scale: float, output_scale: float
) -> None:
    table = rows(design_segments(function, parameters, input_scale, output_scale))
    points = some_integers(table, LEAST, GREATEST, 150) + some_integers(
        table, int(-12 * input_scale), int(12 * input_scale), 250
    )
    if function in {"log", "sign"}:
        points = [x for x in points if not 1 <= x <= 3]  # part of the segment of zero
    found = np.abs(errors(table, real, points, input_scale, output_scale))
    # Where one step of four integers moves the function far there is no segment for each step.
    steep = np.array([steepness(real, x, input_scale, output_scale) for x in points])
    over = found - steep
    worst = int(over.argmax())
    assert over[worst] <= LEFT.get(function, 0.8), f"{found[worst]} at {points[worst]}"


EXTREMES = [1e-3, 1.0, 9.0, 300.0, 2.0**31, 1e13]


@pytest.mark.parametrize(("function", "parameters", "real"), FUNCTIONS, ids=NAMES)
@pytest.mark.parametrize("percent", [None, 1.0, 0.01])
def test_bases_ascend_for_all_scale_factors(
    function: Function, parameters: tuple[float, ...], real: Real, percent: float | None
) -> None:
    for input_scale in EXTREMES:
        for output_scale in (1e-2, 1.0, 2049.0, 1e6):
            table = design_segments(function, parameters, input_scale, output_scale, percent)
            bases = table["base"].astype(np.int64) & ~3
            assert 2 <= len(table) <= MAX_SEGMENTS
            assert bases[0] == LEAST
            assert np.all(np.diff(bases) > 0)
            if function == "log" or (function == "power" and parameters[0] < 0):
                continue  # at the ends of int32 they are what they are, see above
            for end in (LEAST, GREATEST):
                target = wanted(real, end, input_scale, output_scale)
                assert abs(evaluate(rows(table), end) - target) <= 1.0 + 0.011 * 65535 * (percent is not None)


@pytest.mark.parametrize("input_scale", [2.6e8, 6e8, 1e10])
@pytest.mark.parametrize("function", ["sigmoid", "tanh"])
def test_domain_beyond_int32_has_no_segments(function: Function, input_scale: float) -> None:
    real = {"sigmoid": sigmoid, "tanh": math.tanh}[function]
    for percent, most in ((None, 1.0), (1.0, 22.0)):
        table = rows(design_segments(function, (), input_scale, 2048.0, percent))
        found = np.abs(errors(table, real, some_integers(table, LEAST, GREATEST, 2000), input_scale, 2048.0))
        assert found.max() <= most


def test_intel_tables_overflow_beyond_int32() -> None:
    bases = [base & ~3 for base, _, _ in intel_table(SIGMOID, 10.0, 0, 1.0, 2.4e8, 2048.0)]
    assert bases == sorted(bases)
    assert max(base for base, _, _ in intel_table(SIGMOID, 10.0, 0, 1.0, 2.6e8, 2048.0)) > GREATEST


COMPARED: list[tuple[Function, tuple[Formula, Formula], float, int]] = [
    ("sigmoid", SIGMOID, 10.0, 0),
    ("tanh", TANH, 5.0, -1),
]


@pytest.mark.parametrize(("function", "formulas", "limit", "low"), COMPARED)
@pytest.mark.parametrize("output_scale", [2048.0, 32767.0])
@pytest.mark.parametrize("input_scale", [UNIT, 3.3e6, 1.77e8])
@pytest.mark.parametrize("percent", [1.0, 0.1])
def test_smaller_error_than_intel_with_as_many_segments(
    function: Function,
    formulas: tuple[Formula, Formula],
    limit: float,
    low: int,
    output_scale: float,
    input_scale: float,
    percent: float,
) -> None:
    theirs = intel_table(formulas, limit, low, percent, input_scale, output_scale)
    ours = rows(design_segments(function, (), input_scale, output_scale, percent))
    points = [int(x) for x in np.linspace(-limit * input_scale, limit * input_scale, 2001)]
    their_errors, our_errors = (errors(t, formulas[0], points, input_scale, output_scale) for t in (theirs, ours))
    assert len(ours) <= len(theirs)
    assert np.sqrt(np.mean(our_errors**2)) <= np.sqrt(np.mean(their_errors**2))


@pytest.mark.parametrize(("function", "formulas", "limit", "low"), COMPARED)
def test_all_segments_versus_one_percent(
    function: Function, formulas: tuple[Formula, Formula], limit: float, low: int
) -> None:
    points = [int(x) for x in np.linspace(-limit * UNIT, limit * UNIT, 2001)]
    rms, most = {}, {}
    for percent in (1.0, None):
        table = rows(design_segments(function, (), UNIT, 32767.0, percent))
        found = errors(table, formulas[0], points, UNIT, 32767.0)
        rms[percent], most[percent] = np.sqrt(np.mean(found**2)), np.abs(found).max()
    assert rms[1.0] > 60 * rms[None]
    assert most[1.0] > 50 * most[None]


@pytest.mark.parametrize(("function", "real"), [("sigmoid", sigmoid), ("tanh", math.tanh)])
def test_all_segments_at_small_scale_approach_rounding(function: Function, real: Real) -> None:
    table = rows(design_segments(function, (), UNIT, 2048.0))
    found = errors(table, real, [int(x) for x in np.linspace(-5 * UNIT, 5 * UNIT, 20011)], UNIT, 2048.0)
    assert np.sqrt(np.mean(found**2)) < 1.1 * math.sqrt(1 / 12)
    assert abs(np.mean(found)) < 0.03


def test_requested_error_is_kept() -> None:
    counts = []
    for percent in (5.0, 1.0, 0.3, 0.1, 0.03):
        table = rows(design_segments("sigmoid", (), UNIT, 32767.0, percent))
        found = np.abs(errors(table, sigmoid, some_integers(table, -10 * UNIT, 10 * UNIT, 2000), UNIT, 32767.0))
        # Half of the range on each side of zero; slopes are integers, and results are, too.
        assert found.max() <= percent / 100 * 32767 / 2 * 1.05 + 1.5
        counts.append(len(table))
    assert counts == sorted(set(counts))
    assert counts[1] == 12


def test_piecewise_linear_functions_need_three_segments() -> None:
    table = design_segments("relu", (), UNIT, 2048.0)
    points = some_integers(rows(table), LEAST, GREATEST, 3000)
    assert len(table) == 3
    assert np.abs(errors(rows(table), lambda x: max(x, 0.0), points, UNIT, 2048.0)).max() <= 0.5


def test_zero_is_exact() -> None:
    for function, value in (("relu", 0), ("tanh", 0), ("identity", 0), ("sign", 0), ("abs", 0), ("log", -32768)):
        table = rows(design_segments(function, (), UNIT, 2048.0))  # type: ignore[arg-type]
        assert abs(evaluate(table, 0) - value) <= (function == "tanh")


def test_slope_as_array_and_cached_tables() -> None:
    one = design_segments("leaky_relu", (np.array([0.25], np.float32),), UNIT, 2048.0)
    assert one is design_segments("leaky_relu", (0.25,), UNIT, 2048.0)
    assert not one.flags.writeable
    assert one.dtype.itemsize == 8


@pytest.mark.parametrize(
    ("function", "parameters", "input_scale", "output_scale"),
    [
        ("sigmoid", (), 0.0, 2048.0),
        ("sigmoid", (), math.nan, 2048.0),
        ("sigmoid", (), 1.0, math.inf),
        ("leaky_relu", (math.nan,), 1.0, 1.0),
        ("leaky_relu", (), 1.0, 1.0),
        ("clamp", (2.0, 1.0), 1.0, 1.0),
        ("gelu", (), 1.0, 1.0),
    ],
)
def test_invalid_arguments_are_refused(
    function: Function, parameters: tuple[float, ...], input_scale: float, output_scale: float
) -> None:
    with pytest.raises(UnsupportedModelError, match=function):
        design_segments(function, parameters, input_scale, output_scale)


# As Intel's plugin exported them: of the first layer of a digit recognizer, and of the cell output of an LSTM.
THEIR_SIGMOID = [
    (-748675073, 0, 243), (-371384913, 21, 2992), (-243494221, 110, 8345), (-160956213, 271, 15611),
    (-90488393, 527, 23195), (3, 1032, 23195), (90488395, 1521, 15611), (160956215, 1777, 8345),
    (243494223, 1938, 2992), (371384915, 2027, 243), (748675076, 2048, 0),
]  # fmt: skip
THEIR_TANH = [
    (-18029493, -2048, 20143), (-8943642, -2005, 971), (-5863794, -1827, 2707), (-3876126, -1506, 5064),
    (-2179130, -994, 7525), (2, 17, 7525), (2179130, 994, 5064), (3876126, 1506, 2707), (5863794, 1827, 971),
    (8943643, 2005, 20143), (18029492, 2048, 0),
]  # fmt: skip


@pytest.mark.parametrize(
    ("theirs", "formulas", "limit", "low"), [(THEIR_SIGMOID, SIGMOID, 10.0, 0), (THEIR_TANH, TANH, 5.0, -1)]
)
def test_intel_design_matches_exported_tables(
    theirs: Table, formulas: tuple[Formula, Formula], limit: float, low: int
) -> None:
    unit = 2.0**40  # far beyond int32, for the place where the last segment begins
    scale = theirs[-1][0] / (intel_table(formulas, limit, low, 1.0, unit, 2048.0)[-1][0] / unit)
    made = intel_table(formulas, limit, low, 1.0, scale, 2048.0)
    assert made[0] == (LEAST, low * 2048, 0)
    assert [segment[1] for segment in made[1:]] == [segment[1] for segment in theirs]
    assert np.allclose([segment[2] for segment in made[1:]], [segment[2] for segment in theirs], rtol=0, atol=1)
    assert np.allclose([segment[0] for segment in made[1:]], [segment[0] for segment in theirs], rtol=0, atol=4)


def test_steep_function_has_a_segment() -> None:
    table = rows(design_segments("leaky_relu", (0.1,), 1.0, 32767.0))
    assert [base & ~3 for base, _, _ in table] == [LEAST, -12, -8, -4, 0, 4]
    for x in (LEAST, -11, 4, GREATEST):
        assert abs(evaluate(table, x) - wanted(lambda value: max(value, 0.1 * value), x, 1.0, 32767.0)) <= 3 * 3277
