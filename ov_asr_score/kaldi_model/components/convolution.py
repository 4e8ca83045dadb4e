"""Convolutions: over patches of columns, over images whose frame is one column, and over time and height.

Sources: nnet/nnet-convolutional-component.h; nnet2/nnet-component.cc (``Convolutional1dComponent``);
nnet3/nnet-convolutional-component.cc, convolution.cc, nnet-simple-component.cc (``ConvolutionComponent``).

Tests: tests/kaldi_model/components, tests/golden
"""

from __future__ import annotations

import numpy as np

from ov_asr_score.kaldi_model.components.component_type import Chain, ComponentType, Dims, Problems, ReadChain
from ov_asr_score.kaldi_model.components.field_checks import at_least, bias, multiple, near, quotient, shape, size
from ov_asr_score.kaldi_model.components.fields import UPDATABLE, Fields, ints
from ov_asr_score.kaldi_model.dependency import Dependency, Offsets
from ov_asr_score.kaldi_model.network import FieldValue
from ov_asr_score.kaldi_model.token_reader import ModelReader, Table, read_fields

_PATCHES = ("PatchDim", "PatchStep", "PatchStride")
_IMAGE = ("InputXDim", "InputYDim", "InputZDim", "FiltXDim", "FiltYDim", "FiltXStep", "FiltYStep")
_SIZES = ("NumFiltersIn", "NumFiltersOut", "HeightIn", "HeightOut", "HeightSubsampleOut")
_CONVOLUTION_MODEL: Table = {**ints(*_SIZES), "Offsets": "pairs", "RequiredTimeOffsets": "ints"}
_TIME_HEIGHT: Table = {
    "LinearParams": "matrix",
    "BiasParams": "vector",
    "MaxMemoryMb": "float",
    "UseNaturalGradient": "bool",
    "NumMinibatchesHistory": "float",
    "AlphaInOut": "two",
    "RankInOut": "two ints",
}
_LARGEST_KERNEL = 1 << 26


def _check_nnet1(fields: Fields) -> Problems:
    """What ``ConvolutionalComponent::ReadData`` asserts, and that patches lie in the input."""
    columns, rows = fields.widths
    dim, step, stride = fields.integers(_PATCHES)
    # A patch that is wider lies in part behind the last column: Kaldi would read memory outside.
    if not 1 <= dim <= stride:
        yield f"expected <PatchDim> of 1 to <PatchStride>, found {dim} and {stride}"
    yield from multiple("the input", columns, "<PatchStride>", stride)
    if dim == stride and step:
        # Any step leads to the only patch.
        step = 1
    yield from multiple("what a patch leaves", stride - dim, "<PatchStep>", step)
    patches = 1 + (stride - dim) // step
    yield from multiple("the output", rows, "the number of patches", patches)
    yield from shape(fields, "Filters", rows // patches, columns // stride * dim)
    yield from size(fields, "Bias", rows // patches)


def _check_nnet2(fields: Fields) -> Problems:
    """Patches must lie in the frame; that they fill it, Kaldi asserts in ``Init`` alone, not in ``Read``."""
    dim, step, stride = fields.integers(_PATCHES)
    if not 1 <= dim <= stride:
        yield f"expected <PatchDim> of 1 to <PatchStride>, found {dim} and {stride}"
    if not step or _patches(dim, step, stride) < 1:
        yield f"expected <PatchStep> above 0, found {step}"
    filter_dim = fields.matrix("FilterParams").shape[1]
    if filter_dim < dim:
        yield f"expected {dim} columns or more in <FilterParams>, found {filter_dim}"
    yield from bias(fields, "FilterParams")


def _patches(dim: int, step: int, stride: int) -> int:
    return 1 + quotient(stride - dim, step)


def _nnet2(fields: Fields) -> Dims:
    filters, filter_dim = fields.matrix("FilterParams").shape
    dim, step, stride = fields.integers(_PATCHES)
    return filter_dim // dim * stride, _patches(dim, step, stride) * filters


def _check_image(fields: Fields) -> Problems:
    """Kaldi: ``ConvolutionComponent::InputToInputPatches`` divides by steps, and asserts that parameters suffice.

    Those of which there are too many meet column 0. Reason for the size of filters: larger ones than the image would
    read columns outside of it.
    """
    yield from at_least(fields, 1, "InputXDim", "InputYDim", "InputZDim", "FiltXStep", "FiltYStep")
    yield from bias(fields, "FilterParams")
    for axis in "XY":
        rest = fields.integer(f"Input{axis}Dim") - fields.integer(f"Filt{axis}Dim")
        if rest < 0:
            yield f"expected a filter that fits into the input, found one too long by {-rest} in {axis}"
    wanted = max(fields.integer("FiltXDim"), 0) * max(fields.integer("FiltYDim"), 0) * fields.integer("InputZDim")
    found = fields.matrix("FilterParams").shape[1]
    if found < wanted:
        yield f"expected {wanted} columns or more in <FilterParams>, found {found}"


def _image(fields: Fields) -> Dims:
    x, y, z, filter_x, filter_y, step_x, step_y = fields.integers(_IMAGE)
    steps_x = 1 + (x - filter_x) // max(step_x, 1)
    steps_y = 1 + (y - filter_y) // max(step_y, 1)
    return x * y * z, steps_x * steps_y * len(fields.matrix("FilterParams"))


def _read_time_height(reader: ModelReader, fields: dict[str, FieldValue], read_chain: ReadChain) -> tuple[Chain, ...]:
    """The description of the convolution, then the parameters."""
    if reader.peek_token() == "<ConvolutionModel>":  # Kaldi does not ask for it
        reader.read_token()
    fields |= read_fields(reader, _CONVOLUTION_MODEL, ("</ConvolutionModel>",), _CONVOLUTION_MODEL)
    closing = ("</TimeHeightConvolutionComponent>",)
    fields |= read_fields(reader, _TIME_HEIGHT, closing, ("LinearParams", "BiasParams"))
    return ()


def _check_time_height(fields: Fields) -> Problems:
    """Kaldi: ``ConvolutionModel::Check`` (convolution.cc) and ``TimeHeightConvolutionComponent::Check``.

    Reason for near offsets: as one kernel, the filters have weights for all frames and heights in between.
    """
    yield from at_least(fields, 1, *_SIZES)
    yield from bias(fields)
    offsets = fields.vector("Offsets").reshape(-1, 2)
    rows, columns = fields.integer("NumFiltersOut"), fields.integer("NumFiltersIn") * len(offsets)
    weights = fields.matrix("LinearParams")
    if weights.shape != (rows, columns):
        yield f"expected <LinearParams> of {rows} x {columns}, found {weights.shape[0]} x {weights.shape[1]}"
    yield from near(*offsets[:, 0].tolist(), fields.integer("HeightOut") * fields.integer("HeightSubsampleOut"))
    spans = np.ptp(offsets.astype(np.int64), axis=0) + 1
    if len(offsets) and int(spans.prod()) * fields.integer("NumFiltersIn") * rows > _LARGEST_KERNEL:
        yield f"expected near <Offsets>, found some that are {spans[0]} frames and {spans[1]} heights apart"
    required = set(fields.offsets("RequiredTimeOffsets"))
    if not required or not required <= set(offsets[:, 0].tolist()):
        yield "expected <RequiredTimeOffsets> to be some of the time offsets, found others or none"
    if len({tuple(pair) for pair in offsets.tolist()}) != len(offsets):
        yield "expected different pairs in <Offsets>, found the same twice"


def _time_height(fields: Fields) -> Dims:
    return (
        fields.integer("NumFiltersIn") * fields.integer("HeightIn"),
        fields.integer("NumFiltersOut") * fields.integer("HeightOut"),
    )


def _time_height_frames(fields: Fields) -> Dependency:
    """The required offsets, and the others, in rising order."""
    used = set(fields.vector("Offsets").reshape(-1, 2)[:, 0].tolist())
    required = set(fields.offsets("RequiredTimeOffsets"))
    return Offsets(tuple(sorted(required & used)), tuple(sorted(used - required)))


TYPES = (
    ComponentType(
        "ConvolutionalComponent",
        (1,),
        {"LearnRateCoef": "float", "BiasLearnRateCoef": "float", **ints(*_PATCHES), "MaxNorm": "float"},
        _PATCHES,
        tail=(("Filters", "matrix"), ("Bias", "vector")),
        checks=_check_nnet1,
        trained=("Filters", "Bias"),
    ),
    ComponentType(
        "Convolutional1dComponent",
        (2,),
        {
            **ints(*_PATCHES),
            "LearningRate": "float",
            "AppendedConv": "bool",
            "FilterParams": "matrix",
            "BiasParams": "vector",
            "IsGradient": "bool",
        },
        (*_PATCHES, "FilterParams", "BiasParams"),
        checks=_check_nnet2,
        dims=_nnet2,
        trained=("FilterParams", "BiasParams"),
    ),
    ComponentType(
        "ConvolutionComponent",
        (3,),
        {
            **UPDATABLE,
            **ints(*_IMAGE),
            "InputVectorization": "int",
            "FilterParams": "matrix",
            "BiasParams": "vector",
        },
        (*_IMAGE, "InputVectorization", "FilterParams", "BiasParams"),
        checks=_check_image,
        dims=_image,
        trained=("FilterParams", "BiasParams"),
        shown={"BiasParams": "bias-params"},
    ),
    ComponentType(
        "TimeHeightConvolutionComponent",
        (3,),
        UPDATABLE,
        end="<Model>",
        read_rest=_read_time_height,
        checks=_check_time_height,
        dims=_time_height,
        reads=_time_height_frames,
        trained=("LinearParams", "BiasParams"),
        shown={"BiasParams": "bias-params", "LinearParams": "filter-params"},
        pairs=("Offsets",),
    ),
)
