"""Evaluation of segment tables against the search of the library."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ov_asr_score.gna.exact.piecewise import Scratch, evaluate, segment_table
from ov_asr_score.gna.model import SEGMENT, DataType
from tests.gna.random_models import random_segments
from tests.gna.slow_reference import activate


def points(segments: NDArray[Any], rng: np.random.Generator) -> NDArray[np.int64]:
    """Where a mistake would show: around every base, at the ends, and anywhere."""
    bases = segments["base"].astype(np.int64) & ~3
    near = (bases[:, None] + np.arange(-2, 3)).ravel()
    spread = rng.integers(-(2**31), 2**31, 200)
    around_zero = rng.integers(-(2**16), 2**16, 50)
    all_points = np.concatenate([near, spread, around_zero, [-(2**31), 2**31 - 1, 0]])
    return np.asarray(np.clip(all_points, -(2**31), 2**31 - 1), np.int64)


def check(segments: NDArray[Any], type_: DataType, rng: np.random.Generator) -> None:
    sums = points(segments, rng)
    table = segment_table(segments, type_)
    got = evaluate(table, sums.astype(np.float64), Scratch())
    triples = [tuple(map(int, segment)) for segment in segments.tolist()]
    expected = [activate(triples, int(x), 8 * type_.num_bytes) for x in sums]  # type: ignore[arg-type]
    assert got.astype(np.int64).tolist() == expected
    assert max(table.low, table.greatest) >= max(expected) or table.greatest >= table.high
    assert min(table.high, table.least) <= min(expected) or table.least <= table.low


@pytest.mark.parametrize("type_", [DataType.INT8, DataType.INT16])
@pytest.mark.parametrize("ascending", [True, False])
@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 11, 12, 33, 128])
def test_random_tables(count: int, ascending: bool, type_: DataType) -> None:
    rng = np.random.default_rng(count + 1000 * ascending)
    for _ in range(5):
        check(random_segments(rng, count, ascending), type_, rng)


def test_even_table_uses_cells() -> None:
    rng = np.random.default_rng(0)
    segments = random_segments(rng, 40, True)
    segments["base"] = np.arange(40) * 4000 - 80000
    assert segment_table(segments, DataType.INT16).cells is not None
    check(segments, DataType.INT16, rng)


def test_close_borders_use_comparisons() -> None:
    rng = np.random.default_rng(0)
    segments = random_segments(rng, 20, True)
    segments["base"] = [-(2**31), *(4 * np.arange(18)), 2**30]
    assert segment_table(segments, DataType.INT16).cells is None
    check(segments, DataType.INT16, rng)


def test_overflowed_last_base() -> None:
    """Bases as the plugin makes them for a steep scale: the last ones became -2^31."""
    segments = np.zeros(12, SEGMENT)
    segments["base"] = [-(2**31), *np.linspace(-(2**30), 2**30, 10).astype(np.int64) // 4 * 4, -(2**31)]
    segments["value"] = [0, *range(100, 2000, 200), 2048]
    segments["slope"] = [0, *[30000] * 10, 0]
    segments["base"] |= 3
    check(segments, DataType.INT16, np.random.default_rng(0))


def test_reaches_ends() -> None:
    segments = np.zeros(2, SEGMENT)
    segments["base"], segments["value"], segments["slope"] = [-(2**31), 0], [0, 0], [0, 256]
    table = segment_table(segments, DataType.INT16)
    assert table.reaches_ends
    segments["slope"] = 0
    assert not segment_table(segments, DataType.INT16).reaches_ends
