"""Tensors of a graph that is being read, as arrays of addresses of elements.

Every value has a range of addresses, one per element. Operations that only move elements (reshape, transpose, split,
concatenation, slice, zero padding) are done on the addresses. A layer that moves elements is only added where a
computation needs its input in consecutive order.

Tests: tests/gna/graphs/reading/test_model_reader.py
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.gna.graphs.float_graph import Affine, Concat, Constant, Crop, Layer, Permute
from ov_asr_score.gna.graphs.simplifying import LARGEST_MATRIX

Addresses: TypeAlias = NDArray[np.int64]

ZERO = 0
"""The address of an element that is always zero."""

# More pieces than this are gathered by a matrix product with ones.
_MOST_PIECES = 32


class NotForGnaError(Exception):
    """An operation cannot be expressed in layers of GNA; the message is the reason in the list of such layers."""


@dataclass(frozen=True, slots=True, eq=False)
class Tensor:
    """Addresses of the elements, in the shape of the tensor in the float model."""

    addresses: Addresses

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the tensor."""
        return self.addresses.shape

    @property
    def is_zero(self) -> bool:
        """Whether all elements are known to be zero."""
        return not self.addresses.any()

    def reshaped(self, shape: Sequence[int]) -> Tensor:
        """The same elements in another shape."""
        return Tensor(self.addresses.reshape(shape))

    def broadcast(self, shape: Sequence[int]) -> Tensor:
        """The elements repeated to a larger shape."""
        return Tensor(np.broadcast_to(self.addresses, tuple(shape)))


@dataclass(slots=True, eq=False)
class AddressedValue:
    """A named value with addresses from ``start`` on; ``is_whole``: its elements are always whole numbers."""

    name: str
    start: int
    size: int
    layer: Layer | None
    is_whole: bool

    @property
    def tensor(self) -> Tensor:
        """All elements of the value: [size]."""
        return Tensor(np.arange(self.start, self.start + self.size))


class Values:
    """The values of a graph in the order in which they are made, with the layers that make them."""

    def __init__(self) -> None:
        """Start without values."""
        self._values: list[AddressedValue] = []
        self._starts: list[int] = []
        self._names: set[str] = set()
        self._gathered: dict[bytes, AddressedValue] = {}
        self._next = ZERO + 2

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The layers in their order."""
        return tuple(value.layer for value in self._values if value.layer is not None)

    @property
    def sizes(self) -> dict[str, int]:
        """Number of elements of every value."""
        return {value.name: value.size for value in self._values}

    def add(
        self, name: str, size: int, is_whole: bool = False, make: Callable[[str], Layer] | None = None
    ) -> AddressedValue:
        """Add a value under a unique name, and the layer that ``make`` returns for that name; None: no layer."""
        unique = self.unique(name)
        value = AddressedValue(unique, self._next, size, None if make is None else make(unique), is_whole)
        self._values.append(value)
        self._starts.append(value.start)
        # leaves a gap, so that the elements of two values are never consecutive
        self._next += size + 1
        return value

    def unique(self, name: str) -> str:
        """``name``, with a number appended if it is taken."""
        candidate, number = name, 2
        while candidate in self._names:
            candidate, number = f"{name}#{number}", number + 1
        self._names.add(candidate)
        return candidate

    def constant(self, name: str, known: NDArray[np.generic]) -> Tensor:
        """A tensor of the constant ``known``."""
        numbers = np.ascontiguousarray(known, np.float32).reshape(np.shape(known))
        if not numbers.any():
            return Tensor(np.full(numbers.shape, ZERO, np.int64))
        flat = numbers.reshape(-1)
        value = self.add(name, flat.size, are_whole(flat), lambda unique: Constant(unique, unique, flat))
        return value.tensor.reshaped(numbers.shape)

    def whole_value(self, tensor: Tensor) -> AddressedValue | None:
        """The value that consists of exactly these elements, in any order; None if there is none."""
        wanted = tensor.addresses
        if not wanted.size or int(wanted.min()) == ZERO:
            return None
        value = self._value_at(int(wanted.min()))
        if wanted.size != value.size or int(wanted.max()) != value.start + value.size - 1:
            return None
        return value if np.unique(wanted).size == value.size else None

    def maker_of(self, name: str) -> Layer | None:
        """The layer that makes the value ``name``; None if there is none."""
        return next((value.layer for value in reversed(self._values) if value.name == name), None)

    def are_whole_numbers(self, tensor: Tensor) -> bool:
        """Whether all elements are whole numbers for any inputs."""
        return all(value.is_whole for value in self._values_of(tensor.addresses))

    def in_a_row(self, tensor: Tensor, name: str) -> str:
        """Name of a value that holds the elements in order; layers that move them are added if there is none."""
        wanted = np.ascontiguousarray(tensor.addresses).reshape(-1)
        value = self.whole_value(Tensor(wanted))
        if value is not None and (np.diff(wanted) == 1).all():
            return value.name
        key = wanted.tobytes()
        if key not in self._gathered:
            self._gathered[key] = self._gather(wanted, name)
        return self._gathered[key].name

    def _value_at(self, address: int) -> AddressedValue:
        return self._values[bisect_right(self._starts, address) - 1]

    def _values_of(self, wanted: Addresses) -> list[AddressedValue]:
        numbers = np.searchsorted(self._starts, wanted[wanted != ZERO], side="right") - 1
        return [self._values[int(number)] for number in np.unique(numbers)]

    def _gather(self, wanted: Addresses, name: str) -> AddressedValue:
        whole = self.are_whole_numbers(Tensor(wanted))
        joined = (np.diff(wanted) == 1) | ((wanted[1:] == ZERO) & (wanted[:-1] == ZERO))
        runs = np.split(wanted, np.flatnonzero(~joined) + 1)
        if len(runs) == 1 and wanted[0] == ZERO:
            zeros = np.zeros(wanted.size, np.float32)
            return self.add(name, wanted.size, True, lambda unique: Constant(unique, unique, zeros))
        if len(runs) == 1:
            value = self._value_at(int(wanted[0]))
            first = int(wanted[0]) - value.start
            return self.add(
                name, wanted.size, whole, lambda unique: Crop(unique, value.name, unique, first, wanted.size)
            )
        turned = _turned(wanted)
        if turned is not None:
            source = self.in_a_row(Tensor(np.sort(wanted)), f"{name}/part")
            return self.add(name, wanted.size, whole, lambda unique: Permute(unique, source, unique, *turned))
        if len(runs) > _MOST_PIECES:
            return self._pick(wanted, name, whole)
        parts = tuple(self.in_a_row(Tensor(run), f"{name}/part{number}") for number, run in enumerate(runs))
        return self.add(name, wanted.size, whole, lambda unique: Concat(unique, parts, unique))

    def _pick(self, wanted: Addresses, name: str, whole: bool) -> AddressedValue:
        """The elements gathered by a matrix product with ones."""
        places, columns, ranges = np.full(wanted.size, -1, np.int64), 0, []
        for value in self._values_of(wanted):
            here = (wanted >= value.start) & (wanted < value.start + value.size)
            first, last = int(wanted[here].min()), int(wanted[here].max())
            places[here] = wanted[here] - first + columns
            ranges.append(np.arange(first, last + 1))
            columns += last + 1 - first
        if wanted.size * columns > LARGEST_MATRIX:
            raise NotForGnaError(f"it reorders {wanted.size} elements in a way that GNA has no operation for")
        source = self.in_a_row(Tensor(np.concatenate(ranges)), f"{name}/parts")
        weights = np.zeros((wanted.size, columns), np.float32)
        weights[np.flatnonzero(places >= 0), places[places >= 0]] = 1
        return self.add(name, wanted.size, whole, lambda unique: Affine(unique, source, unique, weights))


def are_whole(numbers: NDArray[np.generic]) -> bool:
    """Whether all ``numbers`` are whole."""
    values = np.asarray(numbers, np.float32)
    return bool((values == np.rint(values)).all())


def _turned(wanted: Addresses) -> tuple[int, int] | None:
    """Rows and columns of the matrix of consecutive addresses whose transpose ``wanted`` is; None if it is none."""
    columns = int(wanted[1] - wanted[0])
    if wanted[0] == ZERO or columns <= 1 or wanted.size % columns:
        return None
    rows = wanted.size // columns
    expected = int(wanted[0]) + np.arange(wanted.size).reshape(rows, columns).T.reshape(-1)
    return (rows, columns) if rows > 1 and (wanted == expected).all() else None
