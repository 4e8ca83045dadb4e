"""The bytes of the memory image that a GNA model reads and writes.

Tests: tests/gna/format/test_model_checks.py
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from math import prod

import numpy as np

from ov_asr_score.gna.format.operation_checks import copied_shape, operand_bytes
from ov_asr_score.gna.model import BIASES, INPUT, OUTPUT, WEIGHTS, GnaEndpoint, GnaModel, GnaOperation, OperationType

READ = (INPUT, WEIGHTS, BIASES)
"""Operands that may change from frame to frame."""

Range = tuple[int, int]
"""First byte, and the one past the last."""


class Ranges:
    """A set of byte ranges; adjacent and overlapping ones are merged."""

    def __init__(self, ranges: list[Range]) -> None:
        """Take ``ranges`` in any order."""
        self.starts: list[int] = []
        self.ends: list[int] = []
        for start, end in sorted(ranges):
            if self.ends and start <= self.ends[-1]:
                self.ends[-1] = max(self.ends[-1], end)
            else:
                self.starts.append(start)
                self.ends.append(end)

    def __iter__(self) -> Iterator[Range]:
        """The merged ranges, ascending."""
        return zip(self.starts, self.ends, strict=True)

    def covers(self, offset: int) -> bool:
        """Whether the byte at ``offset`` is in one of the ranges."""
        return self.holds((offset, offset + 1))

    def holds(self, extent: Range) -> bool:
        """Whether one range contains all of ``extent``."""
        index = bisect_right(self.starts, extent[0]) - 1
        return index >= 0 and extent[1] <= self.ends[index]

    def meets(self, extent: Range) -> bool:
        """Whether any byte of ``extent`` is in one of the ranges."""
        index = bisect_right(self.starts, extent[1] - 1) - 1
        return index >= 0 and extent[0] < self.ends[index]


class Accesses:
    """Byte ranges by the operation that reads (or writes) them: (operation, start, end), in the order of operations."""

    def __init__(self, accesses: list[tuple[int, int, int]]) -> None:
        """Take ``accesses`` in the order of operations."""
        self.operations, self.starts, self.ends = np.array(accesses, np.int64).reshape(-1, 3).T

    def first(self, extent: Range) -> int | None:
        """The first operation that accesses any byte of ``extent``; None if there is none."""
        positions = np.flatnonzero((self.starts < extent[1]) & (extent[0] < self.ends))
        return int(self.operations[positions[0]]) if len(positions) else None

    def begins_with(self, offset: int) -> bool:
        """Whether one of the accesses begins at ``offset``."""
        return bool((self.starts == offset).any())


def each_read(model: GnaModel) -> Iterator[tuple[int, Range]]:
    """Indices of operations with the ranges that they read, except segments."""
    for index, operation in enumerate(model.operations):
        for number in READ:
            if (extent := operand_range(operation, number)) is not None:
                yield index, extent


def written(operation: GnaOperation) -> Iterator[Range]:
    """Ranges that an operation writes: its output, or the rows that a Copy fills."""
    output = operation.operand(OUTPUT)
    assert output is not None
    if operation.type is OperationType.COPY:
        rows, columns = copied_shape(operation)
        pitch = output.shape[1] * output.type.num_bytes
        for row in range(rows):
            start = output.offset + row * pitch
            yield start, start + columns * output.type.num_bytes
    else:
        yield output.offset, output.offset + output.num_bytes


def operand_range(operation: GnaOperation, number: int) -> Range | None:
    """Bytes of the operand at position ``number``; None if it is absent."""
    tensor = operation.operand(number)
    return None if tensor is None else (tensor.offset, tensor.offset + operand_bytes(operation, number))


def meet(one: Range | None, other: Range) -> bool:
    """Whether the two ranges have a byte in common."""
    return one is not None and one[0] < other[1] and other[0] < one[1]


def endpoint_range(endpoint: GnaEndpoint) -> Range:
    """Bytes of the values of an input or output, for all vectors of a request."""
    return endpoint.offset, endpoint.offset + prod(endpoint.shape) * endpoint.element_bytes
