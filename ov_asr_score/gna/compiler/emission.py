"""Emits operations and the memory image: constants are quantized and placed behind the read-write part.

Tests: tests/gna/compiler/test_compilation.py
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.gna.compiler.compile_options import CompileSettings
from ov_asr_score.gna.compiler.graph_draft import GraphDraft
from ov_asr_score.gna.compiler.layouts import MOST_INPUTS, ValueLayout
from ov_asr_score.gna.compiler.memory_plan import Copying, MemoryPlan, aligned
from ov_asr_score.gna.compiler.operation_plan import PlannedOperation
from ov_asr_score.gna.compiler.quantization import Quantized, quantize_values, quantize_weights
from ov_asr_score.gna.compiler.scale_factors import STRAIGHT, ScaleFactors, step_key, weight_bits_of
from ov_asr_score.gna.compiler.segments.segment_tables import design_segments
from ov_asr_score.gna.compiler.value_ranges import Float64Array, ValueRange
from ov_asr_score.gna.format.layout import shape_parameter
from ov_asr_score.gna.graphs.float_graph import Constant, Convolution, Permute
from ov_asr_score.gna.model import BUFFER_ALIGNMENT, PAGE, DataType, GnaOperation, GnaTensor, OperationType

_COPIED_AT_ONCE = 32768
_MAXIMUM_POOLING = (1).to_bytes(4, "little")
_ONE_BIAS_EACH = (0).to_bytes(4, "little")


def convolution_extents(steps: Sequence[PlannedOperation]) -> dict[str, int]:
    """Input elements that convolutions read, by value; more than it has where filters are padded."""
    extents: dict[str, int] = {}
    for step in steps:
        if isinstance(step.layer, Convolution):
            extents[step.input] = max(extents.get(step.input, 0), _convolved_shape(step)[1])
    return extents


def _convolved_shape(step: PlannedOperation) -> tuple[int, int, int]:
    """Coefficients of a filter, elements read, and positions, such that the device counts as many as the graph."""
    layer = step.layer
    assert isinstance(layer, Convolution)
    count, length = layer.filters.shape
    pooled = step.size // count
    positions = pooled
    if layer.pool_window > 1 or layer.pool_stride > 1:
        positions = (pooled - 1) * layer.pool_stride + min(layer.pool_window, layer.pool_stride)
        # The last window may be incomplete; the size in the graph tells.
        if layer.pool_window > layer.pool_stride:
            positions = (pooled - 1) * layer.pool_stride + layer.pool_window
    for filled in range(aligned(length, 8), aligned(length, 8) + 8 * layer.stride + 1, 8):
        width = aligned((positions - 1) * layer.stride + filled, 8)
        if (width - filled) // layer.stride + 1 == positions and layer.stride <= filled:
            return filled, width, positions
    raise UnsupportedModelError(
        f"layer '{layer.name[:40]}': convolution of {length} coefficients with stride {layer.stride}: no number of "
        "inputs that is a multiple of 8 gives its positions on GNA"
    )


class Emitter:
    """Makes ``operations`` and the memory image; ``numbered_steps`` maps operations to steps."""

    def __init__(
        self,
        draft: GraphDraft,
        layouts: Mapping[str, ValueLayout],
        ranges: Mapping[str, ValueRange],
        factors: ScaleFactors,
        plan: MemoryPlan,
        settings: CompileSettings,
    ) -> None:
        """Take the decisions of the earlier passes."""
        self._draft, self._layouts, self._ranges = draft, layouts, ranges
        self._factors, self._plan, self._settings = factors, plan, settings
        self._written = aligned(plan.size, PAGE)
        self._constants = bytearray()
        self._places: dict[tuple[str, bytes], int] = {}
        self._fixed: dict[str, int] = {}
        self.numbered_steps: list[tuple[int, PlannedOperation]] = []
        for layer in draft.layers.values():
            if isinstance(layer, Constant) and layer.output in plan.narrow:
                self._fixed[layer.output] = self._put(self._constant_values(layer))
        operations: list[GnaOperation] = []
        for action in plan.actions:
            if isinstance(action, Copying):
                operations.extend(self._copies(action))
            else:
                self.numbered_steps.append((len(operations), action))
                operations.append(self._operation(action))
        self.operations = tuple(operations)

    def image(self) -> bytes:
        """The memory image: the read-write part as zeros, then the constants."""
        return bytes(self._written) + bytes(self._constants) + bytes(-len(self._constants) % PAGE)

    def narrow_offset(self, value: str) -> int:
        """Byte of the image at which a 16-bit value begins."""
        if value in self._fixed:
            return self._fixed[value]
        buffer, start = self._plan.narrow[value]
        return self._plan.offsets[buffer] + start * 2 * self._settings.num_vectors

    def wide_offset(self, value: str) -> int:
        """Byte of the image at which the int32 sums of a value begin."""
        return self._plan.offsets[self._plan.wide[value]]

    def _constant_values(self, layer: Constant) -> NDArray[np.int16]:
        scales = self._factors.of_elements(layer.output)
        layout = self._layouts[layer.output]
        values = np.zeros(aligned(layout.extent, 8), "<i2")
        for number, position in enumerate(layout.positions):
            values[position] = quantize_values(layer.values[number : number + 1], scales[number])[0]
        return np.repeat(values, self._settings.num_vectors)

    def _put(self, array: NDArray[Any]) -> int:
        """Byte of the image at which a constant is stored; equal constants of one type are stored once."""
        data = array.tobytes()
        key = (array.dtype.str, data)
        place = self._places.get(key)
        if place is None:
            place = self._written + len(self._constants)
            self._places[key] = place
            self._constants += data + bytes(-len(data) % BUFFER_ALIGNMENT)
        return place

    def _copies(self, action: Copying) -> list[GnaOperation]:
        vectors = self._settings.num_vectors
        extent = self._layouts[action.source].extent if action.source in self._layouts else self._aside_extent(action)
        count = aligned(extent, 8) * vectors
        source = self.narrow_offset(action.source)
        buffer, start = self._plan.narrow[action.target]
        target = self._plan.offsets[buffer] + (start + action.start) * 2 * vectors
        copies = []
        for first in range(0, count, _COPIED_AT_ONCE):
            shape = (1, min(_COPIED_AT_ONCE, count - first))
            operands = tuple(GnaTensor(shape, DataType.INT16, place + 2 * first) for place in (source, target))
            copies.append(GnaOperation(OperationType.COPY, operands, (shape_parameter(shape),)))
        return copies

    def _aside_extent(self, action: Copying) -> int:
        return self._layouts[action.target].extent

    def _operation(self, step: PlannedOperation) -> GnaOperation:
        if step.size > MOST_INPUTS:
            raise UnsupportedModelError(
                f"layer '{step.name[:40]}': expected at most {MOST_INPUTS} outputs, found {step.size}"
            )
        if step.kind == "affine":
            return self._affine(step)
        if step.kind == "convolution":
            return self._convolution(step)
        if step.kind == "transpose":
            return self._transposition(step)
        return self._elementwise(step)

    def _output(self, step: PlannedOperation, shape: tuple[int, ...]) -> GnaTensor:
        if step.is_wide:
            return GnaTensor(shape, DataType.INT32, self.wide_offset(step.output))
        return GnaTensor(shape, DataType.INT16, self.narrow_offset(step.output))

    def _segments(self, step: PlannedOperation) -> GnaTensor | None:
        if step.function is None:
            return None
        out = self._factors.of_value(step.output)
        far = 4 * 32768 / out
        numbers = (
            tuple(float(np.clip(number, -far, far)) for number in step.parameters)
            if step.function == "clamp"
            else step.parameters
        )
        # Piecewise linear functions are exact with the segments that the device has.
        error = None if step.function in STRAIGHT else self._settings.pwl_max_error_percent
        table = design_segments(step.function, numbers, self._factors.sums[step_key(step)], out, error)
        return GnaTensor((len(table),), DataType.PWL_SEGMENT, self._put(table))

    def _quantized(self, quantized: Quantized, shape: tuple[int, ...]) -> tuple[GnaTensor, GnaTensor]:
        weights = GnaTensor(shape, quantized.weight_type, self._put(quantized.weights))
        return weights, GnaTensor((len(quantized.biases),), quantized.bias_type, self._put(quantized.biases))

    def _affine(self, step: PlannedOperation) -> GnaOperation:
        assert step.weights is not None
        layout, scales = self._layouts[step.input], self._factors.of_elements(step.input)
        vectors = self._settings.num_vectors
        rows, sums = len(step.weights), self._factors.sums[step_key(step)]
        filled = np.zeros((rows, aligned(layout.extent, 8)))
        filled[:, layout.positions] = step.weights * (sums / scales)
        means = np.zeros(filled.shape[1])
        means[layout.positions] = self._ranges[step.input].steady_mean * scales
        biases = np.zeros(rows) if step.biases is None else step.biases.astype(np.float64)
        bits = weight_bits_of(step, self._settings.weight_bits)
        weights, added = self._quantized(quantize_weights(filled, biases, sums, means, bits), filled.shape)
        source = GnaTensor((filled.shape[1], vectors), DataType.INT16, self.narrow_offset(step.input))
        operands = (source, self._output(step, (rows, vectors)), weights, added, self._segments(step), None)
        return GnaOperation(OperationType.AFFINE, operands, (b"",))

    def _elementwise(self, step: PlannedOperation) -> GnaOperation:
        vectors = self._settings.num_vectors
        # If weights or biases differ from frame to frame, all vectors are treated as a single long one.
        columns = vectors if not step.base and not step.factor else 1
        rows = aligned(step.size * vectors // columns, 8)
        if rows > MOST_INPUTS:
            raise UnsupportedModelError(
                f"layer '{step.name[:40]}': expected at most {MOST_INPUTS} elements over all frames of a request, "
                f"found {rows}; use fewer frames"
            )
        zeros = self._put(np.zeros(rows * columns, "<i2"))
        source = self.narrow_offset(step.input) if step.input else zeros
        weights, biases = self._elementwise_constants(step, rows, vectors // columns)
        operands = (
            GnaTensor((rows, columns), DataType.INT16, source),
            self._output(step, (rows, columns)),
            GnaTensor((rows,), DataType.INT16, weights),
            GnaTensor((rows,), DataType.INT32, biases),
            self._segments(step),
        )
        return GnaOperation(OperationType.ELEMENTWISE, operands)

    def _elementwise_constants(self, step: PlannedOperation, rows: int, repeats: int) -> tuple[int, int]:
        """Bytes of the image at which weights and biases are stored."""
        sums = self._factors.sums[step_key(step)]
        integers = np.zeros(rows, "<i2")
        added = np.zeros(rows, "<i4")
        if step.weights is not None:
            scale = self._factors.of_value(step.input)
            biases = np.zeros(step.size) if step.biases is None else step.biases.astype(np.float64)
            means: Float64Array = self._ranges[step.input].steady_mean * scale
            rounded = np.clip(np.rint(step.weights.astype(np.float64) * (sums / scale)), -32767, 32767)
            missing = (step.weights * (sums / scale) - rounded) * means
            whole = np.clip(np.rint(biases * sums + missing), -(2**31), 2**31 - 1)
            integers[: step.size * repeats] = np.repeat(rounded, repeats)
            added[: step.size * repeats] = np.repeat(whole, repeats)
        weights = self.narrow_offset(step.factor) if step.factor else self._put(integers)
        return weights, self.wide_offset(step.base) if step.base else self._put(added)

    def _convolution(self, step: PlannedOperation) -> GnaOperation:
        layer = step.layer
        assert isinstance(layer, Convolution)
        filled, width, positions = _convolved_shape(step)
        count = len(layer.filters)
        scale, sums = self._factors.of_value(step.input), self._factors.sums[step_key(step)]
        filters = np.zeros((count, filled))
        filters[:, : layer.filters.shape[1]] = layer.filters * (sums / scale)
        biases = np.zeros(count) if layer.biases is None else layer.biases.astype(np.float64)
        weights, added = self._quantized(quantize_weights(filters, biases, sums, np.zeros(filled), 16), filters.shape)
        operands = (
            GnaTensor((1, width), DataType.INT16, self.narrow_offset(step.input)),
            self._output(step, (1, step.size // count, count)),
            weights,
            added,
            self._segments(step),
        )
        parameters = [shape_parameter((layer.stride,))]
        if layer.pool_window > 1 or layer.pool_stride > 1:
            parameters += [_ONE_BIAS_EACH, _MAXIMUM_POOLING]
            parameters += [shape_parameter((min(layer.pool_window, positions),)), shape_parameter((layer.pool_stride,))]
        return GnaOperation(OperationType.CONVOLUTION, operands, tuple(parameters))

    def _transposition(self, step: PlannedOperation) -> GnaOperation:
        layer = step.layer
        assert isinstance(layer, Permute)
        source = GnaTensor((layer.rows, layer.columns), DataType.INT16, self.narrow_offset(step.input))
        output = GnaTensor((layer.columns, layer.rows), DataType.INT16, self.narrow_offset(step.output))
        return GnaOperation(OperationType.TRANSPOSITION, (source, output), (b"",))
