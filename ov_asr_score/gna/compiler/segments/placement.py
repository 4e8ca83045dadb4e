"""Places the edges of segments so that all lines have the same distance from a curve.

Tests: tests/gna/compiler/segments/test_segment_tables.py
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.gna.compiler.segments.targets import STEP, Float64Array, Int64Array, Target

_FRACTIONS = np.linspace(0, 1, 17)
_ROUNDS = 8


def spread_edges(target: Target, start: int, end: int, count: int) -> tuple[Int64Array, float]:
    """Edges of at most ``count`` segments from ``start`` to ``end``, and the largest distance of lines to the curve.

    The edges are multiples of 4, ascending, from ``start`` to ``end``; the curve between them is convex or concave.
    Segments that would have to be shorter than 4 for equal distances have length 4 and a larger distance, which is not
    counted.
    """
    if count >= (end - start) // STEP:
        edges = np.arange(start, end + STEP, STEP)
        return edges, 0.0
    if count == 1:
        edges = np.array([start, end])
        return edges, float(_distances(target, edges)[0])
    grid, total = _bent(target, start, end)
    best, best_distance = np.array([start, end]), np.inf
    for _ in range(_ROUNDS):
        edges = _equal_parts(grid, total, count)
        distances = _distances(target, edges)
        distance = _largest(distances, edges)
        if distance < best_distance:
            best, best_distance = edges, distance
        if distances.max() < 1.02 * distances.mean():
            break
        # The distance is proportional to the square of the length, so equal roots mean equal distances.
        parts = _limited(np.sqrt(distances) + 1e-9, np.diff(edges) <= STEP, count)
        grid, total = _reweighted(grid, total, edges, parts)
    return best, best_distance


def least_edges(target: Target, start: int, end: int, distance: float, most: int) -> tuple[Int64Array, float]:
    """Edges of the fewest segments whose lines are within ``distance``, at most ``most``; see spread_edges."""
    guess = min(most, 16)
    edges, reached = spread_edges(target, start, end, guess)
    count = int(np.clip(np.ceil(guess * np.sqrt(reached / distance)), 1, most))
    edges, reached = spread_edges(target, start, end, count)
    step = 1
    while reached > distance and count < most:
        count = min(count + step, most)
        step *= 2
        edges, reached = spread_edges(target, start, end, count)
    low = 0 if step == 1 else count - step // 2
    if reached > distance:
        return edges, reached
    # One segment fewer is nearly always too few.
    middle = count - 1
    while middle > low:
        fewer, farther = spread_edges(target, start, end, middle)
        if farther > distance:
            low = middle
        else:
            count, edges, reached = middle, fewer, farther
        middle = (low + count) // 2
    return edges, reached


def sample(edges: Int64Array, fractions: Float64Array) -> Int64Array:
    """Integers at ``fractions`` of each segment, [segments, fractions]; fraction 1 is one before the next edge."""
    length = np.diff(edges) - 1
    points: Int64Array = edges[:-1, None] + (length[:, None] * fractions).astype(np.int64)
    return points


def _distances(target: Target, edges: Int64Array) -> Float64Array:
    """Distance of the best line to the curve, for each segment: half the deviation from the chord."""
    points = sample(edges, _FRACTIONS)
    values = target.values(points)
    rise = (values[:, -1] - values[:, 0]) / (points[:, -1] - points[:, 0])
    away = values - rise[:, None] * (points - points[:, :1])
    distances: Float64Array = (away.max(axis=1) - away.min(axis=1)) / 2
    return distances


def _largest(distances: Float64Array, edges: Int64Array) -> float:
    return float(distances[np.diff(edges) > STEP].max(initial=0))


def _bent(target: Target, start: int, end: int) -> tuple[Int64Array, Float64Array]:
    """A grid, and up to each of its points the integral of the square root of the curvature.

    The grid is fine at both ends, where logarithms and roots have their largest curvature.
    """
    length = end - start
    near = np.geomspace(1, length, 128)
    grid = np.unique(np.concatenate([np.linspace(0, length, 257), near, length - near]).astype(np.int64)) + start
    values = target.values(grid)
    slopes = np.diff(values) / np.diff(grid)
    curvature = np.sqrt(np.abs(np.diff(slopes)) * 2 / (grid[2:] - grid[:-2]))
    density = np.concatenate([curvature[:1], curvature, curvature[-1:]])
    mass = (density[1:] + density[:-1]) / 2 * np.diff(grid)
    # A small constant, so that no part of the grid has zero weight.
    mass += 1e-3 * mass.sum() * np.diff(grid) / length + 1e-9
    return grid, np.concatenate([[0.0], np.cumsum(mass)])


def _equal_parts(grid: Int64Array, total: Float64Array, count: int) -> Int64Array:
    """Multiples of 4 that divide the grid into ``count`` parts of equal weight, or fewer if some would be empty."""
    cuts = np.interp(np.linspace(0, total[-1], count + 1), total, grid)
    edges = np.rint(cuts / STEP).astype(np.int64) * STEP
    edges[0], edges[-1] = grid[0], grid[-1]
    return np.unique(edges)


def _reweighted(
    grid: Int64Array, total: Float64Array, edges: Int64Array, parts: Float64Array
) -> tuple[Int64Array, Float64Array]:
    """The grid with the edges added, and cumulative weights such that segments weigh ``parts``."""
    points = np.unique(np.concatenate([grid, edges]))
    at_edges = np.interp(edges, grid, total)
    number = np.clip(np.searchsorted(edges, points, side="right") - 1, 0, len(parts) - 1)
    within = (np.interp(points, grid, total) - at_edges[number]) / np.diff(at_edges)[number]
    return points, np.concatenate([[0.0], np.cumsum(parts)])[number] + parts[number] * within


def _limited(mass: Float64Array, is_short: NDArray[np.bool_], count: int) -> Float64Array:
    """The masses, limited to one part for segments that cannot be shorter, which leaves the parts to the others."""
    for _ in range(4):
        mass = np.where(is_short, np.minimum(mass, mass.sum() / count), mass)
    return mass
