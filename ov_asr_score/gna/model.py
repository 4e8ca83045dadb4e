"""A model for GNA as plain data: the contents of an exported blob (GNAM), whatever the version of its format.

Operations run in order on one memory image. Its first part is read and written (inputs, intermediate values, outputs,
states), the rest is read only (weights, biases, segments). Buffers may overlap on purpose: parts of a concatenation lie
side by side, a split is only an address, and a state is written where the next frame reads it.

Tests: tests/gna/format/test_blob.py
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from math import prod

import numpy as np


class DataType(IntEnum):
    """Element types of tensors, with their numbers in the format (Gna2DataType)."""

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
    """8 bytes: int32 bias, uint8 multiplier of the row's 8-bit weights, 3 unused bytes."""
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
"""One segment of a table; the two low bits of ``base`` are the shift code c, and the shift is 8 · (c + 1) bits."""


class OperationType(IntEnum):
    """Types of operations, with their numbers in the format (Gna2OperationType)."""

    CONVOLUTION = 1
    COPY = 2
    AFFINE = 3
    ELEMENTWISE = 4
    GMM = 5
    RECURRENT = 6
    TRANSPOSITION = 7


class TensorMode(IntEnum):
    """How an operand is given, with the numbers of the format (Gna2TensorMode)."""

    DEFAULT = 0
    DISABLED = -1


# Positions of operands in an operation.
INPUT, OUTPUT, WEIGHTS, BIASES, SEGMENTS = range(5)

# InferenceEngine's numbers for a layout and a precision, and libgna's for the orientation of a buffer.
LAYOUT_NC = 193
PRECISION_FP32 = 10
PRECISION_I16, PRECISION_U8, PRECISION_I8, PRECISION_I32 = 30, 40, 50, 70
INTERLEAVED, NOT_INTERLEAVED, UNKNOWN_ORIENTATION = 101, 102, 100

BUFFER_ALIGNMENT = 64
"""Bytes; every buffer starts at a multiple of it, unless it is part of another one."""
PAGE = 4096
"""Bytes; the sizes of the read-write part, the read-only part and the whole image are multiples of it."""


@dataclass(frozen=True, slots=True)
class GnaTensor:
    """An operand: elements of ``type`` in ``shape``, row-major, starting at byte ``offset`` of the memory image."""

    shape: tuple[int, ...]
    type: DataType
    offset: int
    mode: int = 0
    layout: str = ""

    @property
    def num_elements(self) -> int:
        """Number of elements: the product of the shape."""
        return prod(self.shape)

    @property
    def num_bytes(self) -> int:
        """Bytes that the tensor occupies."""
        return self.num_elements * self.type.num_bytes


@dataclass(frozen=True, slots=True)
class GnaOperation:
    """One operation: operands by position (INPUT … SEGMENTS; None if absent), and parameters as raw bytes.

    An absent parameter is empty.
    """

    type: OperationType
    operands: tuple[GnaTensor | None, ...]
    parameters: tuple[bytes, ...] = ()

    def operand(self, number: int) -> GnaTensor | None:
        """The operand at position ``number``; None if it is absent."""
        return self.operands[number] if number < len(self.operands) else None


@dataclass(frozen=True, slots=True)
class GnaProcessing:
    """A model that runs outside GNA, before an input or after an output: an OpenVINO IR, its text and its constants.

    Intel's plugin of 2023 puts the transposition or the gather there that GNA cannot do.
    """

    xml: bytes
    constants: bytes


@dataclass(frozen=True, slots=True)
class GnaEndpoint:
    """An input or output of the model: a buffer of integers, which are float values times ``scale_factor``.

    ``shape`` is that of the user's tensor, usually (1, 440); its first axis is the number of vectors in a request.
    Formats before 2.7 do not store it; there it is (vectors, elements of each). ``num_elements`` is the field of the
    file, which for outputs does not count the vectors and may include padding.
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
    processing: GnaProcessing | None = None

    @property
    def num_groups(self) -> int:
        """Vectors in the shape: its first dimension if it has two or four, as GNAPlugin::QueueInference has it."""
        return self.shape[0] if len(self.shape) in (2, 4) else 1


@dataclass(frozen=True, slots=True)
class GnaState:
    """A variable: ``num_bytes`` (a multiple of 64) of the memory image, zero at the beginning of an utterance."""

    name: str
    offset: int
    num_bytes: int
    scale_factor: float


@dataclass(frozen=True, slots=True)
class GnaTransposition:
    """How an input or output is transposed for a convolution: parts of (is transposed, rows, columns).

    Early writers of version 2.6 ended the name with a NUL (``ends_in_nul``), which is not part of ``name``.
    """

    name: str
    parts: tuple[tuple[bool, int, int], ...]
    ends_in_nul: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class GnaModel:
    """All contents of a blob. ``version`` is that of the format, such as (2, 8); ``memory`` is the whole image.

    ``turned_inputs`` and ``turned_outputs`` are the transpositions for convolutions; ``rotation`` are the fields of
    old headers for the same (input rows, columns, flag; output rows, columns, flag). ``made_with`` are the versions of
    OpenVINO and of Intel's library, if the blob names them, as texts of one or more lines. ``ignored_bytes`` is the
    number of bytes of the file behind all of that. ``places`` maps the parts that messages name ("operation 3", "input
    0", "output 0", "state 1", "memory") to their byte in the file; empty for a model that was not read from one.
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
    ignored_bytes: int = 0
    places: Mapping[str, int] = field(default_factory=dict)

    @property
    def num_vectors(self) -> int:
        """Frames in one request (the batch size that the model was compiled for): the first dimension of endpoints.

        1 where endpoints differ, or have one or three dimensions: then the values of each are one frame.
        """
        groups = {endpoint.num_groups for endpoint in (*self.inputs, *self.outputs)}
        return max(1, *groups) if len(groups) == 1 else 1
