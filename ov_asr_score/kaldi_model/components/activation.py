"""Nonlinearities: of each value by itself, and softmax over columns.

Sources: nnet/nnet-activation.h, nnet-parametric-relu.h; nnet2/nnet-component.cc; nnet3/nnet-simple-component.cc.

Tests: tests/kaldi_model/components, tests/golden
"""

from __future__ import annotations

import numpy as np

from ov_asr_score.kaldi_model.components.component_type import ComponentType, Dims, Problems
from ov_asr_score.kaldi_model.components.field_checks import same_width, size
from ov_asr_score.kaldi_model.components.fields import NNET2_NONLINEAR, NONLINEAR, Fields, ints


def _check_blocks(fields: Fields) -> Problems:
    """``BlockSoftmax::ReadData`` asserts the sum, ``ColRange`` that no block is empty."""
    yield from same_width(fields)
    dims = fields.array("BlockDims").astype(np.int64)
    if not dims.size or dims.min() < 1 or dims.sum() != fields.integer("OutputDim"):
        yield f"expected blocks that make {fields.integer('OutputDim')} columns, found {str(dims.tolist())[:40]}"


def _check_parametric_relu(fields: Fields) -> Problems:
    """Asserted in ``ParametricRelu::ReadData``."""
    yield from same_width(fields)
    yield from size(fields, "Alpha", fields.integer("OutputDim"))
    yield from size(fields, "Beta", fields.integer("OutputDim"))


def _power(fields: Fields) -> Dims:
    return fields.integer("OutputDim"), fields.integer("OutputDim")


NNET1 = (
    *(ComponentType(name, (1,), checks=same_width) for name in ("Softmax", "HiddenSoftmax", "Sigmoid", "Tanh")),
    ComponentType("BlockSoftmax", (1,), values=(("BlockDims", "ints"),), checks=_check_blocks),
    ComponentType(
        "ParametricRelu",
        (1,),
        {"AlphaLearnRateCoef": "float", "BetaLearnRateCoef": "float"},
        values=(("Alpha", "vector"), ("Beta", "vector")),
        checks=_check_parametric_relu,
        trained=("Alpha", "Beta"),
    ),
)

_IN_BOTH = ("SigmoidComponent", "TanhComponent", "SoftmaxComponent", "LogSoftmaxComponent", "RectifiedLinearComponent")

NNET2 = (
    *(ComponentType(name, (2,), NNET2_NONLINEAR, ("Dim",)) for name in (*_IN_BOTH, "SoftHingeComponent")),
    ComponentType(
        "PowerComponent",
        (2,),
        {**ints("InputDim", "OutputDim"), "Power": "float"},
        ("OutputDim", "Power"),
        dims=_power,
    ),
)

# Blocks count in training only: Kaldi takes any <BlockDim> when it computes.
NNET3 = tuple(ComponentType(name, (3,), NONLINEAR, ("Dim",)) for name in _IN_BOTH)

TYPES = (*NNET1, *NNET2, *NNET3)
