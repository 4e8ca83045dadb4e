"""Possible and expected ranges of the values of a graph, from its weights and the ranges of its inputs.

For every element: bounds that hold for any input, and a mean and variance that assume independent, nearly normal
elements. Bounds alone are far too wide for deep networks (every layer multiplies them by its number of inputs), and
statistics alone guarantee nothing. The range to provide for is therefore the smaller of the bound and a generous
multiple of the standard deviation, or of a measured peak.

Tests: tests/gna/compiler/test_scale_factors.py
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.gna.graphs.float_graph import (
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
    ProductLayer,
    SumLayer,
)

Float64Array: TypeAlias = NDArray[np.float64]

_PASSES = 16
"""Number of frames over which memories are followed."""

_LEAST, _LARGEST = 1e-6, 1e30
_NARROW_BOUNDS = 2.5
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(9)
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()

NARROW_DEVIATIONS, WIDE_DEVIATIONS = 10.0, 40.0
"""Standard deviations to provide for in 16-bit values and in 32-bit sums, which have more headroom."""

NARROW_ROOM, WIDE_ROOM = 3.0, 5.0
"""The same in multiples of a measured peak."""

_FAR = np.array([-4.5, 4.5])

ACCUMULATED = 32.0
"""Expected limit of a memory that accumulates over frames, such as the cells of an LSTM."""


@dataclass(frozen=True, slots=True, eq=False)
class ValueRange:
    """Bounds ``low`` and ``high``, ``mean`` and ``variance`` of each element, [K]; ``peak`` if it was measured."""

    low: Float64Array
    high: Float64Array
    mean: Float64Array
    variance: Float64Array
    peak: Float64Array | None = None

    @property
    def steady_mean(self) -> Float64Array:
        """The mean if it was measured or is confined by bounds (as for a sigmoid), else zero: [K]."""
        return self.mean if self.peak is not None else np.where(self.high - self.low <= _NARROW_BOUNDS, self.mean, 0.0)

    @property
    def rms(self) -> Float64Array:
        """Root mean square of each element, [K]."""
        return np.asarray(np.sqrt(self.mean**2 + self.variance))


def value_ranges(graph: GnaGraph, input_peaks: Mapping[str, float]) -> dict[str, ValueRange]:
    """Ranges of all values of ``graph``; ``input_peaks`` are the largest absolute values expected of its inputs.

    Inputs may reach twice their peaks, the headroom that their scale factors leave.
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
        if number == _PASSES - 2:  # values that still grow then are unbounded
            grown = {read: _unbounded(ranges[read], grown[read]) for read in grown}
        ranges |= grown
    return ranges


def narrow_reach(values: ValueRange) -> float:
    """The largest absolute value that a 16-bit value should be able to hold."""
    return _reach(values, NARROW_DEVIATIONS, NARROW_ROOM)


def wide_reach(values: ValueRange) -> float:
    """The largest absolute value that 32-bit sums should be able to hold."""
    return _reach(values, WIDE_DEVIATIONS, WIDE_ROOM)


def _reach(values: ValueRange, deviations: float, room: float) -> float:
    bound = np.maximum(np.abs(values.low), np.abs(values.high))
    is_unbounded = bound >= _LARGEST
    if values.peak is not None:
        usual = values.peak * np.where(is_unbounded, WIDE_ROOM, room)
        usual = np.maximum(usual, np.max(values.peak, initial=0.0))  # no element is assumed to be zero
    else:
        usual = 1.5 * np.abs(values.mean) + deviations * np.sqrt(values.variance)
        if np.any(is_unbounded):
            usual = np.maximum(usual, ACCUMULATED)
    reach = float(np.max(np.minimum(bound, usual), initial=0.0))
    return max(reach, _LEAST) if reach else 1.0  # a value that is always zero may have any scale factor


def _united(memory: ValueRange, stored: ValueRange) -> ValueRange:
    # Means that drift from frame to frame without any input count as deviations, too.
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
        case SumLayer():
            left, right = ranges[layer.left], ranges[layer.right]
            ends = (right.low, right.high) if layer.sign > 0 else (-right.high, -right.low)
            return ValueRange(
                left.low + ends[0],
                left.high + ends[1],
                left.mean + layer.sign * right.mean,
                left.variance + right.variance,
            )
        case ProductLayer():
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
        # Functions are sampled between the bounds, because not all of them are monotone.
        steps = np.linspace(0.0, 1.0, 33)[:, None]
        zero = np.clip(0 * source.low, source.low, source.high)
        points = np.concatenate([source.low * (1 - steps) + source.high * steps, zero[None]])
        ends = np.nan_to_num(function(points), posinf=_LARGEST, neginf=-_LARGEST)
        far = np.nan_to_num(function(np.clip(source.mean + deviation * _FAR[:, None], source.low, source.high)))
    mean = _WEIGHTS @ values
    # Functions that grow faster than linearly have rare large values; these count as that many deviations, too.
    rare = (np.clip(far, -_LARGEST, _LARGEST) - mean) / NARROW_DEVIATIONS
    variance = np.maximum(_WEIGHTS @ np.minimum((values - mean) ** 2, _LARGEST), np.max(rare**2, axis=0))
    low, high = np.minimum(ends.min(axis=0), values.min(axis=0)), np.maximum(ends.max(axis=0), values.max(axis=0))
    return ValueRange(low, high, mean, variance)


def evaluate(layer: Activation, x: Float64Array) -> Float64Array:
    """The function of ``layer`` in double precision, in the shape of ``x``."""
    numbers: tuple[Any, ...] = layer.parameters
    with np.errstate(all="ignore"):
        match layer.function:
            case "identity":
                y = x
            case "sigmoid":
                y = 1 / (1 + np.exp(-np.clip(x, -700, 700)))
            case "tanh":
                y = np.tanh(x)
            case "softsign":
                y = x / (1 + np.abs(x))
            case "exp":
                y = np.exp(np.minimum(x, 69.0))
            case "log":
                y = np.log(np.maximum(x, 1e-6))
            case "abs":
                y = np.abs(x)
            case "sign":
                y = np.sign(x)
            case "relu":
                y = np.maximum(x, 0)
            case "leaky_relu":
                y = np.where(x < 0, x * numbers[0], x)
            case "clamp":
                y = np.clip(x, numbers[0], numbers[1])
            case "power":
                y = (numbers[1] * x + numbers[2]) ** numbers[0]
    return np.asarray(y, np.float64)
