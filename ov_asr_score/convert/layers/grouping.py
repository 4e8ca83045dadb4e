"""Groups of the columns of a frame: norms, maxima and sums of each, and columns in another order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.convert.layers.elementwise import number_of_blocks, scale_offset
from ov_asr_score.convert.layers.layer import Layer
from ov_asr_score.convert.tensors.columns import take_columns
from ov_asr_score.convert.tensors.constants import float_scalar, int_vector
from ov_asr_score.kaldi_model.component_fields import bad_field, integer, integers, number
from ov_asr_score.kaldi_model.network import Component
from ov_asr_score.openvino_api import opset, ov

# Groups of different sizes are filled up with zeros as long as that makes the row at most this many times wider.
_MOST_FILLING = 4


def convert_pnorm(component: Component, x: ov.Output) -> ov.Output:
    """The p-norm of each group of neighbouring columns, [B, T, OutputDim]; p is 2 but for nnet2.

    Raises ModelFormatError. Sources: matrix/kaldi-vector.cc (Norm), nnet3/nnet-simple-component.cc,
    nnet2/nnet-component.cc (PnormComponent).
    """
    name, p = component.name, number(component, "P", 2.0)
    input_dim, output_dim = integer(component, "InputDim"), integer(component, "OutputDim")
    if output_dim < 1 or input_dim % output_dim:
        raise bad_field(component, "OutputDim", f"a divisor of <InputDim> {input_dim}")
    if not p >= 0:
        raise bad_field(component, "P", "0 or more")
    shape = int_vector(0, 0, output_dim, input_dim // output_dim)
    groups = opset.reshape(x, shape, special_zero=True, name=f"{name}.groups")
    axis = int_vector(3)
    if p == 2:
        return opset.reduce_l2(groups, axis, False, name=name).output(0)
    if p == 1:
        return opset.reduce_l1(groups, axis, False, name=name).output(0)
    if p == 0:
        is_set = opset.not_equal(groups, float_scalar(0), name=f"{name}.nonzero")
        return opset.reduce_sum(opset.convert(is_set, "f32"), axis, False, name=name).output(0)
    sizes = opset.absolute(groups, name=f"{name}.sizes")
    largest = opset.reduce_max(sizes, axis, np.isfinite(p), name=f"{name}.largest" if np.isfinite(p) else name)
    if np.isinf(p):
        return largest.output(0)
    # Relative to the largest value, powers neither overflow nor vanish.
    unit = opset.maximum(largest, float_scalar(np.finfo(np.float32).tiny), name=f"{name}.unit")
    powers = opset.power(opset.divide(sizes, unit, name=f"{name}.relative"), float_scalar(p))
    total = opset.power(opset.reduce_sum(powers, axis, True, name=f"{name}.sum"), float_scalar(1.0 / p))
    return opset.squeeze(opset.multiply(total, unit), axis, name=name).output(0)


def convert_maxout(component: Component, x: ov.Output) -> ov.Output:
    """The largest of each group of neighbouring columns, [B, T, OutputDim]. Source: nnet2/nnet-component.cc."""
    groups = integer(component, "OutputDim")
    size = integer(component, "InputDim") // groups
    split = opset.reshape(x, int_vector(0, 0, groups, size), special_zero=True)
    return opset.reduce_max(split, int_vector(3), False, name=component.name).output(0)


def convert_sum_group(component: Component, x: ov.Output) -> ov.Output:
    """The sums of neighbouring columns, group by group, [B, T, groups].

    Raises ModelFormatError. Sources: nnet3/nnet-simple-component.cc, nnet2/nnet-component.cc (SumGroupComponent).
    """
    sizes, name = [int(size) for size in integers(component, "Sizes")], component.name
    if not sizes or min(sizes) < 1:
        raise bad_field(component, "Sizes", "numbers above 0")
    largest, total = max(sizes), sum(sizes)
    if largest == 1:
        return x
    if largest * len(sizes) > _MOST_FILLING * total:
        ones = np.repeat(np.eye(len(sizes), dtype=np.float32), sizes, axis=1)
        return opset.matmul(x, opset.constant(ones, name=f"{name}.weights"), False, True, name=name).output(0)
    if largest * len(sizes) > total:
        x = _filled_up(name, x, sizes)
    shape = int_vector(0, 0, len(sizes), largest)
    groups = opset.reshape(x, shape, special_zero=True, name=f"{name}.groups")
    return opset.reduce_sum(groups, int_vector(3), False, name=name).output(0)


def _filled_up(name: str, x: ov.Output, sizes: Sequence[int]) -> ov.Output:
    """``x`` with zeros after each group, so that all groups are as wide as the widest."""
    total, largest = sum(sizes), max(sizes)
    zero, one = int_vector(0, 0, 0), int_vector(0, 0, 1)
    padded = opset.pad(x, zero, one, "constant", float_scalar(0), name=f"{name}.padded")
    columns: list[int] = []
    start = 0
    for size in sizes:
        columns += [*range(start, start + size), *[total] * (largest - size)]
        start += size
    return take_columns(f"{name}.filled", padded.output(0), columns)


def convert_sum_block(component: Component, x: ov.Output) -> ov.Output:
    """The sum of the blocks of each frame times a scale, [B, T, OutputDim]; or the frame again and again.

    Raises ModelFormatError. Source: nnet3/nnet-simple-component.cc (SumBlockComponent), cudamatrix/cu-matrix.cc
    (AddMatBlocks).
    """
    name, input_dim, output_dim = component.name, integer(component, "InputDim"), integer(component, "OutputDim")
    scale = np.full(output_dim, number(component, "Scale", 1.0), np.float32)
    if output_dim > input_dim > 0 and output_dim % input_dim == 0:
        again = opset.concat([x] * (output_dim // input_dim), 2, name=f"{name}.again" if (scale != 1).any() else name)
        return scale_offset(name, again.output(0), scale, np.zeros_like(scale))
    blocks = number_of_blocks(component)
    if blocks == 1:
        return scale_offset(name, x, scale, np.zeros_like(scale))
    shape = int_vector(0, 0, blocks, len(scale))
    rows = opset.reshape(x, shape, special_zero=True, name=f"{name}.blocks")
    is_scaled = bool((scale != 1).any())
    total = opset.reduce_sum(rows, int_vector(2), False, name=f"{name}.sum" if is_scaled else name)
    return scale_offset(name, total.output(0), scale, np.zeros_like(scale))


def convert_permute(component: Component, x: ov.Output) -> ov.Output:
    """The columns of ``x`` in another order.

    Raises ModelFormatError. Source: nnet3/nnet-simple-component.cc (PermuteComponent).
    """
    columns = integers(component, "ColumnMap")
    if not np.array_equal(np.sort(columns), np.arange(len(columns))):
        raise bad_field(component, "ColumnMap", "every column once")
    if np.array_equal(columns, np.arange(len(columns))):
        return x
    return take_columns(component.name, x, columns.tolist())


def convert_reorder(component: Component, x: ov.Output) -> ov.Output:
    """Column i goes to column ``Reorder[i]``; where none goes, there is column 0, and the last of several holds.

    Source: nnet2/nnet-component.cc (PermuteComponent).
    """
    order = integers(component, "Reorder").tolist()
    columns = [0] * len(order)
    for column, place in enumerate(order):
        columns[place] = column
    return take_columns(component.name, x, columns)


def convert_copy(component: Component, x: ov.Output) -> ov.Output:
    """Columns of ``x`` in another order or several times. Source: nnet/nnet-various.h (CopyComponent)."""
    columns = _copied_columns(component).tolist()
    if columns == list(range(integer(component, "InputDim"))):
        return x
    return take_columns(component.name, x, columns)


def _copied_columns(component: Component) -> NDArray[np.int64]:
    """The input column of each output column, from 0 on; the file counts from 1."""
    return integers(component, "CopyFromIndices").astype(np.int64) - 1


LAYERS = (
    Layer(name="PnormComponent", generations=(2, 3), over_frames=convert_pnorm),
    Layer(name="MaxoutComponent", generations=(2,), over_frames=convert_maxout),
    Layer(name="SumGroupComponent", generations=(2, 3), over_frames=convert_sum_group),
    Layer(name="SumBlockComponent", over_frames=convert_sum_block),
    Layer(name="PermuteComponent", over_frames=convert_permute),
    Layer(name="PermuteComponent", generations=(2,), over_frames=convert_reorder),
    Layer(name="Copy", generations=(1,), over_frames=convert_copy, taken_columns=_copied_columns),
)
