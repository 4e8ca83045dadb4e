"""The segment tables that Intel's plugin makes for sigmoid and tanh (pivoted tangents), for comparison with ours."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

Formula = Callable[[float], float]

SIGMOID: tuple[Formula, Formula] = (
    lambda x: 1 / (1 + math.exp(-x)),
    lambda x: math.exp(-x) / (1 + math.exp(-x)) ** 2,
)
TANH: tuple[Formula, Formula] = (math.tanh, lambda x: 1 - math.tanh(x) ** 2)

Line = tuple[float, float, float, float]
"""Where it begins, its value there, slope, intercept."""


def _pivot(f: Formula, slope: Formula, start: float, end: float, count: int, sign: float) -> tuple[list[Line], float]:
    tangents = [start + (i + 1) / (count + 1) * (end - start) for i in range(count)]
    delta, last, step_back, equal = 1.0, math.inf, None, False
    for _ in range(2000):
        crossings = [start]
        for t, u in pairwise(tangents):
            crossings.append((f(t) - f(u) + u * slope(u) - t * slope(t)) / (slope(u) - slope(t)))
        crossings.append(end)
        lines = [(slope(t), f(t) - t * slope(t)) for t in tangents]
        errors = [sign * (m * a + b - f(a)) for (m, b), a in zip(lines, crossings[:-1], strict=True)]
        errors.append(sign * (lines[-1][0] * end + lines[-1][1] - f(end)))
        most, least = max(errors), min(errors)
        if most - least < 0.1 * least:
            shift = sign * (most + least) / 4
            made = [(a, m * a + b - shift, m, b - shift) for (m, b), a in zip(lines, crossings[:-1], strict=True)]
            return [*made, (end, lines[-1][0] * end + lines[-1][1] - shift, 0.0, 0.0)], abs(shift)
        if most > last or (most == last and equal):
            delta /= 2
            if step_back is not None:
                tangents, crossings, errors = step_back
        equal = most == last and not equal
        last = most
        step_back = (list(tangents), list(crossings), list(errors))
        tangents = [
            t
            + delta
            * (errors[i + 1] - errors[i])
            / (errors[i + 1] / (crossings[i + 1] - t) + errors[i] / (t - crossings[i]))
            for i, t in enumerate(tangents)
        ]
    raise RuntimeError("does not converge")


def _half(functions: tuple[Formula, Formula], start: float, end: float, percent: float, sign: float) -> list[Line]:
    f, slope = functions
    values = [f(start + i * (end - start) / 501) for i in range(500)]
    spread = max(values) - min(values)
    for count in range(1, 128):
        lines, shift = _pivot(f, slope, start, end, count, sign)
        if 100 * shift / spread <= percent:
            return lines
    raise RuntimeError("needs too many lines")


def intel_table(
    functions: tuple[Formula, Formula], limit: float, low: int, percent: float, input_scale: float, output_scale: float
) -> list[tuple[int, int, int]]:
    """Base with the shift code, value, slope; ``limit`` is 10 for the sigmoid, 5 for tanh, ``low`` 0 or -1."""
    lines = _half(functions, -limit, 0.0, percent, -1.0)[:-1] + _half(functions, 0.0, limit, percent, 1.0)[:-1]
    first, last = lines[0], lines[-1]
    enters = (low - first[3]) / first[2]
    leaves = (1 - last[3]) / last[2]
    kept = [(enters, float(low), first[2])]
    kept += [(a, value, m) for a, value, m, _ in lines if enters < a < leaves]
    table = [(-(2**31), round(low * output_scale), 0)]
    for begin, value, m in [*kept, (leaves, 1.0, 0.0)]:
        scaled, code = m * output_scale / input_scale, 0
        for larger in (3, 2, 1):
            if abs(scaled) * 2.0 ** (8 * larger + 8) <= 32767:
                code = larger
                break
        base = int(input_scale * begin)
        table.append(((base & ~3) + code, _away(value * output_scale), _away(scaled * 2.0 ** (8 * code + 8))))
    return table


def _away(value: float) -> int:
    return int(math.copysign(math.floor(abs(value) + 0.5), value))
