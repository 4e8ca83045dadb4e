"""Components that put frames side by side, or spread columns over extra indexes.

Sources: nnet/nnet-various.h (``Splice``); nnet2/nnet-component.cc; nnet3/nnet-tdnn-component.cc,
nnet-general-component.cc (``DistributeComponent``).

Tests: tests/kaldi_model/components, tests/golden
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ov_asr_score.kaldi_model.components.affine import AFFINE_FIELDS
from ov_asr_score.kaldi_model.components.component_type import Chain, ComponentType, Dims, Problems, ReadChain
from ov_asr_score.kaldi_model.components.field_checks import bias, multiple, near
from ov_asr_score.kaldi_model.components.fields import Fields, floats, ints
from ov_asr_score.kaldi_model.dependency import Dependency, IndexBlock, Offsets
from ov_asr_score.kaldi_model.network import FARTHEST_FRAME, FieldValue
from ov_asr_score.kaldi_model.token_reader import ModelReader


def _frames(name: str) -> Callable[[Fields], Dependency]:
    """Frames at the offsets that a vector of integers has."""

    def reads(fields: Fields) -> Dependency:
        return Offsets(fields.offsets(name))

    return reads


def _block(fields: Fields) -> Dependency:
    columns, rows = fields.widths
    return IndexBlock(columns // rows)


def _check_nnet1(fields: Fields) -> Problems:
    """``Splice::ReadData`` asserts the widths."""
    columns, rows = fields.widths
    offsets = fields.offsets("FrameOffsets")
    if len(offsets) * columns != rows:
        yield f"expected {len(offsets)} frames of {columns} columns to make the output, found {rows} columns"
    yield from near(max((abs(offset) for offset in offsets), default=0))


def _read_context(reader: ModelReader, fields: dict[str, FieldValue], read_chain: ReadChain) -> tuple[Chain, ...]:
    """Offsets of the frames as ``Context``; older files have the first and the last only."""
    context = fields.get("Context")
    if isinstance(context, np.ndarray) and context.size:
        fields["Context"] = context.astype(np.int32)
        return ()
    left, right = fields.get("LeftContext"), fields.get("RightContext")
    if not isinstance(left, int) or not isinstance(right, int):
        raise reader.error("<Context>, or <LeftContext> and <RightContext>", "neither", "the file is damaged")
    if right < -left or max(abs(left), abs(right)) > FARTHEST_FRAME:
        raise reader.error("contexts in frames", f"{left} and {right}", "the file is damaged")
    fields["Context"] = np.arange(-left, right + 1, dtype=np.int32)
    return ()


def _check_nnet2(fields: Fields) -> Problems:
    """Kaldi asks for rising offsets in ``Init`` alone; but it takes the first and the last for the outermost.

    Frames beyond them are not there (``ChunkInfo::GetIndex``). Where they must lie is asked of all together, see
    ``reading.nnet2``.
    """
    context = fields.vector("Context").astype(np.int64)
    if context.min() < context[0] or context.max() > context[-1]:
        yield f"expected frame offsets between the first and the last one, found {str(context.tolist())[:40]}"
    yield from near(int(np.abs(context).max()))
    constant = fields.integer("ConstComponentDim", 0)
    # SubMatrix asserts that there are columns.
    if constant and not 0 <= constant < fields.integer("InputDim"):
        yield f"expected <ConstComponentDim> from 0 to below <InputDim>, found {constant}"


def _splice(fields: Fields) -> Dims:
    """The last ``ConstComponentDim`` columns are not spliced."""
    dim, constant = fields.integer("InputDim"), fields.integer("ConstComponentDim", 0)
    return dim, (dim - constant) * len(fields.vector("Context")) + constant


def _check_distribute(fields: Fields) -> Problems:
    """Kaldi: divides by the number of blocks (``ComputeInputIndexAndBlock``). A remainder is left out."""
    columns, rows = fields.widths
    if rows > columns:
        yield f"expected <OutputDim> of at most <InputDim>, found {rows} and {columns}"


def _check_tdnn(fields: Fields) -> Problems:
    """Kaldi: ``TdnnComponent::Check``."""
    yield from bias(fields, optional=True)
    offsets = fields.offsets("TimeOffsets")
    yield from multiple("columns", fields.matrix("LinearParams").shape[1], "the time offsets", len(offsets))
    yield from near(*offsets)
    if len(set(offsets)) != len(offsets):
        yield "expected different numbers in <TimeOffsets>, found the same twice"


def _tdnn(fields: Fields) -> Dims:
    rows, columns = fields.matrix("LinearParams").shape
    return columns // max(len(fields.vector("TimeOffsets")), 1), rows


TYPES = (
    ComponentType(
        "Splice",
        (1,),
        values=(("FrameOffsets", "ints"),),
        checks=_check_nnet1,
        reads=_frames("FrameOffsets"),
    ),
    ComponentType(
        "SpliceComponent",
        (2,),
        {**ints("InputDim", "LeftContext", "RightContext", "ConstComponentDim"), "Context": "ints"},
        ("InputDim",),
        read_rest=_read_context,
        checks=_check_nnet2,
        dims=_splice,
        reads=_frames("Context"),
    ),
    ComponentType(
        "SpliceMaxComponent",
        (2,),
        {**ints("Dim", "LeftContext", "RightContext"), "Context": "ints"},
        ("Dim",),
        read_rest=_read_context,
        checks=_check_nnet2,
        reads=_frames("Context"),
    ),
    ComponentType(
        "TdnnComponent",
        (3,),
        {
            **AFFINE_FIELDS,
            "TimeOffsets": "ints",
            "UseNaturalGradient": "bool",
            **floats("NumSamplesHistory", "Alpha"),
            "AlphaInOut": "two",
            "RankInOut": "two ints",
        },
        ("TimeOffsets", "LinearParams", "BiasParams"),
        checks=_check_tdnn,
        dims=_tdnn,
        reads=_frames("TimeOffsets"),
        trained=("LinearParams", "BiasParams"),
    ),
    ComponentType(
        "DistributeComponent",
        (3,),
        ints("InputDim", "OutputDim"),
        ("InputDim", "OutputDim"),
        checks=_check_distribute,
        reads=_block,
    ),
)
