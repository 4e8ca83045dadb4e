"""A tiny model with one of everything: two inputs, two outputs, a state, weights of both widths."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ov_asr_score.gna.format.layout import shape_parameter
from ov_asr_score.gna.model import (
    PAGE,
    DataType,
    GnaEndpoint,
    GnaModel,
    GnaOperation,
    GnaState,
    GnaTensor,
    OperationType,
)

# inputs, state and what lies between operations, each in a block of 64 bytes
LEFT, RIGHT, STATE, HIDDEN, RECURRENT, SUM, TURNED, FIRST, SECOND = range(0, 64 * 18, 128)


def small_model(seed: int = 1) -> GnaModel:
    """The model, with random weights."""
    rng = np.random.default_rng(seed)
    constants = _Constants()
    narrow = constants.add(rng.integers(-128, 128, (16, 8), np.int8), DataType.INT8)
    compound = np.zeros(16, np.dtype([("bias", "<i4"), ("multiplier", "u1"), ("unused", "V3")]))
    compound["bias"], compound["multiplier"] = rng.integers(-(2**20), 2**20, 16), rng.integers(0, 256, 16)
    narrow_biases = constants.add(compound, DataType.COMPOUND_BIAS)
    segments = constants.add(_segments(-(2**22), 0, 2**21), DataType.PWL_SEGMENT)
    wide = constants.add(rng.integers(-16384, 16385, (16, 8), np.int16), DataType.INT16)
    wide_biases = constants.add(rng.integers(-(2**20), 2**20, 16, np.int32), DataType.INT32)
    ones = constants.add(np.full(16, 300, np.int16), DataType.INT16)
    zeros = constants.add(np.zeros(16, np.int32), DataType.INT32)
    filters = constants.add(rng.integers(-16384, 16385, (4, 8), np.int16), DataType.INT16)
    filter_biases = constants.add(rng.integers(-1000, 1000, 4, np.int32), DataType.INT32)

    def buffer(offset: int, *shape: int, type: DataType = DataType.INT16) -> GnaTensor:
        return GnaTensor(shape, type, offset)

    int32 = DataType.INT32
    affine, elementwise = OperationType.AFFINE, OperationType.ELEMENTWISE
    hidden, recurrent = buffer(HIDDEN, 16, 1), buffer(RECURRENT, 16, 1, type=int32)
    total = buffer(SUM, 16, 1)
    operations = (
        GnaOperation(affine, (buffer(LEFT, 8, 1), hidden, narrow, narrow_biases, segments, None), (b"",)),
        GnaOperation(affine, (buffer(STATE, 8, 1), recurrent, wide, wide_biases, None, None), (b"",)),
        GnaOperation(elementwise, (hidden, total, ones, buffer(RECURRENT, 16, type=int32), segments)),
        GnaOperation(elementwise, (total, buffer(FIRST, 16, 1, type=int32), buffer(RIGHT, 16), zeros, None)),
        GnaOperation(
            OperationType.CONVOLUTION,
            (buffer(RIGHT, 1, 16), buffer(SECOND, 1, 2, 4), filters, filter_biases, segments),
            (shape_parameter((8,)), b"", b"", b"", b"", b""),
        ),
        GnaOperation(OperationType.TRANSPOSITION, (buffer(SUM, 8, 2), buffer(TURNED, 2, 8))),
        GnaOperation(OperationType.COPY, (buffer(TURNED, 1, 16), buffer(STATE, 1, 8)), (shape_parameter((1, 8)),)),
    )
    return GnaModel(
        version=(2, 8),
        inputs=(
            GnaEndpoint("left", 2048.0, 2, 8, LEFT, (1, 8), tensor_names=("left", "left:0")),
            GnaEndpoint("right", 1024.0, 2, 16, RIGHT, (1, 16), tensor_names=("right",)),
        ),
        outputs=(
            GnaEndpoint("first", 65536.0, 4, 16, FIRST, (1, 16), tensor_names=("first",)),
            GnaEndpoint("second", 2048.0, 2, 8, SECOND, (1, 8)),
        ),
        operations=operations,
        states=(GnaState("memory", STATE, 64, 2048.0),),
        memory=bytes(PAGE) + constants.image(),
    )


def with_operand(model: GnaModel, operation: int, number: int, tensor: GnaTensor | None) -> GnaModel:
    """The model with another operand in one operation."""
    operands = list(model.operations[operation].operands)
    operands[number] = tensor
    return with_operation(model, operation, replace(model.operations[operation], operands=tuple(operands)))


def with_operation(model: GnaModel, number: int, operation: GnaOperation) -> GnaModel:
    """The model with another operation in the place of one."""
    operations = list(model.operations)
    operations[number] = operation
    return replace(model, operations=tuple(operations))


def _segments(*bases: int) -> np.ndarray[tuple[int], np.dtype[np.void]]:
    """Ascending segments, the first flat, the others of slope 1 / 64."""
    table = np.zeros(len(bases) + 1, np.dtype([("base", "<i4"), ("value", "<i2"), ("slope", "<i2")]))
    table["base"] = [-(2**31), *bases]
    table["value"] = [-30000, *(base >> 8 for base in bases)]
    table["slope"][1:] = 4
    return table


class _Constants:
    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def add(self, values: np.ndarray[tuple[int, ...], np.dtype[np.generic]], type: DataType) -> GnaTensor:
        offset = PAGE + sum(map(len, self.parts))
        content = values.tobytes()
        self.parts.append(content + bytes(-len(content) % 64))
        return GnaTensor(values.shape, type, offset)

    def image(self) -> bytes:
        content = b"".join(self.parts)
        return content + bytes(-len(content) % PAGE)
