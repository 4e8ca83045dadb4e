"""Components that are nothing but a matrix and a bias, or a factor and an offset for each column, as arrays.

Built on by the converters, and by folding, which joins neighbours. Sums and products are done in float64.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.convert.layers.component_fields import bad_field, flag, integer, integers, matrix, number, vector
from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.kaldi_model.network import Component, FieldValue, FloatArray

AffineForm: TypeAlias = tuple[FloatArray, FloatArray]
"""W [M, K] and b [M] of y = W x + b, float32."""

ScaleOffsetForm: TypeAlias = tuple[FloatArray, FloatArray]
"""s [D] and o [D] of y = s x + o, float32."""

_Exact: TypeAlias = NDArray[np.float64]

NO_STATISTICS = (
    "has no statistics (count 0), Kaldi would score with random ones; train the model or set its statistics first"
)
TRAINING_MODE = "is in training mode, where Kaldi normalizes by statistics of the chunk; set its test mode"

# Scales nearer to zero than this are moved away from it (ScaleAndOffsetComponent::Epsilon).
_SMALLEST_SCALE = np.float64(np.float32(1.0e-4))


def as_affine(component: Component) -> AffineForm | None:
    """Weights [M, K] and bias [M] of a component that is one full matrix; None for any other.

    Layers whose matrix is mostly zeros (blocks, sums, permutations, factors) are left to their own converters, which
    are faster than the full matrix; ``as_dense_affine`` gives that matrix. Raises ModelFormatError for fields that do
    not fit each other. Sources: nnet3/nnet-simple-component.cc, nnet2/nnet-component.cc, nnet/nnet-affine-transform.h,
    nnet/nnet-linear-transform.h.
    """
    form = _AFFINE.get(component.type)
    return None if form is None else form(component)


def as_dense_affine(component: Component) -> AffineForm | None:
    """Full weights [M, K] and bias [M] of any component that is affine, None for any other.

    Raises ModelFormatError for fields that do not fit each other. Source: nnet3/nnet-simple-component.cc.
    """
    form = _AFFINE.get(component.type) or _SPARSE.get(component.type)
    if form is not None:
        return form(component)
    scale_offset = as_scale_offset(component)
    return None if scale_offset is None else (np.diag(scale_offset[0]), scale_offset[1])


def as_scale_offset(component: Component) -> ScaleOffsetForm | None:
    """Scale [D] and offset [D] of a component that treats every column for itself; None for any other.

    Batch normalization and dropout are taken in test mode, as nnet3-compute does. Raises UnsupportedModelError for
    batch normalization without statistics, ModelFormatError for fields that do not fit each other. Sources:
    nnet3/nnet-simple-component.cc, nnet-normalize-component.cc, nnet-general-component.cc, nnet-utils.cc
    (SetBatchnormTestMode, SetDropoutTestMode), nnet2/nnet-component.cc, nnet/nnet-various.h.
    """
    exact = _exact_scale_offset(component)
    return None if exact is None else (exact[0].astype(np.float32), exact[1].astype(np.float32))


def scale_offset_component(name: str, scale: FloatArray, offset: FloatArray, byte: int = 0) -> Component:
    """A component that gives ``scale`` [D] times its input plus ``offset`` [D], for any values.

    A composite of FixedScaleComponent and FixedBiasComponent, since ScaleAndOffsetComponent has no scales near zero.
    """
    factors: dict[str, FieldValue] = {"Scales": scale}
    bias: dict[str, FieldValue] = {"Bias": offset}
    chain = (
        Component(f"{name}.scale", "FixedScaleComponent", factors, byte),
        Component(f"{name}.offset", "FixedBiasComponent", bias, byte),
    )
    return Component(name, "CompositeComponent", {}, byte, (chain,))


def batch_normalization(component: Component) -> tuple[_Exact, _Exact]:
    """Scale and offset [BlockDim] from the stored mean and variance.

    Raises UnsupportedModelError when there are no statistics, where Kaldi takes random numbers. Source:
    nnet3/nnet-normalize-component.cc.
    """
    if lacks_statistics(component):
        raise UnsupportedModelError(
            f"component '{component.name}' at byte {component.offset}: BatchNormComponent {NO_STATISTICS}"
        )
    block = integer(component, "BlockDim", default=integer(component, "Dim"))
    mean = vector(component, "StatsMean", block).astype(np.float64)
    variance = vector(component, "StatsVar", block).astype(np.float64)
    # Kaldi takes the mean square in single precision apart again; where the variance is small against it, so is what
    # is left of its digits, and exact arithmetic would give other scores.
    mean_square = (variance + mean * mean).astype(np.float32).astype(np.float64)
    single = (mean_square - mean * mean).astype(np.float32).astype(np.float64)
    scale = number(component, "TargetRms", 1.0) / np.sqrt(np.maximum(single, 0.0) + number(component, "Epsilon"))
    return scale, -mean * scale


def _exact_scale_offset(component: Component) -> tuple[_Exact, _Exact] | None:
    match component.type:
        case "FixedScaleComponent":
            return _only_scale(vector(component, "Scales"))
        case "Rescale":
            return _only_scale(vector(component, "ScaleData"))
        case "PerElementScaleComponent" | "NaturalGradientPerElementScaleComponent":
            return _only_scale(vector(component, "Params"))
        case "FixedBiasComponent" | "AddShift":
            bias = vector(component, "Bias" if component.type == "FixedBiasComponent" else "ShiftData")
            return np.ones(len(bias)), bias.astype(np.float64)
        case "PerElementOffsetComponent":
            offsets = vector(component, "Offsets").astype(np.float64)
            return _repeated(component, np.ones(len(offsets)), offsets)
        case "ScaleAndOffsetComponent":
            scales = vector(component, "Scales")
            offsets = vector(component, "Offsets", len(scales)).astype(np.float64)
            return _repeated(component, _away_from_zero(scales), offsets)
        case "BatchNormComponent":
            return _repeated(component, *batch_normalization(component))
        case "DropoutComponent":
            # nnet2's has a <DropoutScale> too, and is to be removed before a model is used.
            return _uniform(component, 1.0 if "DropoutScale" in component.fields else _kept_share(component))
        case "BackpropTruncationComponent" | "ScaleComponent":
            return _uniform(component, number(component, "Scale", 1.0))
        case (
            "NoOpComponent"
            | "ClipGradientComponent"
            | "GeneralDropoutComponent"
            | "SpecAugmentTimeMaskComponent"
            | "AdditiveNoiseComponent"
        ):
            return _uniform(component, 1.0)
        case "CompositeComponent":
            return _chain_scale_offset(component)
    return None


def _chain_scale_offset(component: Component) -> tuple[_Exact, _Exact] | None:
    if len(component.nested) != 1 or not component.nested[0]:
        return None
    joint: tuple[_Exact, _Exact] | None = None
    for part in component.nested[0]:
        form = None if keeps_training_statistics(part) else _exact_scale_offset(part)
        if form is None or (joint is not None and len(form[0]) != len(joint[0])):
            return None
        joint = form if joint is None else (joint[0] * form[0], joint[1] * form[0] + form[1])
    return joint


def lacks_statistics(component: Component) -> bool:
    """Whether a component is batch normalization that has seen no data."""
    return component.type == "BatchNormComponent" and number(component, "Count") == 0


def keeps_training_statistics(component: Component) -> bool:
    """Whether a component inside a composite is batch normalization that nnet3-compute leaves in training mode."""
    return component.type == "BatchNormComponent" and not flag(component, "TestMode")


def _only_scale(scales: FloatArray) -> tuple[_Exact, _Exact]:
    return scales.astype(np.float64), np.zeros(len(scales))


def _uniform(component: Component, factor: float) -> tuple[_Exact, _Exact]:
    dim = integer(component, "Dim", "InputDim")
    return np.full(dim, factor), np.zeros(dim)


def _repeated(component: Component, scale: _Exact, offset: _Exact) -> tuple[_Exact, _Exact]:
    """Values of one block for all blocks of a row."""
    block = len(offset)
    dim = integer(component, "Dim", default=block)
    if block == 0 or dim % block:
        raise bad_field(component, "Dim", f"a multiple of the {block} values stored")
    return np.tile(scale, dim // block), np.tile(offset, dim // block)


def _away_from_zero(scales: FloatArray) -> _Exact:
    exact = scales.astype(np.float64)
    smallest = np.where(exact >= 0, _SMALLEST_SCALE, -_SMALLEST_SCALE)
    return np.where(np.abs(exact) < _SMALLEST_SCALE, smallest, exact)


def _kept_share(component: Component) -> float:
    proportion = number(component, "DropoutProportion")
    if not 0 <= proportion <= 1:
        raise bad_field(component, "DropoutProportion", "0 to 1")
    return 1.0 - proportion


def _matrix_form(weights_field: str, bias_field: str = "") -> Callable[[Component], AffineForm]:
    def form(component: Component) -> AffineForm:
        weights = matrix(component, weights_field)
        bias = vector(component, bias_field, len(weights)) if bias_field else np.zeros(len(weights), np.float32)
        return weights, bias

    return form


_with_bias = _matrix_form("LinearParams", "BiasParams")


def _repeated_matrix(component: Component) -> AffineForm:
    weights, bias = _with_bias(component)
    repeats = integer(component, "NumRepeats")
    return np.kron(np.eye(repeats, dtype=np.float32), weights), np.tile(bias, repeats)


def block_matrices(component: Component) -> FloatArray:
    """The blocks [N, M, K] of a BlockAffineComponent, which stand one below the other in its file."""
    weights, blocks = matrix(component, "LinearParams"), integer(component, "NumBlocks")
    if blocks < 1 or len(weights) % blocks:
        raise bad_field(component, "NumBlocks", f"a divisor of the {len(weights)} rows of <LinearParams>")
    return weights.reshape(blocks, len(weights) // blocks, weights.shape[1])


def _block_diagonal(component: Component) -> AffineForm:
    blocks = block_matrices(component)
    count, rows, columns = blocks.shape
    full = np.zeros((count, rows, count, columns), np.float32)
    full[np.arange(count), :, np.arange(count), :] = blocks
    return full.reshape(count * rows, count * columns), vector(component, "BiasParams", count * rows)


def group_sizes(component: Component) -> list[int]:
    """How many columns each column of a SumGroupComponent adds up."""
    sizes = [int(size) for size in integers(component, "Sizes")]
    if not sizes or min(sizes) < 1:
        raise bad_field(component, "Sizes", "numbers above 0")
    return sizes


def _group_sums(component: Component) -> AffineForm:
    sizes = group_sizes(component)
    return np.repeat(np.eye(len(sizes), dtype=np.float32), sizes, axis=1), np.zeros(len(sizes), np.float32)


def column_map(component: Component) -> list[int]:
    """The input column that each column of a PermuteComponent takes; nnet2 says where each input column goes."""
    field = "Reorder" if "Reorder" in component.fields else "ColumnMap"
    columns = integers(component, field)
    if not np.array_equal(np.sort(columns), np.arange(len(columns))):
        raise bad_field(component, field, "every column once")
    return [int(column) for column in (np.argsort(columns) if field == "Reorder" else columns)]


def _permutation(component: Component) -> AffineForm:
    columns = column_map(component)
    return np.eye(len(columns), dtype=np.float32)[columns], np.zeros(len(columns), np.float32)


def _block_sums(component: Component) -> AffineForm:
    input_dim, output_dim = integer(component, "InputDim"), integer(component, "OutputDim")
    if output_dim < 1 or input_dim % output_dim:
        raise bad_field(component, "OutputDim", f"a divisor of <InputDim> {input_dim}")
    one = np.eye(output_dim, dtype=np.float32) * np.float32(number(component, "Scale", 1.0))
    return np.tile(one, (1, input_dim // output_dim)), np.zeros(output_dim, np.float32)


_AFFINE: Mapping[str, Callable[[Component], AffineForm]] = {
    "AffineComponent": _with_bias,
    "AffineComponentPreconditioned": _with_bias,
    "AffineComponentPreconditionedOnline": _with_bias,
    "NaturalGradientAffineComponent": _with_bias,
    "FixedAffineComponent": _with_bias,
    "LinearComponent": _matrix_form("Params"),
    "FixedLinearComponent": _matrix_form("CuMatrix"),
    "AffineTransform": _matrix_form("Linearity", "Bias"),
    "LinearTransform": _matrix_form("Linearity"),
}

_SPARSE: Mapping[str, Callable[[Component], AffineForm]] = {
    "RepeatedAffineComponent": _repeated_matrix,
    "NaturalGradientRepeatedAffineComponent": _repeated_matrix,
    "BlockAffineComponent": _block_diagonal,
    "BlockAffineComponentPreconditioned": _block_diagonal,
    "SumGroupComponent": _group_sums,
    "SumBlockComponent": _block_sums,
    "PermuteComponent": _permutation,
}
