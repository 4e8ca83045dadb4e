"""Frames scaled to a given length, and batch normalization in test mode."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ov_asr_score.convert.layers.elementwise import repeated, scale_offset_layer
from ov_asr_score.convert.layers.layer import ExactScaleOffset, Layer
from ov_asr_score.convert.tensors.constants import float_scalar, int_vector
from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.kaldi_model.component_fields import bad_field, flag, integer, number, vector
from ov_asr_score.kaldi_model.network import Component
from ov_asr_score.openvino_api import opset, ov

_SQUARED_NORM_FLOOR = 2.0**-66

_NO_STATISTICS = (
    "has no statistics (count 0), Kaldi would score with random ones; train the model or set its statistics first"
)
_TRAINING_MODE = "is in training mode, where Kaldi normalizes by statistics of the chunk; set its test mode"


def convert_normalize(component: Component, x: ov.Output) -> ov.Output:
    """Each block of each frame scaled to the target rms; followed by its log standard deviation if asked for.

    ``x`` [B, T, D] gives [B, T, D], or [B, T, D + blocks] with the logarithms. Raises ModelFormatError. Sources:
    cudamatrix/cu-math.cc (NormalizePerRow), nnet3/nnet-normalize-component.cc, nnet2/nnet-component.cc
    (NormalizeComponent: rms 1).
    """
    name, dim = component.name, integer(component, "InputDim", "Dim")
    block = integer(component, "BlockDim", default=dim)
    if block < 1 or dim % block:
        raise bad_field(component, "BlockDim", f"a divisor of <InputDim> {dim}")
    target, add_log = abs(number(component, "TargetRms", 1.0)), flag(component, "AddLogStddev")
    blocks = x
    if block != dim:
        shape = int_vector(0, 0, dim // block, block)
        blocks = opset.reshape(x, shape, special_zero=True, name=f"{name}.blocks").output(0)

    # norm = max(|x|, rms sqrt(D floor));  y = x * rms sqrt(D) / norm;  log stddev = log(norm) - log(D) / 2
    norm = opset.reduce_l2(blocks, int_vector(-1), True, name=f"{name}.norm")
    full = target * np.sqrt(block)
    floor = float_scalar(full * np.sqrt(_SQUARED_NORM_FLOOR))
    floored = opset.maximum(norm, floor, name=f"{name}.floored")
    factor = opset.divide(float_scalar(full), floored, name=f"{name}.factor")
    is_last = block == dim and not add_log
    scaled = opset.multiply(blocks, factor, name=name if is_last else f"{name}.scaled").output(0)
    if add_log:
        half_log = float_scalar(np.log(block) / 2)
        stddev = opset.subtract(opset.log(floored, name=f"{name}.log"), half_log, name=f"{name}.logstddev").output(0)
        scaled = opset.concat([scaled, stddev], -1, name=name if block == dim else f"{name}.joined").output(0)
    if block == dim:
        return scaled
    width = dim + (dim // block if add_log else 0)
    return opset.reshape(scaled, int_vector(0, 0, width), special_zero=True, name=name).output(0)


def convert_length_norm(component: Component, x: ov.Output) -> ov.Output:
    """Each frame divided by its Euclidean length. Source: nnet/nnet-various.h (LengthNormComponent)."""
    length = opset.reduce_l2(x, int_vector(2), True, name=f"{component.name}.length")
    return opset.divide(x, length, name=component.name).output(0)


def batch_normalization(component: Component) -> ExactScaleOffset:
    """Scale and offset [Dim] from the stored mean and variance, as in test mode.

    Raises UnsupportedModelError when there are no statistics, where Kaldi takes random numbers, and ModelFormatError.
    Source: nnet3/nnet-normalize-component.cc. Kaldi: a warning of ``BatchNormComponent::ComputeDerived``.
    """
    if _lacks_statistics(component):
        raise UnsupportedModelError(
            f"component '{component.name}' at byte {component.offset}: {component.type} {_NO_STATISTICS}"
        )
    block = integer(component, "BlockDim", default=integer(component, "Dim"))
    stored = vector(component, "StatsMean", block).astype(np.float64)
    mean_square = vector(component, "StatsVar", block) + stored * stored
    # Kaldi keeps sums in double precision and takes them apart again in single precision. Where the variance is small
    # against the mean square, few of its digits are left, and exact arithmetic would give other scores.
    count = np.float64(number(component, "Count"))
    part = np.float32(1 / count)
    mean = (stored * count).astype(np.float32) * part
    variance = np.maximum((mean_square * count).astype(np.float32) * part - mean * mean, 0)
    scale = np.float32(number(component, "TargetRms", 1.0)) / np.sqrt(
        variance + np.float32(number(component, "Epsilon"))
    )
    return repeated(component, scale.astype(np.float64), (-mean * scale).astype(np.float64))


def _lacks_statistics(component: Component) -> bool:
    return number(component, "Count") == 0


def _problem(component: Component) -> str | None:
    return _NO_STATISTICS if _lacks_statistics(component) else None


def _nested_problem(component: Component) -> str | None:
    """Training mode: nnet3-compute sets test mode outside of composites only, so scores would depend on the chunks."""
    return None if flag(component, "TestMode") else _TRAINING_MODE


LAYERS = (
    Layer(name="NormalizeComponent", generations=(2, 3), over_frames=convert_normalize),
    replace(
        scale_offset_layer("BatchNormComponent", batch_normalization),
        problem=_problem,
        nested_problem=_nested_problem,
    ),
    Layer(name="LengthNormComponent", generations=(1,), over_frames=convert_length_norm),
)
