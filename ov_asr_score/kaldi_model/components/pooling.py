"""Maxima and averages over patches of columns, over images, and over the frames of a spliced input.

Sources: nnet/nnet-max-pooling-component.h, nnet-average-pooling-component.h, nnet-frame-pooling-component.h;
nnet2/nnet-component.cc; nnet3/nnet-simple-component.cc (``MaxpoolingComponent``).

Tests: tests/kaldi_model/components, tests/golden
"""

from __future__ import annotations

from math import prod
from typing import cast

import numpy as np

from ov_asr_score.kaldi_model.components.component_type import Chain, ComponentType, Dims, Problems, ReadChain
from ov_asr_score.kaldi_model.components.field_checks import at_least, multiple, quotient
from ov_asr_score.kaldi_model.components.fields import Fields, ints
from ov_asr_score.kaldi_model.network import FieldValue, FloatArray
from ov_asr_score.kaldi_model.token_reader import ModelReader

_POOLS = ("PoolSize", "PoolStep", "PoolStride")
_NNET2_POOLS = ("InputDim", "OutputDim", "PoolSize", "PoolStride")
_IMAGE = (
    *("InputXDim", "InputYDim", "InputZDim", "PoolXSize", "PoolYSize", "PoolZSize"),
    *("PoolXStep", "PoolYStep", "PoolZStep"),
)


def pools_of_patches(fields: Fields) -> int:
    """The number of pools (nnet1); none if it is not above 0. Raises ZeroDivisionError."""
    size, step, stride = fields.integers(_POOLS)
    return 1 + quotient(quotient(fields.integer("InputDim"), stride) - size, step)


def pools_of_columns(fields: Fields) -> int:
    """The number of pools (nnet2); none if it is not above 0. Raises ZeroDivisionError."""
    patches = quotient(fields.integer("InputDim"), fields.integer("PoolStride"))
    return quotient(patches, fields.integer("PoolSize"))


def _check_nnet1(fields: Fields) -> Problems:
    """What ``ReadData`` asserts, and that every pool lies in the input, as ``ColRange`` does."""
    columns, rows = fields.widths
    size, step, stride = fields.integers(_POOLS)
    if not step or not stride:
        yield f"expected <PoolStep> and <PoolStride> other than 0, found {step} and {stride}"
    yield from multiple("the input", columns, "<PoolStride>", abs(stride))
    patches = quotient(columns, stride)
    if (patches - size) % step:
        yield f"expected what a pool leaves to be a multiple of <PoolStep>, found {patches - size} and {step}"
    pools = pools_of_patches(fields)
    if rows != pools * stride:
        yield f"expected an output of {pools} pools of {stride} columns, found {rows} columns"
    if pools > 0 and size > 0 and not 0 <= (pools - 1) * step <= patches - size:
        yield f"expected <PoolSize> of 1 to {patches}, found {size}"


def _check_average(fields: Fields) -> Problems:
    yield from _check_nnet1(fields)
    if not fields.integer("PoolSize") and pools_of_patches(fields) > 0:
        # Kaldi divides by the size.
        yield "expected <PoolSize> other than 0, found 0"


def _read_frame_weights(reader: ModelReader, fields: dict[str, FieldValue], read_chain: ReadChain) -> tuple[Chain, ...]:
    """A vector of weights for each pool."""
    reader.expect_token("<FrameWeight>")
    pools = np.size(np.asarray(fields["FrameOffset"]))
    fields["FrameWeight"] = tuple(reader.read_vector() for _ in range(pools))
    return ()


def _check_frame_pooling(fields: Fields) -> Problems:
    """Asserted in ``FramePoolingComponent::ReadData``."""
    columns, rows = fields.widths
    dim, offsets = fields.integer("FeatureDim"), fields.array("FrameOffset")
    yield from multiple("the input", columns, "<FeatureDim>", dim)
    if rows != dim * len(offsets):
        yield f"expected an output of {len(offsets)} pools of {dim} columns, found {rows} columns"
    weights = cast("tuple[FloatArray, ...]", fields.values["FrameWeight"])
    for offset, values in zip(offsets.tolist(), weights, strict=True):
        if offset < 0 or offset + len(values) > columns // dim:
            yield f"expected pools within {columns // dim} frames, found {len(values)} frames from {offset} on"


def _check_nnet2(fields: Fields) -> Problems:
    """All pools must lie in the output: Kaldi asserts no more in ``Read``, and leaves columns behind them zero."""
    rows, size, stride = fields.integers(("OutputDim", "PoolSize", "PoolStride"))
    if not size or not stride:
        yield f"expected <PoolSize> and <PoolStride> other than 0, found {size} and {stride}"
    pools = pools_of_columns(fields)
    if pools > 0 and (stride < 0 or rows < pools * stride):
        yield f"expected <OutputDim> of {abs(pools * stride)} or more, found {rows}"


def _check_image(fields: Fields) -> Problems:
    """Kaldi: ``MaxpoolingComponent::Check`` (nnet3/nnet-combined-component.cc)."""
    for axis in "XYZ":
        yield from at_least(fields, 1, f"Input{axis}Dim", f"Pool{axis}Size", f"Pool{axis}Step")
        size, step = fields.integer(f"Pool{axis}Size"), fields.integer(f"Pool{axis}Step")
        if not step <= size <= fields.integer(f"Input{axis}Dim"):
            yield f"expected <Pool{axis}Step> <= <Pool{axis}Size> <= <Input{axis}Dim>, found others"
        rest = fields.integer(f"Input{axis}Dim") - size
        yield from multiple("what a pool leaves", rest, f"<Pool{axis}Step>", step)


def _image(fields: Fields) -> Dims:
    sizes = [fields.integer(f"Input{axis}Dim") for axis in "XYZ"]
    pools = [
        1 + (size - fields.integer(f"Pool{axis}Size")) // max(fields.integer(f"Pool{axis}Step"), 1)
        for size, axis in zip(sizes, "XYZ", strict=True)
    ]
    return prod(sizes), prod(pools)


TYPES = (
    *(
        ComponentType(name, (1,), ints(*_POOLS), _POOLS, checks=checks)
        for name, checks in (("AveragePoolingComponent", _check_average), ("MaxPoolingComponent", _check_nnet1))
    ),
    ComponentType(
        "FramePoolingComponent",
        (1,),
        {"FeatureDim": "int", "LearnRateCoef": "float", "Normalize": "bool", "FrameOffset": "ints"},
        ("FeatureDim", "Normalize", "FrameOffset"),
        read_rest=_read_frame_weights,
        checks=_check_frame_pooling,
        trained=("FrameWeight",),
    ),
    ComponentType("MaxpoolingComponent", (2,), ints(*_NNET2_POOLS), _NNET2_POOLS, checks=_check_nnet2),
    ComponentType("MaxpoolingComponent", (3,), ints(*_IMAGE), _IMAGE, checks=_check_image, dims=_image),
)
