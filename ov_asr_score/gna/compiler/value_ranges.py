"""How large the values of a graph can become, and how large they usually are, from weights and scale factors alone.

For every element: bounds that hold whatever comes in, and mean and variance as if all elements were independent and
nearly normal. Bounds alone are far too wide for deep networks (every layer multiplies them by its number of inputs),
statistics alone are no promise; the reaches are the nearer of the bound and
a generous multiple of the deviation, or of the peak that was measured.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.gna.graphs.graph import (
    Activation,
    Affine,
    Concat,
    Constant,
    Convolution,
    Crop,
    Diagonal,
    FakeQuantize,
    GnaGraph,
    Layer,
    Permute,
    Product,
    Sum,
)

Float64Array: TypeAlias = NDArray[np.float64]

_PASSES = 16
"""Frames that memories are followed for."""

_LEAST, _LARGEST = 1e-6, 1e30
_NARROW_BOUNDS = 2.5
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(9)
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()

NARROW_DEVIATIONS, WIDE_DEVIATIONS = 10.0, 40.0
"""Deviations that 16-bit values and 32-bit sums have room for; sums have it in plenty."""

NARROW_ROOM, WIDE_ROOM = 3.0, 5.0
"""The same in units of a peak that was measured."""

_FAR = np.array([-4.5, 4.5])

ACCUMULATED = 32.0
"""What a memory that adds up over frames is expected to stay below, as the cells of an LSTM do."""


@dataclass(frozen=True, slots=True, eq=False)
class ValueRange:
    """Of each element [K]: ``low`` and ``high`` bounds, ``mean`` and ``variance``; ``peak`` where it was measured."""

    low: Float64Array
    high: Float64Array
    mean: Float64Array
    variance: Float64Array
    peak: Float64Array | None = None

    @property
    def steady_mean(self) -> Float64Array:
        """The mean where it was measured or bounds leave no room to be far off (as of a sigmoid), else zero."""
        return self.mean if self.peak is not None else np.where(self.high - self.low <= _NARROW_BOUNDS, self.mean, 0.0)

    @property
    def rms(self) -> Float64Array:
        """Root mean square of each element."""
        return np.asarray(np.sqrt(self.mean**2 + self.variance))


def value_ranges(graph: GnaGraph, input_peaks: Mapping[str, float]) -> dict[str, ValueRange]:
    """Ranges of all values of ``graph``; ``input_peaks`` are the largest absolute values expected of its inputs.

    Inputs may reach twice their peaks: that is what the scale factors leave.
    """
    ranges: dict[str, ValueRange] = {}
    for port in graph.inputs:
        peak = np.full(port.size, float(input_peaks[port.value]))
        ranges[port.value] = ValueRange(-2 * peak, 2 * peak, 0 * peak, (peak / 4) ** 2)
    for memory in graph.memories:
        zeros = np.zeros(memory.size)
        ranges[memory.read] = ValueRange(zeros, zeros, zeros, zeros)
    for number in range(_PASSES if graph.memories else 1):
        for layer in graph.layers:
            ranges[layer.output] = _clipped(_range_of(layer, ranges))
        grown = {memory.read: _united(ranges[memory.read], ranges[memory.stored]) for memory in graph.memories}
        if number == _PASSES - 2:  # whatever still grows then has no bounds
            grown = {read: _unbounded(ranges[read], grown[read]) for read in grown}
        ranges |= grown
    return ranges


def narrow_reach(values: ValueRange) -> float:
    """The largest absolute value that 16 bits should hold."""
    return _reach(values, NARROW_DEVIATIONS, NARROW_ROOM)


def wide_reach(values: ValueRange) -> float:
    """The largest absolute value that 32-bit sums should hold."""
    return _reach(values, WIDE_DEVIATIONS, WIDE_ROOM)


def _reach(values: ValueRange, deviations: float, room: float) -> float:
    bound = np.maximum(np.abs(values.low), np.abs(values.high))
    is_unbounded = bound >= _LARGEST
    if values.peak is not None:
        usual = values.peak * np.where(is_unbounded, WIDE_ROOM, room)
        usual = np.maximum(usual, np.max(values.peak, initial=0.0))  # no element is trusted to be zero
    else:
        usual = 1.5 * np.abs(values.mean) + deviations * np.sqrt(values.variance)
        if np.any(is_unbounded):
            usual = np.maximum(usual, ACCUMULATED)
    found = float(np.max(np.minimum(bound, usual), initial=0.0))
    return max(found, _LEAST) if found else 1.0  # what is always zero may have any scale factor


def _united(memory: ValueRange, stored: ValueRange) -> ValueRange:
    # Means that wander from frame to frame, without any input, are deviations, too.
    variance = np.maximum(memory.variance, stored.variance + (stored.mean - memory.mean) ** 2)
    low, high = np.minimum(memory.low, stored.low), np.maximum(memory.high, stored.high)
    return ValueRange(low, high, stored.mean, variance)


def _unbounded(before: ValueRange, after: ValueRange) -> ValueRange:
    slack = 1e-3 * (after.high - after.low)
    low = np.where(after.low < before.low - slack, -_LARGEST, after.low)
    high = np.where(after.high > before.high + slack, _LARGEST, after.high)
    return replace(after, low=low, high=high)


def _clipped(values: ValueRange) -> ValueRange:
    low, high = (np.clip(np.nan_to_num(bound), -_LARGEST, _LARGEST) for bound in (values.low, values.high))
    mean = np.clip(np.nan_to_num(values.mean), low, high)
    variance = np.minimum(np.nan_to_num(values.variance), _LARGEST)
    return ValueRange(low, high, mean, np.minimum(variance, np.maximum(high - mean, mean - low) ** 2))


def _range_of(layer: Layer, ranges: Mapping[str, ValueRange]) -> ValueRange:
    match layer:
        case Affine():
            return _product_range(ranges[layer.input], layer.weights.astype(np.float64), layer.biases)
        case Diagonal():
            source, weights = ranges[layer.input], layer.weights.astype(np.float64)
            products = np.sort([source.low * weights, source.high * weights], axis=0)
            biases = 0.0 if layer.biases is None else layer.biases
            return ValueRange(
                products[0] + biases, products[1] + biases, source.mean * weights + biases, source.variance * weights**2
            )
        case Convolution():
            return _convolution_range(layer, ranges[layer.input])
        case Sum():
            left, right = ranges[layer.left], ranges[layer.right]
            ends = (right.low, right.high) if layer.sign > 0 else (-right.high, -right.low)
            return ValueRange(
                left.low + ends[0],
                left.high + ends[1],
                left.mean + layer.sign * right.mean,
                left.variance + right.variance,
            )
        case Product():
            return _elementwise_product(ranges[layer.left], ranges[layer.right])
        case Concat():
            parts = [ranges[value] for value in layer.inputs]
            return _of_arrays(lambda name: np.concatenate([getattr(part, name) for part in parts]))
        case Crop():
            source = ranges[layer.input]
            return _of_arrays(lambda name: getattr(source, name)[layer.start : layer.start + layer.size])
        case Permute():
            source, shape = ranges[layer.input], (layer.rows, layer.columns)
            return _of_arrays(lambda name: np.ascontiguousarray(getattr(source, name).reshape(shape).T).reshape(-1))
        case Constant():
            values = layer.values.astype(np.float64)
            return ValueRange(values, values, values, 0 * values)
        case FakeQuantize():
            return _function_range(lambda x: np.clip(x, layer.low, layer.high), ranges[layer.input])
        case Activation():
            return _function_range(lambda x: evaluate(layer, x), ranges[layer.input])


def _of_arrays(make: Callable[[str], Float64Array]) -> ValueRange:
    return ValueRange(make("low"), make("high"), make("mean"), make("variance"))


def _product_range(source: ValueRange, weights: Float64Array, biases: NDArray[np.float32] | None) -> ValueRange:
    added = np.zeros(len(weights)) if biases is None else biases.astype(np.float64)
    positive, negative = np.maximum(weights, 0), np.minimum(weights, 0)
    return ValueRange(
        positive @ source.low + negative @ source.high + added,
        positive @ source.high + negative @ source.low + added,
        weights @ source.mean + added,
        weights**2 @ source.variance,
    )


def _elementwise_product(left: ValueRange, right: ValueRange) -> ValueRange:
    corners = [a * b for a in (left.low, left.high) for b in (right.low, right.high)]
    variance = left.variance * right.variance + left.variance * right.mean**2 + right.variance * left.mean**2
    return ValueRange(np.min(corners, axis=0), np.max(corners, axis=0), left.mean * right.mean, variance)


def _convolution_range(layer: Convolution, source: ValueRange) -> ValueRange:
    filters, width = layer.filters.astype(np.float64), layer.filters.shape[1]
    starts = range(0, len(source.mean) - width + 1, layer.stride)
    parts = [
        _product_range(
            _of_arrays(lambda name, start=start: getattr(source, name)[start : start + width]),  # type: ignore[misc]
            filters,
            layer.biases,
        )
        for start in starts
    ]
    pooled = []
    for first in range(0, max(len(parts) - layer.pool_window, 0) + layer.pool_stride, layer.pool_stride):
        window = parts[first : first + layer.pool_window]
        if not window:
            break
        low, high, mean, variance = (
            np.max([getattr(part, name) for part in window], axis=0) for name in ("low", "high", "mean", "variance")
        )
        pooled.append(ValueRange(low, high, mean, variance))
    return _of_arrays(lambda name: np.concatenate([getattr(part, name) for part in pooled]))


def _function_range(function: Callable[[Float64Array], Float64Array], source: ValueRange) -> ValueRange:
    deviation = np.sqrt(source.variance)
    with np.errstate(all="ignore"):
        values = function(np.clip(source.mean + deviation * _NODES[:, None], source.low, source.high))
        values = np.clip(np.nan_to_num(values), -_LARGEST, _LARGEST)
        # Functions are taken at many points between the bounds, because not all of them are monotone.
        steps = np.linspace(0.0, 1.0, 33)[:, None]
        zero = np.clip(0 * source.low, source.low, source.high)
        points = np.concatenate([source.low * (1 - steps) + source.high * steps, zero[None]])
        ends = np.nan_to_num(function(points), posinf=_LARGEST, neginf=-_LARGEST)
        far = np.nan_to_num(function(np.clip(source.mean + deviation * _FAR[:, None], source.low, source.high)))
    mean = _WEIGHTS @ values
    # Functions that grow faster than a line have rare large values: they count as so many deviations, too.
    rare = (np.clip(far, -_LARGEST, _LARGEST) - mean) / NARROW_DEVIATIONS
    variance = np.maximum(_WEIGHTS @ np.minimum((values - mean) ** 2, _LARGEST), np.max(rare**2, axis=0))
    low, high = np.minimum(ends.min(axis=0), values.min(axis=0)), np.maximum(ends.max(axis=0), values.max(axis=0))
    return ValueRange(low, high, mean, variance)


def evaluate(layer: Activation, x: Float64Array) -> Float64Array:
    """The function of ``layer`` in double precision."""
    numbers: tuple[Any, ...] = layer.parameters
    with np.errstate(all="ignore"):
        match layer.function:
            case "identity":
                found = x
            case "sigmoid":
                found = 1 / (1 + np.exp(-np.clip(x, -700, 700)))
            case "tanh":
                found = np.tanh(x)
            case "softsign":
                found = x / (1 + np.abs(x))
            case "exp":
                found = np.exp(np.minimum(x, 69.0))
            case "log":
                found = np.log(np.maximum(x, 1e-6))
            case "abs":
                found = np.abs(x)
            case "sign":
                found = np.sign(x)
            case "relu":
                found = np.maximum(x, 0)
            case "leaky_relu":
                found = np.where(x < 0, x * numbers[0], x)
            case "clamp":
                found = np.clip(x, numbers[0], numbers[1])
            case "power":
                found = (numbers[1] * x + numbers[2]) ** numbers[0]
    return np.asarray(found, np.float64)
