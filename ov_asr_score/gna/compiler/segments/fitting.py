"""Fits integer segments to given edges: slopes, shifts and values, with bases moved so that flooring becomes rounding.

Tests: tests/gna/compiler/segments/test_segment_tables.py
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.gna.compiler.segments.placement import sample
from ov_asr_score.gna.compiler.segments.targets import INT16_MAX, INT16_MIN, STEP, Float64Array, Int64Array, Target
from ov_asr_score.gna.model import SEGMENT

# Sampling points within a segment, including both ends; unevenly spaced, because the error of flooring is periodic.
_FRACTIONS = np.unique(np.concatenate([[0.0, 1.0], (np.arange(31) + np.modf(np.arange(31) * 0.6180339887)[0]) / 31]))


def fit_segments(
    target: Target, edges: Int64Array, levels: Float64Array, slack: Float64Array, is_fixed: NDArray[np.bool_]
) -> NDArray[Any]:
    """``SEGMENT`` records for the segments between ``edges``, the first of which is -2^31 and the last 2^31.

    The arrays have one element per segment: ``levels`` is its value if it is flat, else NaN; ``slack`` is by how much
    the largest distance from the curve may grow to reduce the mean distance; ``is_fixed``: its base must not move.
    """
    is_line = np.isnan(levels)
    is_fixed = is_fixed | ~is_line
    is_fixed[0] = True
    slopes, shifts, starts = _lines(target, edges, is_line, slack)
    rise = np.ldexp(slopes.astype(np.float64), -shifts)
    moved = _moved(edges, rise, starts, is_fixed)
    starts = starts + rise * (moved - edges)[:-1]
    edges = moved
    # Flooring lowers a value by half a unit on average; a flat segment is not affected.
    values = np.where(is_line, np.rint(starts + 0.5 * (slopes != 0)), np.rint(np.nan_to_num(levels))).astype(np.int64)
    slopes, values = _best_of_near(target, edges, slopes, shifts, values, is_line)
    table = np.empty(len(values), SEGMENT)
    table["base"] = edges[:-1] + (shifts // 8 - 1)
    table["value"], table["slope"] = values, slopes
    return table


def _lines(
    target: Target, edges: Int64Array, is_line: NDArray[np.bool_], slack: Float64Array
) -> tuple[Int64Array, Int64Array, Float64Array]:
    """Integer slope, shift, and real value at the base, of the line of each segment."""
    points = sample(edges, _FRACTIONS)
    wanted = target.values(points)
    along = points - points[:, :1]
    rise = np.where(is_line, (wanted[:, -1] - wanted[:, 0]) / along[:, -1], 0.0)
    slopes, shifts = integer_slopes(rise)
    away = wanted - along * np.ldexp(slopes.astype(np.float64), -shifts)[:, None]
    middle = (away.max(axis=1) + away.min(axis=1)) / 2
    return slopes, shifts, middle + np.clip(away.mean(axis=1) - middle, -slack, slack)


def integer_slopes(rise: Float64Array) -> tuple[Int64Array, Int64Array]:
    """Slopes as int16, each with the largest shift that it allows; the steepest slope possible if none does."""
    code = np.zeros(len(rise), np.int64)
    for larger in (1, 2, 3):
        code[np.abs(np.rint(rise * 2.0 ** (8 * larger + 8))) <= INT16_MAX] = larger
    shifts = 8 * (code + 1)
    slopes = np.clip(np.rint(np.ldexp(rise, shifts)), INT16_MIN, INT16_MAX).astype(np.int64)
    return slopes, shifts


def _moved(edges: Int64Array, rise: Float64Array, starts: Float64Array, is_fixed: NDArray[np.bool_]) -> Int64Array:
    """Edges moved slightly, to where the line is half a unit below a whole value, so that flooring rounds."""
    length = np.diff(edges).astype(np.float64)
    left = np.concatenate([[0.0], length[:-1]]) / 4
    right = length / 4
    with np.errstate(divide="ignore", invalid="ignore"):
        period = 1 / np.abs(rise)
        value = np.clip(np.rint(starts + 0.5), INT16_MIN, INT16_MAX)
        move = np.nan_to_num((value - (starts + 0.5)) / rise, posinf=0, neginf=0)
        move = np.where(move < -left, move + period, np.where(move > right, move - period, move))
    bend = np.abs(np.diff(rise, prepend=rise[:1]))
    # At a sharp bend, one of the two lines would be continued too far.
    may_move = ~is_fixed & (move >= -left) & (move <= right) & (bend * np.abs(move) < 1.01)
    moved = edges.copy()
    moved[:-1] += np.where(may_move, np.rint(np.where(may_move, move, 0) / STEP) * STEP, 0).astype(np.int64)
    return moved


def _best_of_near(
    target: Target,
    edges: Int64Array,
    slopes: Int64Array,
    shifts: Int64Array,
    values: Int64Array,
    is_line: NDArray[np.bool_],
) -> tuple[Int64Array, Int64Array]:
    """The neighbouring slopes and values with the least error on the device: sum of largest and RMS error."""
    points = sample(edges, _FRACTIONS)
    wanted = target.values(points)
    along = points - points[:, :1]
    # One step of the slope moves the end of the line by about a quarter of a unit.
    step = np.maximum(1, np.ldexp(0.25 / np.diff(edges), shifts).astype(np.int64))
    best_error = np.full(len(values), np.inf)
    best_slopes, best_values = slopes.copy(), np.clip(values, INT16_MIN, INT16_MAX)
    # The present values come first; others are only taken if they are better.
    for tilt in (0, 1, -1, 2, -2):
        slope = np.clip(slopes + tilt * step, INT16_MIN, INT16_MAX)
        rising = (along * slope[:, None]) >> shifts[:, None]
        for lift in (0, 1, -1):
            value = np.clip(values + lift, INT16_MIN, INT16_MAX)
            error = np.abs(np.clip(rising + value[:, None], INT16_MIN, INT16_MAX) - wanted)
            total = error.max(axis=1) + np.sqrt(np.mean(error**2, axis=1))
            is_better = is_line & (total < best_error - 1e-9)
            best_error[is_better] = total[is_better]
            best_slopes[is_better], best_values[is_better] = slope[is_better], value[is_better]
    return best_slopes, best_values
