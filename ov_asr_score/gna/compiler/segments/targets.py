"""Functions of a graph in the integers of the device: the wanted value for each int32 input, and the bends."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.gna.graphs.float_graph import Function

Float64Array: TypeAlias = NDArray[np.float64]
Int64Array: TypeAlias = NDArray[np.int64]

INT32_MIN, INT32_MAX = -(2**31), 2**31 - 1
INT16_MIN, INT16_MAX = -(2**15), 2**15 - 1

STEP = 4
"""Bases are multiples of 4, because the two low bits of a base hold the shift code."""


@dataclass(frozen=True, slots=True)
class Target:
    """The values that a table should have: ``values(x)`` is real and within int16, for int32 x.

    ``bends`` are the points x, ascending, where the function has a kink, a jump or an inflection; between two of them
    it is monotone, and convex, concave or straight. ``is_straight``: it is piecewise linear. ``jumps``: it is not
    continuous at its bends.
    """

    values: Callable[[Int64Array], Float64Array]
    bends: tuple[float, ...]
    is_straight: bool = False
    jumps: bool = False


@dataclass(frozen=True, slots=True)
class _Formula:
    """A function of real numbers, and its bends."""

    of: Callable[[Float64Array], Float64Array]
    bends: tuple[float, ...]
    is_straight: bool = False
    jumps: bool = False


def target_values(function: Function, parameters: tuple[float, ...], input_scale: float, output_scale: float) -> Target:
    """``output_scale`` · f(x / ``input_scale``) for the integers x of the device, clipped to int16.

    The logarithm of zero and of negative values is the least value; the integers 1 to 3 count as zero there, because
    they have no segment of their own (bases are multiples of 4). Powers of negative values are computed for whole
    exponents; for others, negative values count as zero. Infinite values (at zero, with negative exponents) become the
    greatest or least value. Raises UnsupportedModelError for parameters or scale factors that are not finite, for scale
    factors that are not positive, and for functions that GNA does not have.
    """
    numbers = (input_scale, output_scale, *(value for value in parameters if function != "clamp"))
    if not all(math.isfinite(number) for number in numbers) or input_scale <= 0 or output_scale <= 0:
        raise UnsupportedModelError(
            f"{function}{parameters or ''}: expected finite parameters and positive scale factors, found scale factors "
            f"{input_scale:g} and {output_scale:g}"
        )
    formula = _formula(function, parameters)

    def values(x: Int64Array) -> Float64Array:
        if function == "log":
            x = np.where(x < STEP, 0, x)
        with np.errstate(all="ignore"):
            wanted = output_scale * formula.of(x / input_scale)
        return np.clip(np.nan_to_num(wanted, posinf=INT16_MAX, neginf=INT16_MIN), INT16_MIN, INT16_MAX)

    bends = tuple(bend * input_scale for bend in formula.bends) if function != "log" else (float(STEP),)
    return Target(values, bends, formula.is_straight, formula.jumps)


def _formula(function: Function, parameters: tuple[float, ...]) -> _Formula:
    match function, parameters:
        case "identity", ():
            return _Formula(lambda x: x, (), is_straight=True)
        case "sigmoid", ():
            return _Formula(lambda x: 0.5 + 0.5 * np.tanh(0.5 * x), (0.0,))
        case "tanh", ():
            return _Formula(np.tanh, (0.0,))
        case "softsign", ():
            return _Formula(lambda x: x / (1 + np.abs(x)), (0.0,))
        case "exp", ():
            return _Formula(np.exp, ())
        case "log", ():
            return _Formula(lambda x: np.log(np.maximum(x, 0)), (0.0,), jumps=True)
        case "abs", ():
            return _Formula(np.abs, (0.0,), is_straight=True)
        case "sign", ():
            return _Formula(np.sign, (0.0,), is_straight=True, jumps=True)
        case "relu", ():
            return _Formula(lambda x: np.maximum(x, 0), (0.0,), is_straight=True)
        case "leaky_relu", (slope,):
            return _Formula(lambda x: np.where(x < 0, slope * x, x), (0.0,), is_straight=True)
        case "clamp", (least, greatest) if least <= greatest:
            bends = tuple(value for value in sorted({least, greatest}) if math.isfinite(value))
            return _Formula(lambda x: np.clip(x, least, greatest), bends, is_straight=True)
        case "power", (exponent, scale, shift):
            return _power(exponent, scale, shift)
    raise UnsupportedModelError(f"{function}: GNA has no such function with {len(parameters)} parameters {parameters}")


def _power(exponent: float, scale: float, shift: float) -> _Formula:
    if scale == 0 or exponent == 0:
        constant = 1.0 if exponent == 0 else float(np.nan_to_num(np.float64(shift) ** exponent))
        return _Formula(lambda x: np.full_like(x, constant), (), is_straight=True)
    if exponent == 1:
        return _Formula(lambda x: scale * x + shift, (), is_straight=True)

    def of(x: Float64Array) -> Float64Array:
        base = scale * x + shift
        # -0.0 to an odd negative power would be minus infinity; use +0.0.
        base = np.where(base == 0, 0.0, base) if exponent == round(exponent) else np.maximum(base, 0)
        return np.power(base, exponent)

    return _Formula(of, (-shift / scale,), jumps=exponent < 0)
