"""The memory image of a GNA model for many lanes: one copy per lane of the bytes that change, one of the rest.

Tests: tests/gna/exact/test_program.py
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.gna.exact.piecewise import SegmentTable, segment_table
from ov_asr_score.gna.format.operation_checks import operand_bytes
from ov_asr_score.gna.format.runnable import RunnableModel
from ov_asr_score.gna.model import (
    BUFFER_ALIGNMENT,
    COMPOUND_BIAS,
    OUTPUT,
    SEGMENT,
    SEGMENTS,
    DataType,
    GnaOperation,
    GnaTensor,
)

DTYPES: dict[DataType, np.dtype[Any]] = {
    DataType.INT8: np.dtype(np.int8),
    DataType.INT16: np.dtype(np.int16),
    DataType.INT32: np.dtype(np.int32),
    DataType.COMPOUND_BIAS: COMPOUND_BIAS,
    DataType.PWL_SEGMENT: SEGMENT,
}
INTEGERS = {1: DataType.INT8, 2: DataType.INT16, 4: DataType.INT32}
"""Integer types of endpoints by bytes per element."""


class ImageLayout:
    """Which bytes of an image change while a model runs, and the initial contents of all of them.

    Lanes hold the bytes that change, and the whole of every tensor with such bytes: ``extents`` of the image, one after
    the other. Constants that lie between them in the image are not copied.
    """

    def __init__(self, settled: RunnableModel) -> None:
        """Collect the bytes of inputs, states and outputs of operations."""
        self.initial = np.frombuffer(settled.model.memory, np.uint8)
        written = list(_written(settled))
        self._starts, self._ends = _joined(written)
        touched = [*_read(settled), *(output.extent(settled.num_vectors) for output in settled.outputs)]
        touched = [extent for extent in touched if self.changes(extent[0], extent[1] - extent[0])]
        self._held = _joined([*written, *touched])
        self._places: list[int] = []  # of the extents in a lane
        end = 0
        for start, stop in zip(*self._held, strict=True):
            place = _aligned(end) + start % BUFFER_ALIGNMENT
            self._places.append(place)
            end = place + stop - start
        # not a multiple of the page size: lanes at equal offsets of pages would evict each other from the caches
        self.num_bytes = _aligned(end) + 3 * BUFFER_ALIGNMENT

    @property
    def extents(self) -> Iterator[tuple[int, int, int]]:
        """First byte in the image, the one past the last, and the first byte in a lane, of each part that is held."""
        return zip(*self._held, self._places, strict=True)

    def changes(self, offset: int, num_bytes: int) -> bool:
        """Whether any of these bytes changes."""
        before = bisect_right(self._starts, offset + num_bytes - 1) - 1
        return before >= 0 and self._ends[before] > offset

    def tensor_changes(self, tensor: GnaTensor) -> bool:
        """Whether any byte of ``tensor`` changes."""
        return self.changes(tensor.offset, tensor.num_bytes)

    def place(self, offset: int) -> int:
        """Where the byte at ``offset`` of the image is in a lane, which holds it."""
        number = bisect_right(self._held[0], offset) - 1
        return self._places[number] + offset - self._held[0][number]

    def constant(self, tensor: GnaTensor) -> NDArray[Any]:
        """The array of a tensor that does not change, in its shape."""
        flat = self.initial[tensor.offset : tensor.offset + tensor.num_bytes]
        return flat.view(DTYPES[tensor.type]).reshape(tensor.shape)


class Image:
    """The memory image of ``groups`` requests that run side by side."""

    def __init__(self, layout: ImageLayout, groups: int) -> None:
        """Images with the exported contents."""
        self.layout, self.groups = layout, groups
        self.bytes = np.zeros((groups, layout.num_bytes), np.uint8)
        for start, stop, place in layout.extents:
            self.bytes[:, place : place + stop - start] = layout.initial[start:stop]

    def elements(self, offset: int, num_bytes: int, type_: DataType) -> NDArray[Any]:
        """A view [groups, elements] of these bytes; bytes that do not change are broadcast over the groups."""
        dtype = DTYPES[type_]
        if self.layout.changes(offset, num_bytes):
            place = self.layout.place(offset)
            return self.bytes[:, place : place + num_bytes].view(dtype)
        flat = self.layout.initial[offset : offset + num_bytes].view(dtype)
        return np.broadcast_to(flat, (self.groups, len(flat)))

    def tensor(self, tensor: GnaTensor) -> NDArray[Any]:
        """A view [groups, elements] of a tensor."""
        return self.elements(tensor.offset, tensor.num_bytes, tensor.type)


def needed(operation: GnaOperation, number: int) -> GnaTensor:
    """The operand at position ``number``, which every checked operation of this type has."""
    tensor = operation.operand(number)
    if tensor is None:
        raise ValueError(f"{operation.type.name} has no operand {number}")
    return tensor


def table_of(operation: GnaOperation, layout: ImageLayout) -> SegmentTable | None:
    """The segment table of an operation; None if its output is the int32 sums."""
    tensor = operation.operand(SEGMENTS)
    if tensor is None:
        return None
    return segment_table(layout.constant(tensor), needed(operation, OUTPUT).type)


def _written(settled: RunnableModel) -> Iterable[tuple[int, int]]:
    model = settled.model
    for operation in model.operations:
        output = operation.operand(OUTPUT)
        if output is not None:
            yield output.offset, output.offset + operand_bytes(operation, OUTPUT)
    for source in settled.inputs:
        yield source.extent(settled.num_vectors)
    for state in model.states:
        yield state.offset, state.offset + state.num_bytes


def _read(settled: RunnableModel) -> Iterable[tuple[int, int]]:
    for operation in settled.model.operations:
        for number, tensor in enumerate(operation.operands):
            if tensor is not None:
                yield tensor.offset, tensor.offset + operand_bytes(operation, number)


def _aligned(offset: int) -> int:
    return -(-offset // BUFFER_ALIGNMENT) * BUFFER_ALIGNMENT


def _joined(ranges: Iterable[tuple[int, int]]) -> tuple[list[int], list[int]]:
    """Starts and ends of ``ranges``, ascending, with adjacent and overlapping ones merged."""
    starts: list[int] = []
    ends: list[int] = []
    for start, end in sorted(ranges):
        if ends and start <= ends[-1]:
            ends[-1] = max(ends[-1], end)
        else:
            starts.append(start)
            ends.append(end)
    return starts, ends
