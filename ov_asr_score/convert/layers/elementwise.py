"""Components that scale and shift every column for itself, that multiply, add or reorder columns, and identities."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ov_asr_score.convert.layers.component_fields import bad_field, integer, number
from ov_asr_score.convert.layers.linear_forms import as_dense_affine, as_scale_offset, column_map, group_sizes
from ov_asr_score.convert.registry import converts
from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.kaldi_model.network import Component, FloatArray
from ov_asr_score.openvino_api import opset, ov

# Groups of different sizes are filled up with zeros as long as that makes the row at most this many times wider.
_MOST_FILLING = 4


@converts("FixedScaleComponent", "FixedBiasComponent", generations=(2, 3))
@converts(
    "BackpropTruncationComponent",
    "BatchNormComponent",
    "ClipGradientComponent",
    "DropoutComponent",
    "GeneralDropoutComponent",
    "NaturalGradientPerElementScaleComponent",
    "NoOpComponent",
    "PerElementOffsetComponent",
    "PerElementScaleComponent",
    "ScaleAndOffsetComponent",
    "SpecAugmentTimeMaskComponent",
)
def convert_scale_offset(component: Component, x: ov.Output) -> ov.Output:
    """``x`` [B, T, D] times a scale plus an offset for each column; ``x`` itself where that changes nothing.

    Sources: nnet3/nnet-simple-component.cc, nnet-normalize-component.cc (test mode), nnet-general-component.cc.
    """
    form = as_scale_offset(component)
    if form is None:
        raise UnsupportedModelError(f"component '{component.name}' ({component.type}) is not a scale and offset")
    return scale_offset(component.name, x, *form)


def scale_offset(name: str, x: ov.Output, scale: FloatArray, offset: FloatArray) -> ov.Output:
    """``x`` [B, T, D] times ``scale`` [D] plus ``offset`` [D], without what changes nothing."""
    has_scale, has_offset = bool((scale != 1).any()), bool((offset != 0).any())
    if has_scale:
        factors = opset.constant(_row(scale), name=f"{name}.scale")
        x = opset.multiply(x, factors, name=f"{name}.scaled" if has_offset else name).output(0)
    if has_offset:
        x = opset.add(x, opset.constant(_row(offset), name=f"{name}.offset"), name=name).output(0)
    return x


@converts("ElementwiseProductComponent")
def convert_elementwise_product(component: Component, x: ov.Output) -> ov.Output:
    """The product of the blocks of each frame, [B, T, OutputDim].

    Source: nnet3/nnet-simple-component.cc (ElementwiseProductComponent).
    """
    blocks = _number_of_blocks(component)
    if blocks == 1:
        return x
    parts = opset.split(x, opset.constant(np.array(2, np.int64)), blocks, name=f"{component.name}.blocks")
    product = parts.output(0)
    for index in range(1, blocks):
        name = component.name if index == blocks - 1 else f"{component.name}.product{index}"
        product = opset.multiply(product, parts.output(index), name=name).output(0)
    return product


@converts("SumBlockComponent")
def convert_sum_block(component: Component, x: ov.Output) -> ov.Output:
    """The sum of the blocks of each frame times a scale, [B, T, OutputDim].

    Source: nnet3/nnet-simple-component.cc (SumBlockComponent).
    """
    blocks, name = _number_of_blocks(component), component.name
    scale = np.full(integer(component, "OutputDim"), number(component, "Scale", 1.0), np.float32)
    if blocks == 1:
        return scale_offset(name, x, scale, np.zeros_like(scale))
    shape = opset.constant(np.array([0, 0, blocks, len(scale)], np.int64))
    rows = opset.reshape(x, shape, special_zero=True, name=f"{name}.blocks")
    is_scaled = bool((scale != 1).any())
    total = opset.reduce_sum(
        rows, opset.constant(np.array([2], np.int64)), False, name=f"{name}.sum" if is_scaled else name
    )
    return scale_offset(name, total.output(0), scale, np.zeros_like(scale))


@converts("SumGroupComponent", generations=(2, 3))
def convert_sum_group(component: Component, x: ov.Output) -> ov.Output:
    """The sums of neighbouring columns, group by group, [B, T, groups].

    Sources: nnet3/nnet-simple-component.cc, nnet2/nnet-component.cc (SumGroupComponent).
    """
    sizes, name = group_sizes(component), component.name
    largest, total = max(sizes), sum(sizes)
    if largest == 1:
        return x
    if largest * len(sizes) > _MOST_FILLING * total:
        full = as_dense_affine(component)
        if full is not None:
            weights = opset.constant(full[0], name=f"{name}.weights")
            return opset.matmul(x, weights, False, True, name=name).output(0)
    if largest * len(sizes) > total:
        x = _filled_up(name, x, sizes)
    shape = opset.constant(np.array([0, 0, len(sizes), largest], np.int64))
    groups = opset.reshape(x, shape, special_zero=True, name=f"{name}.groups")
    return opset.reduce_sum(groups, opset.constant(np.array([3], np.int64)), False, name=name).output(0)


@converts("PermuteComponent")
def convert_permute(component: Component, x: ov.Output) -> ov.Output:
    """The columns of ``x`` in another order.

    Source: nnet3/nnet-simple-component.cc (PermuteComponent).
    """
    columns = column_map(component)
    if columns == list(range(len(columns))):
        return x
    return take_columns(component.name, x, columns)


def _filled_up(name: str, x: ov.Output, sizes: list[int]) -> ov.Output:
    """``x`` with zeros after each group, so that all groups are as wide as the widest."""
    total, largest = sum(sizes), max(sizes)
    zero = opset.constant(np.array([0, 0, 0], np.int64))
    one = opset.constant(np.array([0, 0, 1], np.int64))
    padded = opset.pad(x, zero, one, "constant", opset.constant(np.float32(0)), name=f"{name}.padded")
    columns: list[int] = []
    start = 0
    for size in sizes:
        columns += [*range(start, start + size), *[total] * (largest - size)]
        start += size
    return take_columns(f"{name}.filled", padded.output(0), columns)


def take_columns(name: str, x: ov.Output, columns: Sequence[int]) -> ov.Output:
    """Those ``columns`` of ``x`` [B, T, D], in that order; any may come more than once."""
    indices = opset.constant(np.array(columns, np.int64), name=f"{name}.columns")
    taken = opset.gather(x, indices, opset.constant(np.array(2, np.int64)))
    # OpenVINO 2023.3 takes no name here.
    taken.set_friendly_name(name)
    return taken.output(0)


def _number_of_blocks(component: Component) -> int:
    input_dim, output_dim = integer(component, "InputDim"), integer(component, "OutputDim")
    if output_dim < 1 or input_dim < 1 or input_dim % output_dim:
        raise bad_field(component, "OutputDim", f"a divisor of <InputDim> {input_dim}")
    return input_dim // output_dim


def _row(values: FloatArray) -> FloatArray:
    return values.reshape(1, 1, -1)
