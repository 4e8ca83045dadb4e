"""The arithmetic of the device in plain Python integers, one number at a time: the reference for exact programs.

Written from the description of the device alone, and with none of the package's evaluation in it.
"""

from __future__ import annotations

import struct
from functools import reduce
from math import prod

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.gna.model import (
    BIASES,
    INPUT,
    INTERLEAVED,
    OUTPUT,
    SEGMENTS,
    WEIGHTS,
    DataType,
    GnaEndpoint,
    GnaModel,
    GnaOperation,
    GnaTensor,
    OperationType,
)

FORMATS = {DataType.INT8: "b", DataType.INT16: "h", DataType.INT32: "i"}
BYTES = {1: "b", 2: "h", 4: "i"}


def clamp(value: int, bits: int) -> int:
    return max(-(1 << (bits - 1)), min((1 << (bits - 1)) - 1, value))


def wrap32(value: int) -> int:
    return (value + (1 << 31)) % (1 << 32) - (1 << 31)


def activate(segments: list[tuple[int, int, int]], x: int, bits: int) -> int:
    """Value for ``x``; segments are (stored base, value, slope)."""
    bases = [stored & ~3 for stored, _, _ in segments]
    if x <= bases[0]:
        return clamp(segments[0][1], bits)
    if len(segments) <= 3:
        index = len(segments) - 1
        while bases[index] > x:
            index -= 1
    else:
        low, high = 0, len(segments)
        index = high // 2
        while True:
            if bases[index] <= x:
                low = index
            else:
                high = index
            index = (low + high) // 2
            if high == low + 1:
                break
        index = low
    stored, value, slope = segments[index]
    shift = 8 * ((stored & 3) + 1)
    return clamp((((x - bases[index]) * slope) >> shift) + value, bits)


def affine_row(
    weights: list[int], inputs: list[int], bias: int, multiplier: int | None, wide: bool, piece: int, low_input: bool
) -> int:
    """One sum; ``wide``: 16-bit weights; ``piece``: inputs between saturations; ``low_input``: 8-bit inputs."""
    count = len(inputs)
    whole = count - count % 16
    sum_ = bias
    for start in range(0, max(count, 1), piece):
        stop = min(start + piece, whole)
        if start:
            sum_ = clamp(sum_, 32)
        for first in range(start, stop, 4096):
            last = min(first + 4096, stop)
            dot = 0
            for i in range(first, last, 2):
                pair = weights[i] * inputs[i] + weights[i + 1] * inputs[i + 1]
                dot += wrap32(pair) if wide and not low_input else pair
            sum_ += dot if multiplier is None else multiplier * wrap32(dot)
        if start + piece >= count:
            for i in range(whole, count):
                sum_ += weights[i] * inputs[i] * (1 if multiplier is None else multiplier)
    return clamp(sum_, 32)


class SlowModel:
    """A model that computes one request (``num_vectors`` frames) at a time on one image."""

    def __init__(self, model: GnaModel) -> None:
        self.model = model
        self.memory = bytearray(model.memory)

    def reset(self) -> None:
        for state in self.model.states:
            self.memory[state.offset : state.offset + state.num_bytes] = bytes(state.num_bytes)

    def run(self, frames: list[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
        """Scores [vectors, N] of each output for frames [vectors, D] of each input."""
        for endpoint, values in zip(self.model.inputs, frames, strict=True):
            self.write_input(endpoint, values)
        for operation in self.model.operations:
            self.step(operation)
        return [self.read_output(endpoint) for endpoint in self.model.outputs]

    def places(self, endpoint: GnaEndpoint) -> list[list[int]]:
        vectors = self.model.num_vectors
        size = prod(endpoint.shape) // vectors if endpoint.shape else endpoint.num_elements
        if endpoint.orientation == INTERLEAVED:
            return [[j * vectors + i for j in range(size)] for i in range(vectors)]
        return [[i * size + j for j in range(size)] for i in range(vectors)]

    def write_input(self, endpoint: GnaEndpoint, values: NDArray[np.float32]) -> None:
        size, scale = endpoint.element_bytes, np.float32(endpoint.scale_factor)
        for row, places in zip(values, self.places(endpoint), strict=True):
            for x, place in zip(row, places, strict=True):
                scaled = np.float32(x) * scale
                scaled = scaled + np.float32(0.5 if scaled > 0 else -0.5)
                integer = int(min(max(float(scaled), -40000.0), 40000.0))
                struct.pack_into(
                    "<" + BYTES[size], self.memory, endpoint.offset + size * place, clamp(integer, 8 * size)
                )

    def read_output(self, endpoint: GnaEndpoint) -> NDArray[np.float32]:
        size, scale = endpoint.element_bytes, np.float32(endpoint.scale_factor)
        rows = []
        for places in self.places(endpoint):
            at = [endpoint.offset + size * place for place in places]
            rows.append([np.float32(struct.unpack_from("<" + BYTES[size], self.memory, a)[0]) / scale for a in at])
        return np.array(rows, np.float32)

    def read(self, tensor: GnaTensor | None) -> list[int]:
        assert tensor is not None
        return list(struct.unpack_from(f"<{tensor.num_elements}{FORMATS[tensor.type]}", self.memory, tensor.offset))

    def write(self, tensor: GnaTensor | None, values: list[int]) -> None:
        assert tensor is not None
        struct.pack_into(f"<{len(values)}{FORMATS[tensor.type]}", self.memory, tensor.offset, *values)

    def biases(self, tensor: GnaTensor | None) -> tuple[list[int], list[int | None]]:
        assert tensor is not None
        if tensor.type is DataType.COMPOUND_BIAS:
            pairs = [struct.unpack_from("<iB", self.memory, tensor.offset + 8 * i) for i in range(tensor.num_elements)]
            return [bias for bias, _ in pairs], [multiplier for _, multiplier in pairs]
        return self.read(tensor), [None] * tensor.num_elements

    def activated(self, operation: GnaOperation, sums: list[int]) -> list[int]:
        tensor, output = operation.operand(SEGMENTS), operation.operand(OUTPUT)
        assert output is not None
        if tensor is None:
            return sums
        segments = [struct.unpack_from("<ihh", self.memory, tensor.offset + 8 * i) for i in range(tensor.num_elements)]
        return [activate(segments, x, 8 * output.type.num_bytes) for x in sums]

    def step(self, operation: GnaOperation) -> None:
        source, output = operation.operand(INPUT), operation.operand(OUTPUT)
        assert source is not None
        assert output is not None
        if operation.type is OperationType.COPY:
            _, rows, columns = struct.unpack_from("<3I", operation.parameters[0])
            size = source.type.num_bytes
            for row in range(rows):
                start = source.offset + row * source.shape[1] * size
                goal = output.offset + row * output.shape[1] * size
                self.memory[goal : goal + columns * size] = self.memory[start : start + columns * size]
        elif operation.type is OperationType.TRANSPOSITION:
            height, width = source.shape
            x = self.read(source)
            self.write(output, [x[row * width + column] for column in range(width) for row in range(height)])
        elif operation.type is OperationType.AFFINE:
            self.write(output, self.activated(operation, self.affine(operation, source)))
        elif operation.type is OperationType.ELEMENTWISE:
            self.write(output, self.activated(operation, self.elementwise(operation, source)))
        else:
            self.convolution(operation, source, output)

    def affine(self, operation: GnaOperation, source: GnaTensor) -> list[int]:
        count, vectors = source.shape
        x, weights = self.read(source), operation.operand(WEIGHTS)
        assert weights is not None
        numbers = self.read(weights)
        biases, multipliers = self.biases(operation.operand(BIASES))
        low_input = source.type is DataType.INT8
        piece = (256 // vectors) * 64 * (2 if low_input else 1)
        wide = weights.type is DataType.INT16
        sums = []
        for row, (bias, multiplier) in enumerate(zip(biases, multipliers, strict=True)):
            w = numbers[row * count : (row + 1) * count]
            for vector in range(vectors):
                sums.append(affine_row(w, x[vector::vectors], bias, multiplier, wide, piece, low_input))
        return sums

    def elementwise(self, operation: GnaOperation, source: GnaTensor) -> list[int]:
        x, weights = self.read(source), self.read(operation.operand(WEIGHTS))
        biases, multipliers = self.biases(operation.operand(BIASES))
        vectors = source.shape[1]
        sums = []
        for i, value in enumerate(x):
            row = i // vectors
            multiplier = multipliers[row]
            product = weights[row] * value * (1 if multiplier is None else multiplier)
            sums.append(clamp(biases[row] + product, 32))
        return sums

    def convolution(self, operation: GnaOperation, source: GnaTensor, output: GnaTensor) -> None:
        filters = operation.operand(WEIGHTS)
        assert filters is not None
        plane = len(source.shape) == 4
        height, width, depth = source.shape[1:] if plane else (1, source.shape[1], 1)
        count = filters.shape[0]
        window_h, window_w, _ = filters.shape[1:] if plane else (1, filters.shape[1], 1)
        step_h, step_w = self.pair(operation, 0, 1) or (1, 1)
        pad_h, pad_w = self.pair(operation, 5, 0) or (0, 0)
        size = window_h * window_w * depth
        pitch = -(-size * filters.type.num_bytes // 16) * 16
        coefficients = [
            struct.unpack_from(f"<{size}{FORMATS[filters.type]}", self.memory, filters.offset + f * pitch)
            for f in range(count)
        ]
        x, (biases, _) = self.read(source), self.biases(operation.operand(BIASES))
        wide = filters.type is DataType.INT16 and source.type is DataType.INT16
        rows, columns = (height + 2 * pad_h - window_h) // step_h + 1, (width + 2 * pad_w - window_w) // step_w + 1
        sums: dict[tuple[int, int, int], int] = {}
        for y in range(rows):
            for z in range(columns):
                inputs = []
                for h in range(window_h):
                    for w in range(window_w):
                        at_y, at_x = y * step_h + h - pad_h, z * step_w + w - pad_w
                        inside = 0 <= at_y < height and 0 <= at_x < width
                        start = (at_y * width + at_x) * depth
                        inputs += x[start : start + depth] if inside else [0] * depth
                for f in range(count):
                    products = [a * b for a, b in zip(inputs, coefficients[f], strict=True)]
                    products += [0] * (size % 2)
                    pairs = [a + b for a, b in zip(products[::2], products[1::2], strict=True)]
                    sums[y, z, f] = biases[f] + sum(map(wrap32, pairs) if wide else pairs)
        self.write(output, self.pooled(operation, output, sums, (rows, columns, count)))

    def pooled(
        self,
        operation: GnaOperation,
        output: GnaTensor,
        sums: dict[tuple[int, int, int], int],
        shape: tuple[int, int, int],
    ) -> list[int]:
        rows, columns, count = shape
        window, step = self.pair(operation, 3, 1), self.pair(operation, 4, 1)
        saturated = [clamp(value, 32) for value in sums.values()]
        if window is None or step is None:
            return self.activated(operation, saturated)
        legacy = output.layout == "GNA1" or step[0] > window[0] or step[1] > window[1]
        if not legacy:
            sums = dict(zip(sums, self.activated(operation, saturated), strict=True))
            pools = [-(-(n - w) // s) + 1 for n, w, s in zip((rows, columns), window, step, strict=True)]
        else:
            pools = [-(-n // s) for n, s in zip((rows, columns), step, strict=True)]
        values = []
        for y in range(pools[0]):
            for x in range(pools[1]):
                for f in range(count):
                    ys = range(y * step[0], min(y * step[0] + window[0], rows))
                    xs = range(x * step[1], min(x * step[1] + window[1], columns))
                    pool = [sums[at_y, at_x, f] for at_x in xs for at_y in ys]
                    if operation.parameters[2] == struct.pack("<I", 1):
                        values.append(clamp(max(pool), 32))
                    elif legacy or output.type is not DataType.INT32:
                        values.append(clamp(sum(pool), 32 if legacy else 8 * output.type.num_bytes))
                    else:  # kernels for int32 saturate after each addition
                        values.append(reduce(lambda total, value: clamp(total + value, 32), pool, 0))
        return self.activated(operation, values) if legacy else values

    @staticmethod
    def pair(operation: GnaOperation, number: int, rows: int) -> tuple[int, int] | None:
        given = operation.parameters[number] if number < len(operation.parameters) else b""
        if not given:
            return None
        rank, first, second = struct.unpack_from("<3I", given)
        return (rows, first) if rank == 1 else (first, second)
