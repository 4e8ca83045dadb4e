"""A model for GNA as plain data: what an exported blob (GNAM) holds, whichever version of the format it is in.

Operations run in order and work on one memory image. Its first part is read and written (inputs, what lies between
operations, outputs, states), the rest is read only (weights, biases, segments). Buffers may overlap on purpose: parts
of a concatenation lie side by side, a split is an address, a state is where the next frame finds it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from math import prod

import numpy as np


class DataType(IntEnum):
    """Types of tensors, with the numbers that the format has for them (Gna2DataType)."""

    NONE = 0
    INT8 = 3
    INT16 = 4
    INT32 = 5
    INT64 = 6
    UINT8 = 8
    UINT16 = 9
    UINT32 = 10
    UINT64 = 11
    COMPOUND_BIAS = 12
    """8 bytes: int32 bias, uint8 multiplier of the row's 8-bit weights, 3 unused."""
    PWL_SEGMENT = 13
    """8 bytes: int32 base with the shift code in its two low bits, int16 value, int16 slope."""
    WEIGHT_SCALE = 14

    @property
    def num_bytes(self) -> int:
        """Bytes of one element."""
        return _SIZES[self]


_SIZES = {
    DataType.NONE: 0,
    **dict.fromkeys((DataType.INT8, DataType.UINT8), 1),
    **dict.fromkeys((DataType.INT16, DataType.UINT16), 2),
    **dict.fromkeys((DataType.INT32, DataType.UINT32), 4),
    **dict.fromkeys((DataType.INT64, DataType.UINT64), 8),
    **dict.fromkeys((DataType.COMPOUND_BIAS, DataType.PWL_SEGMENT, DataType.WEIGHT_SCALE), 8),
}


COMPOUND_BIAS = np.dtype([("bias", "<i4"), ("multiplier", "u1"), ("unused", "u1", (3,))])
"""A bias with the multiplier of its row of 8-bit weights."""
SEGMENT = np.dtype([("base", "<i4"), ("value", "<i2"), ("slope", "<i2")])
"""A record of a table; the two low bits of ``base`` are the shift code c, the shift is 8 · (c + 1)."""


class OperationType(IntEnum):
    """Kinds of operations, with the numbers that the format has for them (Gna2OperationType)."""

    CONVOLUTION = 1
    COPY = 2
    AFFINE = 3
    ELEMENTWISE = 4
    GMM = 5
    RECURRENT = 6
    TRANSPOSITION = 7


# Numbers of operands, as the format orders them.
INPUT, OUTPUT, WEIGHTS, BIASES, SEGMENTS = range(5)

# InferenceEngine's numbers for a layout and a precision, and libgna's for the order of a buffer.
LAYOUT_NC = 193
PRECISION_FP32 = 10
INTERLEAVED, NOT_INTERLEAVED, UNKNOWN_ORIENTATION = 101, 102, 100

BUFFER_ALIGNMENT = 64
"""Bytes; every buffer but those inside another one starts at a multiple of it."""
PAGE = 4096
"""Bytes; the read-write part, the read-only part and the whole image are multiples of it."""


@dataclass(frozen=True, slots=True)
class GnaTensor:
    """An operand: ``shape`` of elements of ``type``, row-major, from byte ``offset`` of the memory image on."""

    shape: tuple[int, ...]
    type: DataType
    offset: int
    mode: int = 0
    layout: str = ""

    @property
    def num_elements(self) -> int:
        """Product of the shape."""
        return prod(self.shape)

    @property
    def num_bytes(self) -> int:
        """Bytes that the tensor covers."""
        return self.num_elements * self.type.num_bytes


@dataclass(frozen=True, slots=True)
class GnaOperation:
    """One step: operands by number (see INPUT … SEGMENTS; None: absent), parameters as the bytes that they have.

    An absent parameter is empty.
    """

    type: OperationType
    operands: tuple[GnaTensor | None, ...]
    parameters: tuple[bytes, ...] = ()

    def operand(self, number: int) -> GnaTensor | None:
        """The operand, None where there is none."""
        return self.operands[number] if number < len(self.operands) else None


@dataclass(frozen=True, slots=True)
class GnaEndpoint:
    """An input or output of the model: a buffer of integers that are float values times ``scale_factor``.

    ``shape`` is that of the user's tensor, (1, 440) as a rule, its first axis the number of vectors in a request (of
    formats before 2.7, which do not keep it: vectors, elements of each). ``num_elements`` is the field of the file,
    which for outputs leaves the vectors out and may count padding.
    """

    name: str
    scale_factor: float
    element_bytes: int
    num_elements: int
    offset: int
    shape: tuple[int, ...] = ()
    layout: int = LAYOUT_NC
    precision: int = PRECISION_FP32
    orientation: int = INTERLEAVED
    tensor_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GnaState:
    """A variable: ``num_bytes`` (a multiple of 64) of the memory image that are zero when an utterance begins."""

    name: str
    offset: int
    num_bytes: int
    scale_factor: float


@dataclass(frozen=True, slots=True)
class GnaTransposition:
    """How a 2-D convolution wants an input or output turned: parts (is turned, rows, columns)."""

    name: str
    parts: tuple[tuple[bool, int, int], ...]


@dataclass(frozen=True, slots=True, eq=False)
class GnaModel:
    """All of a blob. ``version`` is that of the format, (2, 8) for the newest; ``memory`` is the whole image.

    ``turned_inputs`` and ``turned_outputs`` are there for 2-D convolutions only; ``rotation`` are the fields of old
    headers (input rows, columns, flag; output rows, columns, flag). ``made_with`` are the versions of OpenVINO and of
    Intel's library where a blob tells them, ``places`` the bytes of the file where what its messages name begins
    ("operation 3", "input 0", "output 0", "state 1", "memory"; empty for a model that was not read).
    """

    version: tuple[int, int]
    inputs: tuple[GnaEndpoint, ...]
    outputs: tuple[GnaEndpoint, ...]
    operations: tuple[GnaOperation, ...]
    states: tuple[GnaState, ...]
    memory: bytes
    turned_inputs: tuple[GnaTransposition, ...] = ()
    turned_outputs: tuple[GnaTransposition, ...] = ()
    rotation: tuple[int, int, int, int, int, int] = (0, 0, 0, 0, 0, 0)
    made_with: tuple[str, ...] = ()
    places: Mapping[str, int] = field(default_factory=dict)

    @property
    def num_vectors(self) -> int:
        """Frames that a request takes side by side (the batch that the model was compiled for), 1 to 8."""
        for operation in self.operations:
            tensor = operation.operand(INPUT)
            if operation.type is OperationType.AFFINE and tensor is not None and len(tensor.shape) == 2:
                return tensor.shape[1]
        return max((endpoint.shape[0] for endpoint in self.inputs if len(endpoint.shape) > 1), default=1)
