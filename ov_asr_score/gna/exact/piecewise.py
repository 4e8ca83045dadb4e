"""Segment tables, the device's form of an activation function, evaluated as the library does, many values at a time.

A table is converted to intervals of the input, by running the library's search at the borders; so a table need not be
ascending. Within an interval the value is ⌊slope · x + offset⌋. Doubles hold every intermediate result exactly: a slope
has 16 bits before its shift of at most 32 bits, an input has 32 bits, and a value 16.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.gna.model import DataType

Float64Array = NDArray[np.float64]


OUTPUT_RANGES = {
    DataType.INT8: (-(2**7), 2**7 - 1),
    DataType.INT16: (-(2**15), 2**15 - 1),
    DataType.INT32: (-(2**31), 2**31 - 1),
}
"""Least and greatest number of each type that an output can have."""

_INPUT_LOW, _INPUT_HIGH = OUTPUT_RANGES[DataType.INT32]

# Up to this many segments the library searches one by one, from the last to the first.
_LINEAR_SEGMENTS = 3

# Up to this many borders, comparing with each is faster than looking up cells (measured: break-even at 12 to 13).
_MOST_COMPARISONS = 10
_MOST_CELLS = 1 << 13

# Values evaluated at a time: intermediate results then stay in the fastest caches.
CHUNK_ELEMENTS = 1 << 14

# Input or output elements of a matrix product that are computed at a time.
SHARED_ELEMENTS = 1 << 17


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Cells of equal width with at most one border in each: the interval of x has index 2·cell + (x ≥ border).

    Cell 0 is everything below ``origin`` + 1 / ``scale``; the last one is unbounded.
    """

    origin: float
    scale: float
    borders: Float64Array
    slopes: Float64Array
    offsets: Float64Array


@dataclass(frozen=True, slots=True, eq=False)
class SegmentTable:
    """A table prepared for evaluation: interval i is [``starts[i - 1]``, ``starts[i]``).

    ``least`` and ``greatest`` bound its values before they are clipped to ``low`` … ``high``, the output type.
    """

    starts: Float64Array
    slopes: Float64Array
    offsets: Float64Array
    cells: Cells | None
    least: float
    greatest: float
    low: int
    high: int

    @property
    def reaches_ends(self) -> bool:
        """Whether some input yields the least or greatest number of the output type."""
        return self.least <= self.low or self.greatest >= self.high


class Scratch:
    """Scratch arrays for one thread at a time, shared by ``evaluate`` and by operations that run in sequence."""

    def __init__(self) -> None:
        """Start without arrays."""
        self._shared: dict[str, Float64Array] = {}
        self.size = 0
        self.fit(1)

    def fit(self, size: int) -> None:
        """Make the arrays large enough for ``size`` values at a time."""
        if size > self.size:
            self.size = size
            self.values, self.offsets = np.empty(size), np.empty(size)
            self.indices = np.empty(size, np.int64)
            self.numbers, self.reached = np.empty(size, np.uint8), np.empty(size, np.bool_)

    def shared(self, purpose: str, shape: tuple[int, ...]) -> Float64Array:
        """The array for ``purpose``, reused by every caller that names it, so that it stays in the fastest caches."""
        size = prod(shape)
        if purpose not in self._shared or self._shared[purpose].size < size:
            self._shared[purpose] = np.empty(size)
        return self._shared[purpose][:size].reshape(shape)


def segment_table(segments: NDArray[Any], output_type: DataType) -> SegmentTable:
    """The table of ``segments`` [S] (dtype SEGMENT) for outputs of ``output_type``.

    As in the library, up to three segments are searched one by one from the last, more by bisection; the value of the
    first segment also holds at and below its base.
    """
    bases = [int(base) & ~3 for base in segments["base"]]
    shifts = [8 * ((int(base) & 3) + 1) for base in segments["base"]]
    values, slopes = segments["value"].tolist(), segments["slope"].tolist()
    # the search only compares with bases, so its result is constant between neighbouring ones
    starts = sorted({base for base in bases if base > bases[0]} | {bases[0] + 1})
    lines = [(0.0, float(values[0]))]
    borders: list[int] = []
    for start in starts:
        index = _found_segment(bases, start)
        slope = slopes[index] * 2.0 ** -shifts[index]
        line = slope, values[index] - bases[index] * slope
        if line != lines[-1]:
            borders.append(start)
            lines.append(line)
    ends = [*(border - 1 for border in borders), _INPUT_HIGH]
    reached = [
        np.floor(slope * x + offset)
        for (slope, offset), x_low, x_high in zip(lines, [_INPUT_LOW, *borders], ends, strict=True)
        for x in (x_low, x_high)
    ]
    low, high = OUTPUT_RANGES[output_type]
    starts_array = np.array(borders, np.float64)
    slopes_array, offsets_array = np.array(lines).T.copy()
    cells = _cells(starts_array, slopes_array, offsets_array) if len(borders) > _MOST_COMPARISONS else None
    return SegmentTable(starts_array, slopes_array, offsets_array, cells, min(reached), max(reached), low, high)


def evaluate(table: SegmentTable, sums: Float64Array, scratch: Scratch) -> Float64Array:
    """Values of ``table`` for ``sums`` (C-contiguous, whole numbers within int32), in the shape of ``sums``.

    They are whole numbers within the output type. The array belongs to ``scratch``, and is valid until that is used
    again.
    """
    size = sums.size
    scratch.fit(size)
    values = scratch.values[:size].reshape(sums.shape)
    offsets = scratch.offsets[:size].reshape(sums.shape)
    indices = scratch.indices[:size].reshape(sums.shape)
    if table.cells is not None:
        cells = table.cells
        np.subtract(sums, cells.origin, out=values)
        np.multiply(values, cells.scale, out=values)
        np.copyto(indices, values, casting="unsafe")
        # out of range on either side counts as the first or last cell
        np.take(cells.borders, indices, out=values, mode="clip")
        reached = scratch.reached[:size].reshape(sums.shape)
        np.greater_equal(sums, values, out=reached)
        np.add(indices, indices, out=indices)
        np.add(indices, reached, out=indices)
        np.take(cells.slopes, indices, out=values, mode="clip")
        np.take(cells.offsets, indices, out=offsets, mode="clip")
        np.multiply(values, sums, out=values)
        np.add(values, offsets, out=values)
    elif len(table.starts):
        numbers = scratch.numbers[:size].reshape(sums.shape)
        reached = scratch.reached[:size].reshape(sums.shape)
        np.greater_equal(sums, table.starts[0], out=numbers.view(np.bool_))
        for start in table.starts[1:]:
            np.greater_equal(sums, start, out=reached)
            np.add(numbers, reached.view(np.uint8), out=numbers)
        np.copyto(indices, numbers)
        np.take(table.slopes, indices, out=values, mode="clip")
        np.take(table.offsets, indices, out=offsets, mode="clip")
        np.multiply(values, sums, out=values)
        np.add(values, offsets, out=values)
    else:
        np.multiply(sums, table.slopes[0], out=values)
        np.add(values, table.offsets[0], out=values)
    np.floor(values, out=values)
    if table.least < table.low or table.greatest > table.high:
        np.clip(values, table.low, table.high, out=values)
    return values


def _found_segment(bases: list[int], x: int) -> int:
    """The index of the segment that the library's search finds for ``x``, which is above the first base."""
    if len(bases) <= _LINEAR_SEGMENTS:
        return next(index for index in reversed(range(len(bases))) if bases[index] <= x)
    low, high = 0, len(bases)
    probe = high // 2
    while True:
        if x < bases[probe]:
            high = probe
        else:
            low = probe
        probe = (low + high) // 2
        if high <= low + 1:
            return probe


def _cells(starts: Float64Array, slopes: Float64Array, offsets: Float64Array) -> Cells | None:
    """Cells as wide as the largest power of two below the least distance of borders; None if there are too many."""
    width = 2.0 ** np.floor(np.log2(np.diff(starts).min()))
    origin = starts[0] - width
    number = int((starts[-1] - origin) // width) + 1
    if number > _MOST_CELLS:
        return None
    lows = origin + width * np.arange(number)
    below = np.searchsorted(starts, lows, side="right")  # interval at the lower end of each cell
    following = np.append(starts, inf)[below]
    borders = np.where(following < lows + width, following, inf)
    above = np.minimum(below + 1, len(starts))
    intervals = np.stack([below, above], axis=1).ravel()
    return Cells(float(origin), 1.0 / float(width), borders, slopes[intervals], offsets[intervals])
