"""What a function of a graph is in the integers of the device: the value wanted for each int32, and where it bends."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.gna.graphs.graph import Function

Float64Array: TypeAlias = NDArray[np.float64]
Int64Array: TypeAlias = NDArray[np.int64]

INT32_MIN, INT32_MAX = -(2**31), 2**31 - 1
INT16_MIN, INT16_MAX = -(2**15), 2**15 - 1

STEP = 4
"""Bases are multiples of it: the two low bits of a base hold something else."""


@dataclass(frozen=True, slots=True)
class Target:
    """The values that a table is to have: ``values(x)`` for int32 x, real, within int16.

    ``bends`` are the places, in x, where the function turns, jumps or changes the sign of its curvature, ascending;
    between two of them it is convex, concave or straight, and monotone. ``is_straight``: it consists of lines.
    ``jumps``: it is not continuous at its bends.
    """

    values: Callable[[Int64Array], Float64Array]
    bends: tuple[float, ...]
    is_straight: bool = False
    jumps: bool = False


@dataclass(frozen=True, slots=True)
class _Formula:
    """A function of real numbers, with the bends in real numbers."""

    of: Callable[[Float64Array], Float64Array]
    bends: tuple[float, ...]
    is_straight: bool = False
    jumps: bool = False


def target_values(function: Function, parameters: tuple[float, ...], input_scale: float, output_scale: float) -> Target:
    """``output_scale`` · f(x / ``input_scale``) for the integers x of the device, cut to what int16 holds.

    The logarithm of what is not above zero is the least value there is; the integers 1 to 3 have no segment of their
    own (a base is a multiple of 4) and count as zero there. Powers with a whole exponent take negative
    values as they are; other exponents take them as zero. What grows beyond all bounds (at zero, with negative
    exponents) is the greatest or least value. Raises :class:`UnsupportedModelError` for scale factors or parameters
    that are not finite, and scale factors that are not positive.
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
        # A power of minus zero would be minus infinity for odd negative exponents: zero is taken from above.
        base = np.where(base == 0, 0.0, base) if exponent == round(exponent) else np.maximum(base, 0)
        return np.power(base, exponent)

    return _Formula(of, (-shift / scale,), jumps=exponent < 0)
