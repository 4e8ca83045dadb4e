"""The device's convolutions over vectors and over planes [height, width, depth], with or without pooling.

Tests: tests/gna/exact/test_program.py
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.gna.exact.image import DTYPES, Image, ImageLayout, needed, table_of
from ov_asr_score.gna.exact.kernels import (
    INT32_HIGH,
    Counts,
    Finish,
    OverflowRules,
    chunks,
    pairs_of,
    read_weights,
    sums_of,
)
from ov_asr_score.gna.exact.piecewise import OUTPUT_RANGES, SHARED_ELEMENTS, Scratch
from ov_asr_score.gna.format.layout import read_shape_parameter
from ov_asr_score.gna.format.operation_checks import FILTER_ALIGNMENT, operand_bytes
from ov_asr_score.gna.format.runnable import (
    LEGACY_LAYOUT,
    PADDING,
    POOLING_MODE,
    POOLING_STRIDE,
    POOLING_WINDOW,
    STRIDE,
)
from ov_asr_score.gna.model import BIASES, INPUT, OUTPUT, WEIGHTS, DataType, GnaOperation, GnaTensor

_MAXIMUM, _SUM = 1, 2

_Ready: TypeAlias = tuple[Callable[[NDArray[np.float64], NDArray[np.float64], Counts], None], Finish]


class ConvolutionStep:
    """Sums over windows, [positions, filters], their activation, then the maximum (or sum) of each pooling window.

    First-generation devices pool the sums before the activation; the layout ``GNA1``, or pooling windows
    that skip positions, identify such a model.
    """

    def __init__(self, operation: GnaOperation, layout: ImageLayout, place: str) -> None:
        """Read filters, biases and segments. Raises UnsupportedModelError where the device's result is unknown."""
        self.input, self.output = needed(operation, INPUT), needed(operation, OUTPUT)
        self.filters, self.biases = needed(operation, WEIGHTS), operation.operand(BIASES)
        self.place = place
        plane = len(self.input.shape) == 4
        self.plane = self.input.shape[1:] if plane else (1, self.input.shape[1], 1)
        self.window = self.filters.shape[1:] if plane else (1, self.filters.shape[1], 1)
        self.num_filters = self.filters.shape[0]
        self.stride = _pair(operation, STRIDE) or (1, 1)
        self.padding = _pair(operation, PADDING) or (0, 0)
        pooling = _number(operation, POOLING_MODE)
        has_pooling = pooling in (_MAXIMUM, _SUM)
        self.pool_window = _pair(operation, POOLING_WINDOW) if has_pooling else None
        self.pool_stride = _pair(operation, POOLING_STRIDE) if has_pooling else None
        self.takes_largest = pooling == _MAXIMUM
        self.table = table_of(operation, layout)
        self.is_legacy = self.pool_window is not None and self._is_legacy()
        self.middle = DataType.INT32 if self.is_legacy else self.output.type
        start, self.filter_bytes = self.filters.offset, operand_bytes(operation, WEIGHTS)
        self.changes = layout.changes(start, self.filter_bytes) or (
            self.biases is not None and layout.tensor_changes(self.biases)
        )
        if not self.changes:
            biases = None if self.biases is None else layout.constant(self.biases).ravel()
            self.ready = self._ready(layout.initial[start : start + self.filter_bytes], biases)

    def _is_legacy(self) -> bool:
        assert self.pool_window is not None
        stride = self.pool_stride or self.pool_window
        leaves_out = any(step > length for step, length in zip(stride, self.pool_window, strict=True))
        return self.output.layout == LEGACY_LAYOUT or leaves_out

    def _ready(self, filters: NDArray[Any], biases: NDArray[Any] | None) -> _Ready:
        """What computes the sums with the bytes of ``filters``, and what finishes them."""
        stored = _filters(self.filters, filters)
        weights = read_weights(stored, biases, self.input.type, keep_multipliers=False)
        pairs = pairs_of(stored) if stored.dtype.itemsize == 2 and self.input.type is DataType.INT16 else None
        pairs_move = any(self.padding) or (self.window[0] > 1 and self.window[1] * self.window[2] % 2 == 1)
        if pairs is not None and pairs_move:
            raise UnsupportedModelError(
                f"{self.place}: expected no neighbouring filter coefficients of -32768 with zero padding or odd rows, "
                "found some"
            )
        rules = None if pairs is None else OverflowRules((stored.shape[1],), False, pairs, stored.shape[1])
        compute, may_saturate = sums_of(weights, rules), weights.bound > INT32_HIGH
        return compute, Finish(self.table, may_saturate and not self.is_legacy)

    def bind(self, image: Image, scratch: Scratch, counts: Counts) -> Callable[[], None]:
        """A function that runs the convolution on ``image``; see Step."""
        source = image.tensor(self.input).reshape(-1, *self.plane)
        height, width = (length + 2 * pad for length, pad in zip(self.plane, self.padding, strict=False))
        rows, columns = (
            (length - window) // step + 1
            for length, window, step in zip((height, width), self.window, self.stride, strict=False)
        )
        size = int(np.prod(self.window))
        target = image.tensor(self.output)
        per_group = rows * columns * max(size, self.num_filters)
        parts = list(chunks(image.groups, per_group, 1 if self.changes else SHARED_ELEMENTS))
        groups = parts[0].stop
        padded = np.zeros((groups, height, width, self.plane[2]), source.dtype)
        inside = padded[
            :, self.padding[0] : self.padding[0] + self.plane[0], self.padding[1] : self.padding[1] + self.plane[1]
        ]
        windows = sliding_window_view(padded, self.window[:2], axis=(1, 2))  # [groups, y, x, depth, height, width]
        windows = windows[:, :: self.stride[0], :: self.stride[1]].transpose(0, 1, 2, 4, 5, 3)
        values = scratch.shared("values", (groups, rows, columns, *self.window[:2], self.window[2]))
        sums = scratch.shared("sums", (groups, rows, columns, self.num_filters))
        middle = np.empty(sums.shape, DTYPES[self.middle])

        def ready(part: slice) -> _Ready:
            if not self.changes:
                return self.ready
            biases = None if self.biases is None else image.tensor(self.biases)[part.start]
            filters = image.elements(self.filters.offset, self.filter_bytes, DataType.INT8)[part.start]
            return self._ready(filters, biases)

        def run() -> None:
            for part in parts:
                compute, finish = ready(part)
                count = part.stop - part.start
                np.copyto(inside[:count], source[part])
                np.copyto(values[:count], windows[:count])
                compute(values[:count].reshape(-1, size), sums[:count].reshape(-1, self.num_filters), counts)
                if self.is_legacy:  # sums are pooled before they are saturated
                    pooled = self._pooled(sums[:count]).astype(np.float64)
                    finish(pooled.reshape(count, -1), target[part], scratch, counts)
                    continue
                finish(sums[:count], middle[:count], scratch, counts)
                finished = middle[:count] if self.pool_window is None else self._pooled(middle[:count])
                np.copyto(target[part], finished.reshape(count, -1), casting="unsafe")

        return run

    def _pooled(self, values: NDArray[Any]) -> NDArray[Any]:
        """The maximum (or the sum) of each pooling window; the last windows may be incomplete.

        As in the library, a sum of int32 is saturated after each value, column by column, others at the end.
        """
        assert self.pool_window is not None
        lengths, window = values.shape[1:3], self.pool_window
        stride = self.pool_stride or window
        if self.is_legacy:
            counts = [(length - 1) // step + 1 for length, step in zip(lengths, stride, strict=True)]
        else:
            counts = [
                -(-(length - size) // step) + 1 for length, size, step in zip(lengths, window, stride, strict=True)
            ]
        needs = [(count - 1) * step + size for count, step, size in zip(counts, stride, window, strict=True)]
        beyond = OUTPUT_RANGES[self.middle][0] if self.takes_largest else 0
        wide = np.full((len(values), *map(max, needs, lengths), values.shape[3]), beyond, np.int64)
        wide[:, : lengths[0], : lengths[1]] = values
        result = np.full((len(values), *counts, values.shape[3]), beyond, np.int64)
        in_range = OUTPUT_RANGES[self.middle]
        for column in range(window[1]):
            for row in range(window[0]):
                shifted = wide[:, row :: stride[0], column :: stride[1]][:, : counts[0], : counts[1]]
                (np.maximum if self.takes_largest else np.add)(result, shifted, out=result)
                if self.middle is DataType.INT32 and not self.is_legacy:
                    np.clip(result, *in_range, out=result)
        return np.clip(result, *in_range, out=result)


def _filters(tensor: GnaTensor, content: NDArray[Any]) -> NDArray[Any]:
    """Filters [F, coefficients] in the bytes of the operand; each is stored at a multiple of 16 bytes."""
    count, size = tensor.shape[0], tensor.num_elements // tensor.shape[0]
    length = -(-size * tensor.type.num_bytes // FILTER_ALIGNMENT) * FILTER_ALIGNMENT
    stored = content.reshape(count, length)
    return stored[:, : size * tensor.type.num_bytes].copy().view(DTYPES[tensor.type])


def _number(operation: GnaOperation, parameter: int) -> int:
    stored = operation.parameters[parameter] if parameter < len(operation.parameters) else b""
    return int.from_bytes(stored, "little")


def _pair(operation: GnaOperation, parameter: int) -> tuple[int, int] | None:
    """Rows and columns of a parameter; a single dimension means columns, in one row. None if it is absent."""
    stored = operation.parameters[parameter] if parameter < len(operation.parameters) else b""
    shape = read_shape_parameter(stored) if stored else ()
    if not shape:
        return None
    return (1, shape[0]) if len(shape) == 1 else (shape[0], shape[1])
