"""The device's matrix products and element-wise products, exact, for many lanes at a time.

Integer sums are computed in doubles, which are exact up to 2^53; no sum here comes close. Saturation is only checked
where the largest possible sum of a row exceeds int32. Only then, too, are the intermediate steps of the library
reproduced: rows split into pieces whose sums saturate separately, and sums of products that wrap at 32 bits.

Tests: tests/gna/exact/test_program.py
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.gna.exact.piecewise import CHUNK_ELEMENTS, Scratch, SegmentTable, evaluate
from ov_asr_score.gna.model import COMPOUND_BIAS, DataType

Float64Array = NDArray[np.float64]
IntegerArray = NDArray[Any]  # of any integer type

INT32_LOW, INT32_HIGH = -(2**31), 2**31 - 1
_INT16_LOW = -(2**15)


# The library sums products of 8-bit weights in 32 bits over blocks of this many inputs, 16 inputs per vector.
_WRAP_BLOCK, _VECTOR = 4096, 16


class Counts:
    """Saturation in one operation, over all lanes: sums clipped to int32, and outputs at the limits of their type."""

    __slots__ = ("at_ends", "saturated")

    def __init__(self) -> None:
        """Start at zero."""
        self.saturated = 0
        self.at_ends = 0


@dataclass(frozen=True, slots=True, eq=False)
class Finish:
    """The last step of an operation: saturates sums to int32 and applies a segment table (None: outputs the sums)."""

    table: SegmentTable | None
    may_saturate: bool

    def __call__(self, sums: Float64Array, out: IntegerArray, scratch: Scratch, counts: Counts) -> None:
        """Write the outputs for ``sums`` (C-contiguous; modified in place) to ``out``, of the same shape."""
        if self.may_saturate:
            saturate(sums, counts)
        if self.table is None:
            np.copyto(out, sums, casting="unsafe")
            return
        for part in chunks(len(sums), sums[0].size):
            values = evaluate(self.table, sums[part], scratch)
            if self.table.reaches_ends:
                count_ends(self.table, values, counts)
            np.copyto(out[part], values, casting="unsafe")


def count_ends(table: SegmentTable, values: Float64Array, counts: Counts) -> None:
    """Count the outputs at the limits of their type."""
    if table.greatest >= table.high and values.max() >= table.high:
        counts.at_ends += int(np.count_nonzero(values == table.high))
    if table.least <= table.low and values.min() <= table.low:
        counts.at_ends += int(np.count_nonzero(values == table.low))


def saturate(sums: Float64Array, counts: Counts) -> None:
    """Clip ``sums`` to int32 in place, and count the clipped ones."""
    if sums.max() > INT32_HIGH or sums.min() < INT32_LOW:
        counts.saturated += int(np.count_nonzero((sums > INT32_HIGH) | (sums < INT32_LOW)))
        np.clip(sums, INT32_LOW, INT32_HIGH, out=sums)


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """Weights and biases of an operation as doubles; sum = bias + multiplier · Σ weight · input.

    ``values`` is [M, K], or [M] for an element-wise product, and includes the multipliers if ``multipliers`` is None.
    ``bound`` is the largest possible absolute value of a sum.
    """

    values: Float64Array
    biases: Float64Array
    multipliers: Float64Array | None
    bound: float


@dataclass(frozen=True, slots=True, eq=False)
class OverflowRules:
    """How intermediate sums of a matrix product overflow in the library, where these weights can make them overflow.

    ``pieces`` are the ends of the pieces of a row after which its sum is saturated to int32. ``wraps``: products are
    summed modulo 2^32 before the multiplier is applied. ``pairs`` [M, ⌊K / 2⌋] is 1 where two neighbouring weights are
    both -32768. The last two only concern the first ``in_vectors`` inputs.
    """

    pieces: tuple[int, ...]
    wraps: bool
    pairs: Float64Array | None
    in_vectors: int


def sums_of(weights: Weights, rules: OverflowRules | None) -> Callable[[Float64Array, Float64Array, Counts], None]:
    """A function that writes the sums [R, M] of inputs [R, K] to its second argument, by ``rules`` if given."""
    values, biases = weights.values, weights.biases

    def plain(inputs: Float64Array, sums: Float64Array, _counts: Counts) -> None:
        np.matmul(inputs, values.T, out=sums)
        np.add(sums, biases, out=sums)

    def careful(inputs: Float64Array, sums: Float64Array, counts: Counts) -> None:
        assert rules is not None
        sums[...] = biases
        start = 0
        for stop in rules.pieces:
            if start:
                saturate(sums, counts)
            for first, last, in_vectors in _blocks(start, stop, rules):
                products = inputs[:, first:last] @ values[:, first:last].T
                if rules.pairs is not None and in_vectors:
                    pairs = rules.pairs[:, first // 2 : last // 2]
                    lowest = inputs[:, first : first + 2 * pairs.shape[1]] == _INT16_LOW
                    both = (lowest[:, ::2] & lowest[:, 1::2]).astype(np.float64)
                    products -= 2.0**32 * (both @ pairs.T)
                if rules.wraps and in_vectors:
                    _wrap(products)
                if weights.multipliers is not None:
                    products *= weights.multipliers
                sums += products
            start = stop

    return plain if rules is None else careful


def _blocks(start: int, stop: int, rules: OverflowRules) -> Iterator[tuple[int, int, bool]]:
    """Blocks (first, last, in vectors) of start … stop: those summed in vectors without a break, then the rest."""
    in_vectors = min(stop, rules.in_vectors)
    step = _WRAP_BLOCK if rules.wraps else max(1, in_vectors - start)
    for first in range(start, in_vectors, step):
        yield first, min(first + step, in_vectors), True
    if in_vectors < stop:
        yield max(start, in_vectors), stop, False


def _wrap(products: Float64Array) -> None:
    """Wrap ``products`` around to int32 in place."""
    if products.max() > INT32_HIGH or products.min() < INT32_LOW:
        np.subtract(products, INT32_LOW, out=products)
        np.mod(products, 2.0**32, out=products)
        np.add(products, INT32_LOW, out=products)


def read_weights(
    weights: NDArray[Any], biases: NDArray[Any] | None, input_type: DataType, keep_multipliers: bool
) -> Weights:
    """Stored weights ([M, K] or [M]) and biases (a plain integer type or COMPOUND_BIAS; None: zeros) as doubles.

    ``keep_multipliers`` keeps the multipliers of 8-bit weights apart from the values.
    """
    values = weights.astype(np.float64)
    multipliers: Float64Array | None = None
    if biases is None:
        numbers = np.zeros(len(values))
    elif biases.dtype == COMPOUND_BIAS:
        numbers, multipliers = biases["bias"].astype(np.float64), biases["multiplier"].astype(np.float64)
    else:
        numbers = biases.astype(np.float64)
    largest_input = 2.0 ** (8 * input_type.num_bytes - 1)
    magnitudes = np.abs(values).reshape(len(values), -1).sum(axis=1) * largest_input
    if multipliers is not None:
        magnitudes *= multipliers
        if not keep_multipliers:
            values *= multipliers.reshape(-1, *[1] * (values.ndim - 1))
            multipliers = None
    bound = float((magnitudes + np.abs(numbers)).max(initial=0.0))
    return Weights(values, numbers, multipliers, bound)


def piece_length(num_vectors: int, input_type: DataType) -> int:
    """Number of inputs after which the newest device saturates the sums of a row, for ``num_vectors`` in a request."""
    return 256 // num_vectors * 64 * (2 if input_type is DataType.INT8 else 1)


def overflow_rules(
    weights: NDArray[Any], compound: bool, bound: float, input_type: DataType, num_vectors: int
) -> OverflowRules | None:
    """The overflow rules that matter for stored weights [M, K]; None if no intermediate sum can overflow.

    ``compound``: the weights have multipliers. ``bound`` is that of the ``Weights``.
    """
    num_inputs = weights.shape[1]
    piece = piece_length(num_vectors, input_type)
    in_pieces = num_inputs > piece and bound > INT32_HIGH
    largest_input = 2.0 ** (8 * input_type.num_bytes - 1)
    wraps = compound and bool(np.abs(weights.astype(np.float64)).sum(axis=1).max() * largest_input > INT32_HIGH)
    pairs: Float64Array | None = None
    if weights.dtype.itemsize == 2 and input_type is DataType.INT16:
        pairs = pairs_of(weights)
    if not (in_pieces or wraps or pairs is not None):
        return None
    return OverflowRules(
        (*range(piece, num_inputs, piece), num_inputs), wraps, pairs, num_inputs - num_inputs % _VECTOR
    )


def pairs_of(weights: NDArray[Any]) -> Float64Array | None:
    """1 where weights 2i and 2i + 1 of a row are both -32768, else 0: [M, ⌊K / 2⌋]; None without any such pair."""
    lowest = weights == np.int16(_INT16_LOW)
    both = lowest[:, : lowest.shape[1] // 2 * 2 : 2] & lowest[:, 1::2]
    return both.astype(np.float64) if both.any() else None


def chunks(count: int, size: int, most_elements: int = CHUNK_ELEMENTS) -> Iterator[slice]:
    """Slices over ``count`` items of ``size`` elements each, at most ``most_elements`` (or one item) at a time."""
    step = max(1, most_elements // max(1, size))
    for start in range(0, count, step):
        yield slice(start, min(start + step, count))
