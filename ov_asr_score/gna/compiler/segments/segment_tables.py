"""Designs segment tables for the functions of a graph, as accurate as the device's integers allow."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.gna.compiler.segments.fitting import fit_segments, integer_slopes
from ov_asr_score.gna.compiler.segments.placement import least_edges, spread_edges
from ov_asr_score.gna.compiler.segments.targets import INT32_MAX, INT32_MIN, STEP, Int64Array, Target, target_values
from ov_asr_score.gna.graphs.float_graph import Float32Array, Function
from ov_asr_score.gna.model import SEGMENT

MAX_SEGMENTS = 128
"""Largest number of segments in a table of the device."""

_FINE_ENOUGH = 1 / 64
"""Distance of a line to the curve, in output units, below which more segments make no difference."""

_NEAR_ENOUGH = 1 / 16
"""The same for piecewise linear functions, which have no other error."""


class _IntegerRange(NamedTuple):
    """An interval [``start``, ``end``) of integers where the function is flat, at ``level``, or a curve (None)."""

    start: int
    end: int
    level: float | None


class _Lines(NamedTuple):
    """Edges of the segments of a curve, the distance of their lines to it, and the distance allowed."""

    edges: Int64Array
    distance: float
    allowed: float


def design_segments(
    function: Function,
    parameters: tuple[float, ...] | tuple[Float32Array, ...],
    input_scale: float,
    output_scale: float,
    max_error_percent: float | None = None,
) -> NDArray[Any]:
    """Segments (``SEGMENT``: base with the shift code, value, slope) for ``output_scale`` · f(x / ``input_scale``).

    ``max_error_percent``: None uses all segments of the device, placed for the least error; a number uses the fewest
    whose lines are within this percentage of the function's range on each side of its bends (of zero, for a sigmoid).
    The table has 2 to 128 segments with strictly ascending bases from -2^31 on; inputs beyond int32 have no segments.
    Values are clipped to int16. The array is read-only and cached by the arguments.

    ``parameters`` are those of :class:`~ov_asr_score.gna.graphs.float_graph.Activation`, with one slope only. For
    powers, logarithms and errors see :func:`~ov_asr_score.gna.compiler.segments.targets.target_values`.
    """
    numbers = tuple(float(np.asarray(value).reshape(())) for value in parameters)
    percent = None if max_error_percent is None else float(max_error_percent)
    return _design(function, numbers, float(input_scale), float(output_scale), percent)


@lru_cache(maxsize=1024)
def _design(
    function: Function,
    parameters: tuple[float, ...],
    input_scale: float,
    output_scale: float,
    max_error_percent: float | None,
) -> NDArray[Any]:
    target = target_values(function, parameters, input_scale, output_scale)
    table = _sign_table(target) if function == "sign" else _table(target, max_error_percent)
    table.setflags(write=False)
    return table


def _sign_table(target: Target) -> NDArray[Any]:
    """Three flat segments; that of zero covers the four integers from zero on, as bases are multiples of 4."""
    low, zero, high = np.rint(target.values(np.array([-1, 0, STEP]))).astype(np.int64)
    code = 3  # the largest shift, as for every slope of 0
    return np.array([(INT32_MIN + code, low, 0), (code, zero, 0), (STEP + code, high, 0)], SEGMENT)


def _table(target: Target, max_error_percent: float | None) -> NDArray[Any]:
    tail = 0.0 if target.is_straight else 0.5
    pieces = _pieces(target, tail)
    curves = _lines_of_curves(target, pieces, max_error_percent)
    if not target.is_straight:
        # Values close to a limit become flat: the error is no larger than that of lines elsewhere, and saves segments.
        outer = [curves[piece].distance for piece in (pieces[0], pieces[1], pieces[-2], pieces[-1]) if piece in curves]
        pieces = _pieces(target, tail + min(outer, default=0.0) / 2)
        curves = _lines_of_curves(target, pieces, max_error_percent)
    bases: list[int] = []
    levels: list[float] = []
    slack: list[float] = []
    for piece in pieces:
        if piece.level is not None:
            bases.append(piece.start)
            levels.append(piece.level)
            slack.append(0.0)
            continue
        lines = curves[piece]
        count = len(lines.edges) - 1
        bases += lines.edges[:-1].tolist()
        levels += [np.nan] * count
        slack += [max(lines.allowed - lines.distance, 0.0)] * count
    edges = np.array([*bases, INT32_MAX + 1], np.int64)
    is_fixed = np.isin(edges[:-1], _bends(target)) if target.jumps else np.zeros(len(bases), np.bool_)
    return fit_segments(target, edges, np.array(levels), np.array(slack), is_fixed)


def _bends(target: Target) -> list[int]:
    """Bends as multiples of 4 within int32: not before a jump, otherwise the nearest one."""
    rounded = [float(np.ceil(bend / STEP) if target.jumps else np.rint(bend / STEP)) * STEP for bend in target.bends]
    return sorted({int(bend) for bend in rounded if INT32_MIN + STEP < bend < INT32_MAX + 1 - STEP})


def _pieces(target: Target, tail: float) -> list[_IntegerRange]:
    """All of int32 as flat pieces and curves; values within ``tail`` of that at an end of int32 count as flat.

    The first piece is flat (four integers if the function begins with a curve), and there are at least two.
    """
    ends = [INT32_MIN, *_bends(target), INT32_MAX + 1]
    pieces: list[_IntegerRange] = []
    for start, end in pairwise(ends):
        first, last = (float(level) for level in target.values(np.array([start, end - 1])))
        leaves = _flat_until(target, start, end - 1, tail if start == INT32_MIN else 0.0) // STEP * STEP
        arrives = -(-_flat_until(target, end - 1, start, tail if end == INT32_MAX + 1 else 0.0) // STEP) * STEP
        if start == INT32_MIN:
            leaves = max(leaves, start + STEP)
        if leaves >= arrives:
            pieces.append(_IntegerRange(start, end, first if end != INT32_MAX + 1 else last))
            continue
        if leaves > start:
            pieces.append(_IntegerRange(start, leaves, first))
        pieces.append(_IntegerRange(leaves, arrives, None))
        if arrives < end:
            pieces.append(_IntegerRange(arrives, end, last))
    if len(pieces) == 1:
        start, end, level = pieces[0]
        return [_IntegerRange(start, 0, level), _IntegerRange(0, end, level)]
    return pieces


def _flat_until(target: Target, near: int, far: int, tolerance: float) -> int:
    """The last integer on the way from ``near`` to ``far`` whose value is within ``tolerance`` of that at ``near``.

    With a tolerance, the value at ``near`` is rounded first, because a flat segment has a whole value.
    """
    level = target.values(np.array([near]))[0]
    if tolerance > 0:
        level = np.rint(level)

    def is_flat(position: int) -> bool:
        return bool(abs(target.values(np.array([position]))[0] - level) <= tolerance)

    if is_flat(far):
        return far
    while abs(far - near) > 1:
        middle = (near + far) // 2
        near, far = (middle, far) if is_flat(middle) else (near, middle)
    return near


def _lines_of_curves(target: Target, pieces: list[_IntegerRange], percent: float | None) -> dict[_IntegerRange, _Lines]:
    curves = [piece for piece in pieces if piece.level is None]
    most = MAX_SEGMENTS - len(pieces) + len(curves)
    if target.is_straight:
        return _parts_of_lines(target, curves, percent, most)
    if percent is not None:
        within_limit = {piece: _within(target, piece, percent, most) for piece in curves}
        if sum(len(lines.edges) - 1 for lines in within_limit.values()) <= most:
            return within_limit
    return _nearest(target, curves, most)


def _within(target: Target, piece: _IntegerRange, percent: float, most: int) -> _Lines:
    """The fewest lines within ``percent`` of the range of the curve, at most ``most``."""
    first, last = target.values(np.array([piece.start, piece.end - 1]))
    allowed = max(percent / 100 * abs(float(last - first)), _FINE_ENOUGH)
    edges, distance = least_edges(target, piece.start, piece.end, allowed, most)
    return _Lines(edges, distance, allowed)


def _nearest(target: Target, curves: list[_IntegerRange], most: int) -> dict[_IntegerRange, _Lines]:
    """At most ``most`` lines, distributed over the curves so that the largest distance is small."""
    needs, enough = {}, {}
    for piece in curves:
        edges, distance = spread_edges(target, piece.start, piece.end, most // len(curves))
        is_coarse = bool(np.any(np.diff(edges) <= STEP))
        # Twice the lines are four times as near: this many would be one unit away.
        needs[piece] = (len(edges) - 1) * np.sqrt(max(distance, _FINE_ENOUGH if is_coarse else 1e-12))
        enough[piece] = most if is_coarse else max(1, int(np.ceil(needs[piece] / np.sqrt(_FINE_ENOUGH))))
    lines = {}
    for piece in curves:
        share = 1 + int((most - len(curves)) * needs[piece] / sum(needs.values()))
        edges, distance = spread_edges(target, piece.start, piece.end, min(share, enough[piece]))
        lines[piece] = _Lines(edges, distance, distance)
    return lines


def _parts_of_lines(
    target: Target, curves: list[_IntegerRange], percent: float | None, most: int
) -> dict[_IntegerRange, _Lines]:
    """Straight lines, divided into equal parts where a single integer slope would drift away from them."""
    wanted = {}
    for piece in curves:
        first, last = target.values(np.array([piece.start, piece.end - 1]))
        length = piece.end - 1 - piece.start
        rise = np.array([(last - first) / length])
        slopes, shifts = integer_slopes(rise)
        astray = float(np.abs(np.ldexp(slopes.astype(np.float64), -shifts) - rise)[0] * length)
        allowed = _NEAR_ENOUGH if percent is None else max(percent / 100 * abs(float(last - first)), _NEAR_ENOUGH)
        wanted[piece] = min(max(1.0, np.ceil(astray / 2 / allowed)), (piece.end - piece.start) // STEP)
    scarce = min(1.0, (most - len(curves)) / max(sum(wanted.values()), 1))
    lines = {}
    for piece, number in wanted.items():
        cuts = np.linspace(piece.start, piece.end, (int(number) if scarce == 1 else 1 + int(number * scarce)) + 1)
        edges = np.unique(np.rint(cuts / STEP).astype(np.int64) * STEP)
        lines[piece] = _Lines(edges, 0.0, 0.0)
    return lines
