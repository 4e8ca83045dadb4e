"""Affine and linear components, trained or fixed, and those that apply one matrix to several blocks of columns.

Sources: nnet/nnet-affine-transform.h, nnet-linear-transform.h; nnet2/nnet-component.cc;
nnet3/nnet-simple-component.cc.

Tests: tests/kaldi_model/components, tests/golden
"""

from __future__ import annotations

from collections.abc import Callable

from ov_asr_score.kaldi_model.components.component_type import ComponentType, Dims, Problems
from ov_asr_score.kaldi_model.components.field_checks import at_least, bias, multiple, shape, size
from ov_asr_score.kaldi_model.components.fields import UPDATABLE, Fields, floats, ints
from ov_asr_score.kaldi_model.token_reader import Table

_PARAMETERS = ("LinearParams", "BiasParams")
AFFINE_FIELDS: Table = {
    **UPDATABLE,
    "LinearParams": "matrix",
    "BiasParams": "vector",
    "OrthonormalConstraint": "float",
}
"""What all affine components of nnet3 may have."""
_NNET2_AFFINE: Table = {
    "LearningRate": "float",
    "LinearParams": "matrix",
    "BiasParams": "vector",
    "IsGradient": "bool",
}
# The transform becomes one matrix of this size squared, so that a damaged width would fill the memory.
_WIDEST_DCT = 4096


def _matrix(name: str) -> Callable[[Fields], Dims]:
    """A matrix has a row for each column of the output."""

    def dims(fields: Fields) -> Dims:
        rows, columns = fields.matrix(name).shape
        return columns, rows

    return dims


def _repeated(fields: Fields) -> Dims:
    rows, columns = fields.matrix("LinearParams").shape
    repeats = fields.integer("NumRepeats")
    return columns * repeats, rows * repeats


def _blocks(fields: Fields) -> Dims:
    rows, columns = fields.matrix("LinearParams").shape
    return columns * fields.integer("NumBlocks"), rows


def _dct(fields: Fields) -> Dims:
    dim, block = fields.integer("Dim"), fields.integer("DctDim")
    kept = fields.integer("DctKeepDim", 0)
    return dim, dim // block * (kept if kept > 0 else block)


def _check_repeats(fields: Fields) -> Problems:
    """Kaldi: assertions of ``CopyRowsFromVec`` and ``AddMatMat`` (``RepeatedAffineComponent::Propagate``)."""
    yield from at_least(fields, 1, "NumRepeats")
    yield from bias(fields)


def _check_blocks(fields: Fields) -> Problems:
    """Kaldi: ``CopyRowsFromVec`` and ``AddMatMatBatched`` (``BlockAffineComponent::Propagate``).

    Reason for no remainder: Kaldi never multiplies the last rows, and leaves the bias alone in their columns.
    """
    yield from bias(fields)
    yield from multiple("rows", len(fields.matrix("LinearParams")), "<NumBlocks>", fields.integer("NumBlocks"))


def _check_dct(fields: Fields) -> Problems:
    """What ``DctComponent::Read`` and ``Init`` assert; the limit of the width is ours, see ``_WIDEST_DCT``."""
    dim, block, kept = fields.integer("Dim"), fields.integer("DctDim"), fields.integer("DctKeepDim", 0)
    yield from multiple("<Dim>", dim, "<DctDim>", block)
    # None, and a number below zero, stand for all (``DctComponent::Init``).
    if kept > block:
        yield f"expected <DctKeepDim> of at most <DctDim>, found {kept} and {block}"
    if dim > _WIDEST_DCT:
        yield f"expected <Dim> of at most {_WIDEST_DCT}, found {dim}"


def _check_linear(fields: Fields) -> Problems:
    """Asserted in ``LinearTransform::ReadData`` (nnet/nnet-linear-transform.h)."""
    columns, rows = fields.widths
    yield from shape(fields, "Linearity", rows, columns)


def _check_affine(fields: Fields) -> Problems:
    """Asserted in ``AffineTransform::ReadData`` (nnet/nnet-affine-transform.h)."""
    yield from _check_linear(fields)
    yield from size(fields, "Bias", fields.integer("OutputDim"))


NNET1 = (
    ComponentType(
        "AffineTransform",
        (1,),
        {"LearnRateCoef": "float", "BiasLearnRateCoef": "float", "MaxNorm": "float"},
        values=(("Linearity", "matrix"), ("Bias", "vector")),
        checks=_check_affine,
        trained=("Linearity", "Bias"),
    ),
    ComponentType(
        "LinearTransform",
        (1,),
        {"LearnRateCoef": "float"},
        values=(("Linearity", "matrix"),),
        checks=_check_linear,
        trained=("Linearity",),
    ),
)

NNET2 = (
    ComponentType(
        "AffineComponent",
        (2,),
        {**_NNET2_AFFINE, "AvgInput": "vector", "AvgInputCount": "float"},
        _PARAMETERS,
        checks=bias,
        dims=_matrix("LinearParams"),
        trained=_PARAMETERS,
    ),
    ComponentType(
        "AffineComponentPreconditioned",
        (2,),
        {**_NNET2_AFFINE, **floats("Alpha", "MaxChange")},
        _PARAMETERS,
        checks=bias,
        dims=_matrix("LinearParams"),
        trained=_PARAMETERS,
    ),
    ComponentType(
        "AffineComponentPreconditionedOnline",
        (2,),
        {
            **_NNET2_AFFINE,
            **ints("Rank", "RankIn", "RankOut", "UpdatePeriod"),
            **floats("NumSamplesHistory", "Alpha", "MaxChangePerSample"),
        },
        _PARAMETERS,
        checks=bias,
        dims=_matrix("LinearParams"),
        trained=_PARAMETERS,
    ),
    # nnet2 does not count the bias of block-affine components.
    ComponentType(
        "BlockAffineComponent",
        (2,),
        {**_NNET2_AFFINE, "NumBlocks": "int"},
        ("NumBlocks", *_PARAMETERS),
        checks=_check_blocks,
        dims=_blocks,
        trained=("LinearParams",),
    ),
    ComponentType(
        "BlockAffineComponentPreconditioned",
        (2,),
        {**_NNET2_AFFINE, "NumBlocks": "int", "Alpha": "float"},
        ("NumBlocks", *_PARAMETERS),
        checks=_check_blocks,
        dims=_blocks,
        trained=("LinearParams",),
    ),
    ComponentType(
        "DctComponent",
        (2,),
        {**ints("Dim", "DctDim", "DctKeepDim"), "Reorder": "bool"},
        ("Dim", "DctDim", "Reorder"),
        checks=_check_dct,
        dims=_dct,
    ),
    ComponentType("FixedLinearComponent", (2,), {"CuMatrix": "matrix"}, ("CuMatrix",), dims=_matrix("CuMatrix")),
)

NNET3 = (
    ComponentType(
        "FixedAffineComponent",
        (2, 3),
        {"LinearParams": "matrix", "BiasParams": "vector"},
        _PARAMETERS,
        checks=bias,
        dims=_matrix("LinearParams"),
    ),
    ComponentType(
        "AffineComponent",
        (3,),
        AFFINE_FIELDS,
        _PARAMETERS,
        checks=bias,
        dims=_matrix("LinearParams"),
        trained=_PARAMETERS,
    ),
    ComponentType(
        "NaturalGradientAffineComponent",
        (3,),
        {
            **AFFINE_FIELDS,
            **ints("RankIn", "RankOut", "UpdatePeriod"),
            **floats("NumSamplesHistory", "Alpha", "MaxChangePerSample"),
            **floats("UpdateCount", "ActiveScalingCount", "MaxChangeScaleStats"),
        },
        _PARAMETERS,
        old_end=True,
        checks=bias,
        dims=_matrix("LinearParams"),
        trained=_PARAMETERS,
    ),
    ComponentType(
        "LinearComponent",
        (3,),
        {
            **UPDATABLE,
            "Params": "matrix",
            "OrthonormalConstraint": "float",
            "UseNaturalGradient": "bool",
            "RankInOut": "two ints",
            **floats("Alpha", "NumSamplesHistory"),
            "UpdatePeriod": "int",
        },
        ("Params",),
        dims=_matrix("Params"),
        trained=("Params",),
    ),
    *(
        ComponentType(
            name,
            (3,),
            {**AFFINE_FIELDS, "NumRepeats": "int"},
            ("NumRepeats", *_PARAMETERS),
            checks=_check_repeats,
            dims=_repeated,
            trained=_PARAMETERS,
        )
        for name in ("RepeatedAffineComponent", "NaturalGradientRepeatedAffineComponent")
    ),
    ComponentType(
        "BlockAffineComponent",
        (3,),
        {**AFFINE_FIELDS, "NumBlocks": "int"},
        ("NumBlocks", *_PARAMETERS),
        checks=_check_blocks,
        dims=_blocks,
        trained=_PARAMETERS,
    ),
)

TYPES = (*NNET1, *NNET2, *NNET3)
