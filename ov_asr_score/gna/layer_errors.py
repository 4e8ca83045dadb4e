"""Quantization error of each layer: its integers compared with the same layer in floats, over the same frames."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf, log10

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.gna.compiler.compile_options import CompiledGna
from ov_asr_score.gna.exact.program import ExactProgram
from ov_asr_score.gna.graphs.float_program import FloatProgram
from ov_asr_score.gna.model import OUTPUT, DataType

_LIMITS = {DataType.INT8: (-128, 127), DataType.INT16: (-32768, 32767), DataType.INT32: (-(1 << 31), (1 << 31) - 1)}
_LIMITS_OF_BITS = {8: _LIMITS[DataType.INT8], 16: _LIMITS[DataType.INT16]}


@dataclass(slots=True)
class LayerError:
    """Error of one layer, summed over frames.

    ``signal`` is the sum of the squared float values, ``noise`` that of the squared differences, ``largest`` the
    largest absolute difference. ``saturated`` of ``count`` values were at the limits of their integer type. Scale
    factors are defined by float · factor = integer; ``weight_scale`` is 0 for a layer without weights.
    """

    name: str
    value: str
    kind: str  # type of the operation; "input" for quantized features
    bits: int
    input_scale: float
    weight_scale: float
    output_scale: float
    count: int = 0
    saturated: int = 0
    signal: float = 0.0
    noise: float = 0.0
    largest: float = 0.0

    @property
    def signal_to_noise(self) -> float:
        """Signal-to-noise ratio in decibels; infinite without any difference."""
        if self.noise == 0.0:
            return inf
        return 10.0 * log10(self.signal / self.noise) if self.signal > 0.0 else -inf

    @property
    def rms(self) -> float:
        """Root of the mean squared difference."""
        return float(np.sqrt(self.noise / self.count)) if self.count else 0.0


def measure_layers(
    compiled: CompiledGna, utterances: Iterable[Sequence[NDArray[np.float32]]], most_frames: int
) -> tuple[list[LayerError], int]:
    """The error of every layer in the order of computation, inputs first, and the number of frames measured.

    An utterance is one array [T, D] per input of the model; no more than ``most_frames`` frames are used.
    """
    exact, floats = ExactProgram(compiled.model), FloatProgram(compiled.graph)
    operations = [compiled.model.operations[layer.operation] for layer in compiled.layers]
    outputs = [operation.operand(OUTPUT) for operation in operations]
    inputs_of = [
        LayerError(port.name, "", "input", 8 * port.element_bytes, 0.0, 0.0, port.scale_factor)
        for port in compiled.model.inputs
    ]
    errors = [
        LayerError(
            layer.name,
            layer.value,
            operation.type.name.lower(),
            8 * tensor.type.num_bytes if tensor is not None else 0,
            layer.input_scale,
            layer.weight_scale,
            layer.output_scale,
        )
        for layer, operation, tensor in zip(compiled.layers, operations, outputs, strict=True)
    ]
    frames = 0
    for features in utterances:
        left = min(most_frames - frames, len(features[0]))
        if left <= 0:
            break
        frames += left
        for error, array in zip(inputs_of, features, strict=True):
            _add(error, _quantized(array[:left], error), array[:left], _LIMITS_OF_BITS[error.bits])
        for inputs in _requests([array[:left] for array in features], in_order=exact.is_stateful):
            if inputs.begins:
                memories = exact.new_memory(inputs.lanes), floats.new_memory(inputs.lanes)
            exact.run(memories[0], inputs.arrays)
            floats.run(memories[1], inputs.arrays)
            float_values = floats.values(memories[1])
            for error, tensor in zip(errors, outputs, strict=True):
                if tensor is not None:
                    expected = float_values[error.value]
                    integers = exact.value(memories[0], tensor)[:, : expected.shape[1]]
                    _add(error, integers, expected, _LIMITS[tensor.type])
    return [*inputs_of, *errors], frames


def first_below(errors: Sequence[LayerError], limit: float) -> LayerError | None:
    """The first layer whose signal-to-noise ratio is below ``limit`` decibels; None if there is none."""
    return next((error for error in errors if error.count and error.signal_to_noise < limit), None)


@dataclass(frozen=True, slots=True)
class _Request:
    arrays: list[NDArray[np.float32]]
    lanes: int
    begins: bool


def _requests(features: Sequence[NDArray[np.float32]], *, in_order: bool) -> Iterable[_Request]:
    """All frames side by side, or ``in_order`` one after the other, as a model with states needs them."""
    if not in_order:
        yield _Request(list(features), len(features[0]), begins=True)
        return
    for index in range(len(features[0])):
        yield _Request([array[index : index + 1] for array in features], 1, begins=index == 0)


def _quantized(features: NDArray[np.float32], error: LayerError) -> NDArray[np.int64]:
    """Features as the device sees them: rounded half away from zero, and clipped to the integer type."""
    low, high = _LIMITS_OF_BITS[error.bits]
    scaled = features * np.float32(error.output_scale)
    rounded: NDArray[np.float32] = np.clip(scaled + np.copysign(np.float32(0.5), scaled), low, high)
    return rounded.astype(np.int64)


def _add(
    error: LayerError, integers: NDArray[np.signedinteger], expected: NDArray[np.float32], limits: tuple[int, int]
) -> None:
    difference = integers.astype(np.float64) / error.output_scale - expected
    error.count += difference.size
    error.saturated += int(np.count_nonzero((integers == limits[0]) | (integers == limits[1])))
    error.signal += float(np.sum(np.square(expected, dtype=np.float64)))
    error.noise += float(np.sum(np.square(difference)))
    error.largest = max(error.largest, float(np.max(np.abs(difference), initial=0.0)))
