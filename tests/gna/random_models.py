"""Models of one or two operations with extreme random numbers in them."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.gna.exact.image import DTYPES
from ov_asr_score.gna.format.layout import shape_parameter
from ov_asr_score.gna.model import (
    COMPOUND_BIAS,
    PAGE,
    SEGMENT,
    DataType,
    GnaEndpoint,
    GnaModel,
    GnaOperation,
    GnaTensor,
    OperationType,
)

Rng = np.random.Generator
INT8, INT16, INT32 = DataType.INT8, DataType.INT16, DataType.INT32


def extreme(rng: Rng, type_: DataType, shape: tuple[int, ...], share: float = 0.5) -> NDArray[Any]:
    """Random numbers of a type; a ``share`` of them are the least or greatest there are."""
    limits = np.iinfo(DTYPES[type_].type)
    values = rng.integers(limits.min, limits.max, shape, endpoint=True)
    ends = rng.choice([limits.min, limits.max], shape)
    return np.where(rng.random(shape) < share, ends, values).astype(DTYPES[type_])


def random_segments(rng: Rng, count: int, ascending: bool) -> NDArray[Any]:
    segments = np.zeros(count, SEGMENT)
    bases = rng.integers(-(2**31), 2**31, count) >> rng.integers(0, 20)
    if ascending:
        bases.sort()
    segments["base"] = (bases & ~3) | rng.integers(0, 4, count)
    segments["value"], segments["slope"] = extreme(rng, INT16, (count,), 0.1), extreme(rng, INT16, (count,), 0.1)
    return segments


class ModelBuilder:
    """Puts constants behind a first part of the image that is for buffers."""

    def __init__(self, rng: Rng, changing_bytes: int = 64 * PAGE) -> None:
        self.rng = rng
        self.changing_bytes = changing_bytes
        self.next_buffer = 0
        self.constants = bytearray()

    def buffer(self, type_: DataType, *shape: int, layout: str = "") -> GnaTensor:
        tensor = GnaTensor(shape, type_, self.next_buffer, layout=layout)
        self.next_buffer += -(-tensor.num_bytes // 64) * 64
        assert self.next_buffer <= self.changing_bytes
        return tensor

    def constant(self, values: NDArray[Any], type_: DataType) -> GnaTensor:
        offset = self.changing_bytes + len(self.constants)
        stored = values.astype(DTYPES[type_]).tobytes()
        self.constants += stored + bytes(-len(stored) % 64)
        return GnaTensor(values.shape, type_, offset)

    def filters(self, values: NDArray[Any], type_: DataType) -> GnaTensor:
        """Each filter begins at a multiple of 16 bytes."""
        offset = self.changing_bytes + len(self.constants)
        for values_of_one in values:
            stored = values_of_one.tobytes()
            self.constants += stored + bytes(-len(stored) % 16)
        self.constants += bytes(-len(self.constants) % 64)
        return GnaTensor(values.shape, type_, offset)

    def biases(self, count: int, type_: DataType) -> GnaTensor:
        if type_ is not DataType.COMPOUND_BIAS:
            return self.constant(extreme(self.rng, type_, (count,), 0.2), type_)
        biases = np.zeros(count, COMPOUND_BIAS)
        biases["bias"] = extreme(self.rng, INT32, (count,), 0.2)
        biases["multiplier"] = self.rng.choice([0, 1, 2, 255], count)
        return self.constant(biases, type_)

    def segments(self, count: int, ascending: bool = True) -> GnaTensor:
        return self.constant(random_segments(self.rng, count, ascending), DataType.PWL_SEGMENT)

    def model(self, inputs: list[GnaTensor], output: GnaTensor, operations: list[GnaOperation]) -> GnaModel:
        """Inputs and the output are whole tensors, of as many vectors as two-dimensional ones have."""
        endpoints = [self._endpoint(f"input{index}", tensor, 1.0) for index, tensor in enumerate(inputs)]
        constants = bytes(self.constants) + bytes(-len(self.constants) % PAGE)
        return GnaModel(
            version=(2, 8),
            inputs=tuple(endpoints),
            outputs=(self._endpoint("output", output, 3.0),),
            operations=tuple(operations),
            states=(),
            memory=bytes(self.changing_bytes) + constants,
        )

    @staticmethod
    def _endpoint(name: str, tensor: GnaTensor, scale: float) -> GnaEndpoint:
        vectors = tensor.shape[1] if len(tensor.shape) == 2 and tensor.shape[0] > 1 else 1
        size = tensor.num_elements // vectors
        return GnaEndpoint(name, scale, tensor.type.num_bytes, tensor.num_elements, tensor.offset, (vectors, size))


def output_type(segments: GnaTensor | None, type_: DataType = INT16) -> DataType:
    return INT32 if segments is None else type_


def affine_model(
    rng: Rng,
    inputs: int,
    outputs: int,
    vectors: int,
    types: tuple[DataType, DataType, DataType],
    num_segments: int = 0,
    share: float = 0.5,
) -> GnaModel:
    """One matrix product; ``types`` of inputs, weights and biases."""
    builder = ModelBuilder(rng)
    input_type, weight_type, bias_type = types
    source = builder.buffer(input_type, inputs, vectors)
    segments = builder.segments(num_segments, bool(rng.integers(2))) if num_segments else None
    output = builder.buffer(output_type(segments), outputs, vectors)
    weights = builder.constant(extreme(rng, weight_type, (outputs, inputs), share), weight_type)
    operation = GnaOperation(
        OperationType.AFFINE, (source, output, weights, builder.biases(outputs, bias_type), segments, None), (b"",)
    )
    return builder.model([source], output, [operation])


def elementwise_model(
    rng: Rng, rows: int, vectors: int, types: tuple[DataType, DataType, DataType], changing: tuple[bool, bool]
) -> GnaModel:
    """One element-wise product; ``changing``: weights are an input of the model, biases come of another operation."""
    builder = ModelBuilder(rng)
    input_type, weight_type, bias_type = types
    source = builder.buffer(input_type, rows, vectors)
    inputs, operations = [source], []
    weights = builder.constant(extreme(rng, weight_type, (rows,)), weight_type)
    biases = builder.biases(rows, bias_type)
    if changing[0]:
        weights = builder.buffer(weight_type, rows)
        inputs.append(GnaTensor((rows, 1), weight_type, weights.offset))
    if changing[1]:
        made = builder.buffer(INT32, rows, 1)
        extra = builder.buffer(INT16, rows, 1)
        inputs.append(extra)
        scaled = builder.constant(extreme(rng, INT16, (rows,)), INT16)
        operations.append(
            GnaOperation(OperationType.ELEMENTWISE, (extra, made, scaled, builder.biases(rows, INT32), None))
        )
        biases = GnaTensor((rows,), INT32, made.offset)
    segments = builder.segments(12)
    output = builder.buffer(INT16, rows, vectors)
    operations.append(GnaOperation(OperationType.ELEMENTWISE, (source, output, weights, biases, segments)))
    return builder.model(inputs, output, operations)


def convolution_model(
    rng: Rng,
    types: tuple[DataType, DataType],
    plane: tuple[int, int, int],
    window: tuple[int, int],
    stride: tuple[int, int],
    filters: int,
    num_segments: int = 3,
    padding: tuple[int, int] = (0, 0),
    pool: tuple[int, tuple[int, int], tuple[int, int]] | None = None,
    layout: str = "",
) -> GnaModel:
    """One convolution; ``pool`` is mode, window and stride; a plane of height and depth 1 is a vector."""
    builder = ModelBuilder(rng)
    input_type, filter_type = types
    is_vector = plane[0] == plane[2] == 1
    source = builder.buffer(input_type, *((1, plane[1]) if is_vector else (1, *plane)))
    values = extreme(rng, filter_type, (filters, *window, plane[2]), 0.3)
    if any(padding):
        values = np.maximum(values, -100)
    coefficients = builder.filters(values.reshape(filters, -1) if is_vector else values, filter_type)
    biases = builder.biases(filters, INT32)
    segments = builder.segments(num_segments, bool(rng.integers(2))) if num_segments else None
    counts = [(n + 2 * p - w) // s + 1 for n, p, w, s in zip(plane[:2], padding, window, stride, strict=True)]
    if pool is not None:
        legacy = layout == "GNA1" or any(s > w for w, s in zip(pool[1], pool[2], strict=True))
        counts = [
            (n - 1) // s + 1 if legacy else -(-(n - w) // s) + 1
            for n, w, s in zip(counts, pool[1], pool[2], strict=True)
        ]
    shape = (1, counts[1], filters) if is_vector else (1, *counts, filters)
    output = builder.buffer(output_type(segments), *shape, layout=layout)
    parameters = [shape_parameter(stride[1:] if is_vector else stride), b"", b"", b"", b"", b""]
    if pool is not None:
        mode, pool_window, pool_stride = pool
        parameters[2] = struct.pack("<I", mode)
        parameters[3] = shape_parameter(pool_window[1:] if is_vector else pool_window)
        parameters[4] = shape_parameter(pool_stride[1:] if is_vector else pool_stride)
    if any(padding):
        parameters[5] = shape_parameter(padding)
    operation = GnaOperation(
        OperationType.CONVOLUTION, (source, output, coefficients, biases, segments), tuple(parameters)
    )
    flat_source = GnaTensor((source.num_elements, 1), source.type, source.offset)
    flat_output = GnaTensor((output.num_elements, 1), output.type, output.offset)
    return builder.model([flat_source], flat_output, [operation])
