"""Where segments begin: places between which lines keep the same distance from a curve."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.gna.compiler.segments.targets import STEP, Float64Array, Int64Array, Target

_FRACTIONS = np.linspace(0, 1, 17)
_ROUNDS = 8


def spread_edges(target: Target, start: int, end: int, count: int) -> tuple[Int64Array, float]:
    """Edges of ``count`` segments at most from ``start`` to ``end``, and the greatest distance of lines from the curve.

    The edges are multiples of 4, ascending, the first is ``start`` and the last ``end``; the curve between is convex or
    concave. Where the distances cannot be made the same, as segments would be shorter than 4, they are larger in
    segments of 4; these do not count for the distance.
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
        # The distance goes with the square of the length, so equal roots are equal distances.
        parts = _limited(np.sqrt(distances) + 1e-9, np.diff(edges) <= STEP, count)
        grid, total = _reweighted(grid, total, edges, parts)
    return best, best_distance


def least_edges(target: Target, start: int, end: int, distance: float, most: int) -> tuple[Int64Array, float]:
    """Edges of the fewest segments, ``most`` at most, whose lines are within ``distance``; else as spread_edges."""
    guess = min(most, 16)
    edges, found = spread_edges(target, start, end, guess)
    count = int(np.clip(np.ceil(guess * np.sqrt(found / distance)), 1, most))
    edges, found = spread_edges(target, start, end, count)
    step = 1
    while found > distance and count < most:
        count = min(count + step, most)
        step *= 2
        edges, found = spread_edges(target, start, end, count)
    low = 0 if step == 1 else count - step // 2
    if found > distance:
        return edges, found
    # Nearly always the number below is too few.
    middle = count - 1
    while middle > low:
        fewer, farther = spread_edges(target, start, end, middle)
        if farther > distance:
            low = middle
        else:
            count, edges, found = middle, fewer, farther
        middle = (low + count) // 2
    return edges, found


def sample(edges: Int64Array, fractions: Float64Array) -> Int64Array:
    """Integers [segments, fractions] of each segment; its last is one before the next edge."""
    length = np.diff(edges) - 1
    points: Int64Array = edges[:-1, None] + (length[:, None] * fractions).astype(np.int64)
    return points


def _distances(target: Target, edges: Int64Array) -> Float64Array:
    """The distance of the best line from the curve, for each segment: half of what it bends."""
    points = sample(edges, _FRACTIONS)
    values = target.values(points)
    rise = (values[:, -1] - values[:, 0]) / (points[:, -1] - points[:, 0])
    away = values - rise[:, None] * (points - points[:, :1])
    distances: Float64Array = (away.max(axis=1) - away.min(axis=1)) / 2
    return distances


def _largest(distances: Float64Array, edges: Int64Array) -> float:
    return float(distances[np.diff(edges) > STEP].max(initial=0))


def _bent(target: Target, start: int, end: int) -> tuple[Int64Array, Float64Array]:
    """A grid, and the integral up to each of its points of the root of the curvature.

    It is fine at both ends: that is where logarithms and roots bend most.
    """
    length = end - start
    near = np.geomspace(1, length, 128)
    grid = np.unique(np.concatenate([np.linspace(0, length, 257), near, length - near]).astype(np.int64)) + start
    values = target.values(grid)
    slopes = np.diff(values) / np.diff(grid)
    curvature = np.sqrt(np.abs(np.diff(slopes)) * 2 / (grid[2:] - grid[:-2]))
    density = np.concatenate([curvature[:1], curvature, curvature[-1:]])
    mass = (density[1:] + density[:-1]) / 2 * np.diff(grid)
    # A little everywhere: no part of the grid is without weight.
    mass += 1e-3 * mass.sum() * np.diff(grid) / length + 1e-9
    return grid, np.concatenate([[0.0], np.cumsum(mass)])


def _equal_parts(grid: Int64Array, total: Float64Array, count: int) -> Int64Array:
    """Multiples of 4 that cut the grid in ``count`` parts of the same weight, or in fewer if some would be empty."""
    cuts = np.interp(np.linspace(0, total[-1], count + 1), total, grid)
    edges = np.rint(cuts / STEP).astype(np.int64) * STEP
    edges[0], edges[-1] = grid[0], grid[-1]
    return np.unique(edges)


def _reweighted(
    grid: Int64Array, total: Float64Array, edges: Int64Array, parts: Float64Array
) -> tuple[Int64Array, Float64Array]:
    """The grid with the edges added, and weights up to each point so that segments weigh ``parts``."""
    points = np.unique(np.concatenate([grid, edges]))
    at_edges = np.interp(edges, grid, total)
    number = np.clip(np.searchsorted(edges, points, side="right") - 1, 0, len(parts) - 1)
    within = (np.interp(points, grid, total) - at_edges[number]) / np.diff(at_edges)[number]
    return points, np.concatenate([[0.0], np.cumsum(parts)])[number] + parts[number] * within


def _limited(mass: Float64Array, is_short: NDArray[np.bool_], count: int) -> Float64Array:
    """The masses, with no more than one part's for segments that cannot be shorter: others shall have the parts."""
    for _ in range(4):
        mass = np.where(is_short, np.minimum(mass, mass.sum() / count), mass)
    return mass
