"""Builds the layers of a graph that is being read; every method adds a layer and returns its tensor.

Tests: tests/gna/graphs/reading/test_model_reader.py
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.gna.graphs.float_graph import (
    Activation,
    Affine,
    Convolution,
    Diagonal,
    FakeQuantize,
    Float32Array,
    Function,
    ProductLayer,
    SumLayer,
)
from ov_asr_score.gna.graphs.reading.tensors import AddressedValue, Addresses, Tensor, Values, are_whole
from ov_asr_score.gna.graphs.simplifying import pooled_positions

Numbers: TypeAlias = NDArray[np.generic] | float


class FloatGraphBuilder(Values):
    """Adds values and layers; element-wise operations keep the order of elements, so that none has to be restored.

    ``name`` is the name of the layer and of its value.
    """

    def affine(self, name: str, row: Tensor, weights: Float32Array, biases: Float32Array | None = None) -> Tensor:
        """``weights`` [M, K] · ``row`` [K] + ``biases`` [M]: [M]."""
        source = self.in_a_row(row, f"{name}/input")
        whole = self.are_whole_numbers(row) and are_whole(weights) and (biases is None or are_whole(biases))
        return self.add(
            name, len(weights), whole, lambda unique: Affine(unique, source, unique, weights, biases)
        ).tensor

    def convolution(
        self, name: str, row: Tensor, filters: Float32Array, stride: int, biases: Float32Array | None = None
    ) -> Tensor:
        """``filters`` [F, K] applied to every ``stride``-th element of ``row``: [positions, F]."""
        source = self.in_a_row(row, f"{name}/input")
        count, length = filters.shape
        positions = (row.addresses.size - length) // stride + 1
        value = self.add(
            name,
            positions * count,
            False,
            lambda unique: Convolution(unique, source, unique, filters, biases, stride),
        )
        return value.tensor.reshaped((positions, count))

    def pooled(self, name: str, layer: Convolution, positions: int, window: int, stride: int) -> Tensor:
        """The convolution ``layer`` with maximum pooling over its ``positions``: [pooled positions, F]."""
        count = len(layer.filters)
        left = pooled_positions(positions, window, stride)
        made = self.add(
            name,
            left * count,
            False,
            lambda unique: replace(layer, name=unique, output=unique, pool_window=window, pool_stride=stride),
        )
        return made.tensor.reshaped((left, count))

    def diagonal(self, name: str, tensor: Tensor, weights: Numbers = 1.0, biases: Numbers = 0.0) -> Tensor:
        """``weights`` ⊙ ``tensor`` + ``biases``, in the broadcast shape of all three."""
        shape = np.broadcast_shapes(tensor.shape, np.shape(weights), np.shape(biases))
        tensor = tensor.broadcast(shape)
        factor, summand = (
            np.broadcast_to(np.asarray(numbers, np.float32), shape).ravel() for numbers in (weights, biases)
        )
        if (factor == 1).all() and not summand.any():
            return tensor
        if tensor.is_zero or not factor.any():
            return self.constant(name, summand.reshape(shape))
        source, order = self._any_order(tensor, name)
        factors, summands = np.empty_like(factor), np.empty_like(summand)
        factors[order], summands[order] = factor, summand
        whole = self.are_whole_numbers(tensor) and are_whole(factors) and are_whole(summands)
        added = summands if summands.any() else None
        made = self.add(name, order.size, whole, lambda unique: Diagonal(unique, source, unique, factors, added))
        return _ordered(made, order, shape)

    def activation(
        self,
        name: str,
        tensor: Tensor,
        function: Function,
        parameters: tuple[float, ...] | tuple[Float32Array, ...] = (),
        is_whole: bool = False,
    ) -> Tensor:
        """``function`` of every element; ``is_whole``: its values are whole numbers."""
        source, order = self._any_order(tensor, name)
        make = lambda unique: Activation(unique, source, unique, function, parameters)  # noqa: E731
        return _ordered(self.add(name, order.size, is_whole, make), order, tensor.shape)

    def leaky_relu(self, name: str, tensor: Tensor, slopes: NDArray[np.generic]) -> Tensor:
        """``tensor`` with negative elements multiplied by ``slopes``, which broadcast to its shape."""
        known = np.asarray(slopes, np.float32)
        if np.unique(known).size == 1:
            slope = known.reshape(-1)[:1]
            return self.activation(name, tensor, "leaky_relu", (slope,)) if slope[0] else self.clamp(name, tensor, 0.0)
        source, order = self._any_order(tensor, name)
        ordered = np.empty(order.size, np.float32)
        ordered[order] = np.broadcast_to(known, tensor.shape).ravel()
        make = lambda unique: Activation(unique, source, unique, "leaky_relu", (ordered,))  # noqa: E731
        return _ordered(self.add(name, order.size, False, make), order, tensor.shape)

    def clamp(self, name: str, tensor: Tensor, least: float = -np.inf, greatest: float = np.inf) -> Tensor:
        """``tensor`` clamped to ``least`` … ``greatest``."""
        bounds = [bound for bound in (least, greatest) if np.isfinite(bound)]
        whole = self.are_whole_numbers(tensor) and all(float(bound).is_integer() for bound in bounds)
        value = self.whole_value(tensor)
        before = None if value is None else value.layer
        if isinstance(before, Activation) and before.function == "clamp":
            first, last = before.parameters
            if least <= float(first) and float(last) <= greatest:
                return tensor
        if not bounds:
            return tensor
        if (least, greatest) == (0.0, np.inf):
            return self.activation(name, tensor, "relu", is_whole=whole)
        return self.activation(name, tensor, "clamp", (float(least), float(greatest)), is_whole=whole)

    def fake_quantize(self, name: str, tensor: Tensor, low: float, high: float, levels: int) -> Tensor:
        """``tensor`` rounded to ``levels`` values from ``low`` to ``high``."""
        source, order = self._any_order(tensor, name)
        make = lambda unique: FakeQuantize(unique, source, unique, low, high, levels)  # noqa: E731
        return _ordered(self.add(name, order.size, False, make), order, tensor.shape)

    def sum(self, name: str, left: Tensor, right: Tensor, sign: int = 1) -> Tensor:
        """``left`` + ``sign`` · ``right``."""
        shape = np.broadcast_shapes(left.shape, right.shape)
        if right.is_zero:
            return left.broadcast(shape)
        if left.is_zero:
            return self.diagonal(name, right.broadcast(shape), float(sign))
        first, second, order = self._pair(name, left.broadcast(shape), right.broadcast(shape))
        whole = self.are_whole_numbers(left) and self.are_whole_numbers(right)
        make = lambda unique: SumLayer(unique, first, second, unique, sign)  # noqa: E731
        return _ordered(self.add(name, order.size, whole, make), order, shape)

    def product(self, name: str, left: Tensor, right: Tensor) -> Tensor:
        """``left`` ⊙ ``right``."""
        shape = np.broadcast_shapes(left.shape, right.shape)
        if left.is_zero or right.is_zero:
            return self.constant(name, np.zeros(shape, np.float32))
        first, second, order = self._pair(name, left.broadcast(shape), right.broadcast(shape))
        whole = self.are_whole_numbers(left) and self.are_whole_numbers(right)
        make = lambda unique: ProductLayer(unique, first, second, unique)  # noqa: E731
        return _ordered(self.add(name, order.size, whole, make), order, shape)

    def maximum(self, name: str, left: Tensor, right: Tensor) -> Tensor:
        """The element-wise maximum, as b + max(a - b, 0)."""
        above = self.clamp(f"{name}/above", self.sum(f"{name}/difference", left, right, -1), 0.0)
        return self.sum(name, right, above)

    def _any_order(self, tensor: Tensor, name: str) -> tuple[str, Addresses]:
        """A value that holds the elements of ``tensor`` in any order, and the flat index of each element in it."""
        value = self.whole_value(tensor)
        if value is not None:
            return value.name, tensor.addresses.ravel() - value.start
        return self.in_a_row(tensor, f"{name}/input"), np.arange(tensor.addresses.size)

    def _pair(self, name: str, left: Tensor, right: Tensor) -> tuple[str, str, Addresses]:
        """Two values that hold both tensors in the same order, and the flat index of each element in them."""
        first, second = self.whole_value(left), self.whole_value(right)
        if first is not None and second is not None:
            order = left.addresses.ravel() - first.start
            if (order == right.addresses.ravel() - second.start).all():
                return first.name, second.name, order
        order = np.arange(left.addresses.size)
        return self.in_a_row(left, f"{name}/left"), self.in_a_row(right, f"{name}/right"), order


def _ordered(value: AddressedValue, order: Addresses, shape: Sequence[int]) -> Tensor:
    return Tensor((value.start + order).reshape(tuple(shape)))
