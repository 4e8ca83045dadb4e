"""Normalization of frames by their own norm, and batch normalization with statistics of training.

Sources: nnet/nnet-various.h (``LengthNormComponent``), nnet2/nnet-component.cc, nnet3/nnet-normalize-component.cc.

Tests: tests/kaldi_model/components, tests/golden
"""

from __future__ import annotations

import numpy as np

from ov_asr_score.kaldi_model.components.component_type import ComponentType, Dims, Problems
from ov_asr_score.kaldi_model.components.field_checks import block_dim, positive, same_width
from ov_asr_score.kaldi_model.components.fields import NNET2_NONLINEAR, Fields, floats, ints


def _normalize(fields: Fields) -> Dims:
    dim = fields.integer("Dim" if "Dim" in fields else "InputDim")
    block = fields.integer("BlockDim", dim)
    return dim, dim + (dim // max(block, 1) if fields.flag("AddLogStddev") else 0)


def _check_normalize(fields: Fields) -> Problems:
    """Reason: the frame is divided by its width times the square of the target, as float32 (``NormalizePerRow``).

    Of a negative target there is no logarithm. With blocks that do not divide the frame, Kaldi never writes the rest.
    """
    yield from block_dim(fields)
    target, block = fields.number("TargetRms", 1.0), fields.integer("BlockDim", _normalize(fields)[0])
    with np.errstate(over="ignore", under="ignore"):
        divisor = np.float32(block) * np.float32(target) * np.float32(target)
    if not 0 < divisor < np.inf:
        yield f"expected <TargetRms> of which a square can be divided by, found {target:g}"
    if target < 0 and fields.flag("AddLogStddev"):
        yield f"expected <TargetRms> of which there is a logarithm, found {target:g}"


def _check_batch_norm(fields: Fields) -> Problems:
    """Kaldi: ``BatchNormComponent::Check``, and assertions on sizes in ``Read`` and ``ComputeDerived``.

    Reason for squares: it multiplies them by the count in single precision, and has NaN where they are infinite.
    """
    yield from block_dim(fields)
    yield from positive(fields, "Epsilon", "TargetRms")
    counted = fields.number("Count") > 0
    for name in ("StatsMean", "StatsVar"):
        size, wanted = len(fields.vector(name)), fields.integer("BlockDim")
        if size != wanted and (counted or size):
            yield f"expected {wanted} values in <{name}>, found {size}"
    mean, variance = fields.vector("StatsMean"), fields.vector("StatsVar")
    if np.isfinite(mean).all() and np.isfinite(variance).all():
        with np.errstate(over="ignore", invalid="ignore"):
            squares = (variance + mean * mean) * np.float32(fields.number("Count"))
        if not np.isfinite(squares).all():
            yield f"expected <StatsMean> and <StatsVar> with finite sums of squares, found {squares.max():g}"


TYPES = (
    ComponentType("LengthNormComponent", (1,), checks=same_width),
    ComponentType("NormalizeComponent", (2,), NNET2_NONLINEAR, ("Dim",)),
    ComponentType(
        "NormalizeComponent",
        (3,),
        {
            **ints("Dim", "InputDim", "BlockDim"),
            "TargetRms": "float",
            "AddLogStddev": "bool",
            "ValueAvg": "vector",
            "DerivAvg": "vector",
            "Count": "float",
        },
        checks=_check_normalize,
        dims=_normalize,
    ),
    ComponentType(
        "BatchNormComponent",
        (3,),
        {
            **ints("Dim", "BlockDim"),
            **floats("Epsilon", "TargetRms", "Count"),
            "TestMode": "bool",
            "StatsMean": "vector",
            "StatsVar": "vector",
        },
        ("Dim", "BlockDim", "Epsilon", "TargetRms", "Count", "StatsMean", "StatsVar"),
        checks=_check_batch_norm,
        # The count says whether there are statistics at all; of other components it is of no use.
        shown={"Count": "count"},
    ),
)
