"""The largest value or the mean of pools of columns, and weighted sums of spliced frames."""

from __future__ import annotations

from typing import cast

import numpy as np

from ov_asr_score.convert.layers.layer import Layer
from ov_asr_score.convert.tensors.constants import constant_frames, float_scalar, int_scalar, int_vector
from ov_asr_score.kaldi_model.component_fields import bad_field, integer, integers
from ov_asr_score.kaldi_model.components.fields import Fields
from ov_asr_score.kaldi_model.components.pooling import pools_of_columns, pools_of_patches
from ov_asr_score.kaldi_model.network import Component, FloatArray
from ov_asr_score.openvino_api import opset, ov

_SMALLEST_MAXIMUM = -1.0e20


def convert_box_maxpooling(component: Component, x: ov.Output) -> ov.Output:
    """Maxima over blocks of the columns seen as a box (x, y, z; z changes fastest), none below -1e20.

    ``x`` [B, T, X * Y * Z] gives [B, T, pools]. Raises ModelFormatError. Source: nnet3/nnet-combined-component.cc
    (MaxpoolingComponent).
    """
    name = component.name
    sizes, pools, steps = (
        [integer(component, field.format(axis)) for axis in "XYZ"]
        for field in ("Input{}Dim", "Pool{}Size", "Pool{}Step")
    )
    counts = []
    for axis, size, pool, step in zip("XYZ", sizes, pools, steps, strict=True):
        if step < 1 or not 1 <= pool <= size or (size - pool) % step:
            raise bad_field(component, f"Pool{axis}Size", f"blocks of {pool} every {step} columns to cover {size}")
        counts.append(1 + (size - pool) // step)
    # The frames stand where a picture has its colours, so that nothing has to be moved.
    box = opset.reshape(x, int_vector(0, 0, *sizes), special_zero=True, name=f"{name}.box")
    largest = opset.max_pool(
        box, steps, [1, 1, 1], [0, 0, 0], [0, 0, 0], pools, "floor", "explicit", "i64", 0, name=f"{name}.max"
    )
    width = int_vector(0, 0, int(np.prod(counts)))
    row = opset.reshape(largest.output(0), width, special_zero=True, name=f"{name}.row")
    return opset.maximum(row, float_scalar(_SMALLEST_MAXIMUM), name=name).output(0)


def convert_maxpooling(component: Component, x: ov.Output) -> ov.Output:
    """The largest of ``PoolSize`` patches of ``PoolStride`` columns that follow each other.

    ``x`` [B, T, D] gives [B, T, OutputDim], in which columns behind those of the pools are zero. Source:
    nnet2/nnet-component.cc (MaxpoolingComponent).
    """
    size, stride = integer(component, "PoolSize"), integer(component, "PoolStride")
    pools, width = pools_of_columns(Fields(component)), integer(component, "OutputDim")
    if pools < 1:
        return constant_frames(component.name, x, np.zeros(width, np.float32))
    bounds = int_vector(0), int_vector(pools * size * stride), int_vector(1)
    used = opset.slice(x, *bounds, int_vector(2))
    split = opset.reshape(used, int_vector(0, 0, pools, size * stride), special_zero=True)
    # Not a ReduceMax, of which the CPU plugin of 2023.3 makes a pooling of other columns.
    largest = float_scalar(_SMALLEST_MAXIMUM)
    for patch in opset.split(split, int_scalar(3), size).outputs():
        largest = opset.maximum(largest, patch)
    name = component.name if pools * stride == width else f"{component.name}.pools"
    row = opset.reshape(largest, int_vector(0, 0, pools * stride), special_zero=True, name=name)
    if pools * stride == width:
        return row.output(0)
    zero = float_scalar(0)
    behind = int_vector(0, 0, width - pools * stride)
    return opset.pad(row, int_vector(0, 0, 0), behind, "constant", zero, name=component.name).output(0)


def convert_patch_average_pooling(component: Component, x: ov.Output) -> ov.Output:
    """The mean of each pool of patches, [B, T, pools * PoolStride].

    Raises ModelFormatError. Source: nnet/nnet-average-pooling-component.h.
    """
    if (nothing := _nothing_pooled(component, x, 0)) is not None:
        return nothing
    patches, (size, step, stride, pools) = _patches(component, x)
    name = component.name
    # The frames stand where a picture has its colours, so that nothing has to be moved.
    mean = opset.avg_pool(patches, [step, 1], [0, 0], [0, 0], [size, 1], True, "floor", "explicit", name=f"{name}.mean")
    return opset.reshape(mean, int_vector(0, 0, pools * stride), special_zero=True, name=name).output(0)


def convert_patch_maxpooling(component: Component, x: ov.Output) -> ov.Output:
    """The largest values of each pool of patches, none below -1e20, [B, T, pools * PoolStride].

    Raises ModelFormatError. Source: nnet/nnet-max-pooling-component.h.
    """
    if (nothing := _nothing_pooled(component, x, _SMALLEST_MAXIMUM)) is not None:
        return nothing
    patches, (size, step, stride, pools) = _patches(component, x)
    name = component.name
    largest = opset.max_pool(
        patches, [step, 1], [1, 1], [0, 0], [0, 0], [size, 1], "floor", "explicit", "i64", 0, name=f"{name}.max"
    )
    row = opset.reshape(largest.output(0), int_vector(0, 0, pools * stride), special_zero=True, name=f"{name}.row")
    return opset.maximum(row, float_scalar(_SMALLEST_MAXIMUM), name=name).output(0)


def _nothing_pooled(component: Component, x: ov.Output, of_none: float) -> ov.Output | None:
    """What Kaldi leaves where there are no pools, or where nothing is in them; None if something is."""
    pools, width = pools_of_patches(Fields(component)), integer(component, "OutputDim")
    if pools > 0 and integer(component, "PoolSize") > 0:
        return None
    return constant_frames(component.name, x, np.full(width, of_none if pools > 0 else 0, np.float32))


def _patches(component: Component, x: ov.Output) -> tuple[ov.Output, tuple[int, int, int, int]]:
    """``x`` [B, T, patches, stride], and size and step of the pools in patches, stride, number of pools.

    Raises ModelFormatError for what ``ReadData`` asserts, as networks do not always come from a checked file.
    """
    dim = integer(component, "InputDim")
    size, step, stride = (integer(component, field) for field in ("PoolSize", "PoolStep", "PoolStride"))
    if size * stride == dim and step:
        step = 1
    if stride < 1 or dim % stride or step < 1 or not 1 <= size <= dim // stride or (dim // stride - size) % step:
        raise bad_field(component, "PoolSize", f"pools of {size} every {step} patches to cover {dim} columns")
    patches, pools = dim // stride, 1 + (dim // stride - size) // step
    split = opset.reshape(x, int_vector(0, 0, patches, stride), special_zero=True, name=f"{component.name}.patches")
    return split.output(0), (size, step, stride, pools)


def convert_frame_pooling(component: Component, x: ov.Output) -> ov.Output:
    """Weighted sums of spliced frames, one for each pool, [B, T, pools * FeatureDim].

    Source: nnet/nnet-frame-pooling-component.h.
    """
    name, dim = component.name, integer(component, "FeatureDim")
    frames = integer(component, "InputDim") // dim
    offsets = integers(component, "FrameOffset").tolist()
    weights = np.zeros((len(offsets), frames), np.float32)
    for row, offset, values in zip(
        weights, offsets, cast("tuple[FloatArray, ...]", component.fields["FrameWeight"]), strict=True
    ):
        row[offset : offset + len(values)] = values
    split = opset.reshape(x, int_vector(0, 0, frames, dim), special_zero=True, name=f"{name}.frames")
    factors = opset.constant(weights[np.newaxis, np.newaxis], name=f"{name}.weights")
    sums = opset.matmul(factors, split, False, False, name=f"{name}.sums")
    return opset.reshape(sums, int_vector(0, 0, len(offsets) * dim), special_zero=True, name=name).output(0)


LAYERS = (
    Layer(name="MaxpoolingComponent", over_frames=convert_box_maxpooling),
    Layer(name="MaxpoolingComponent", generations=(2,), over_frames=convert_maxpooling),
    Layer(name="AveragePoolingComponent", generations=(1,), over_frames=convert_patch_average_pooling),
    Layer(name="MaxPoolingComponent", generations=(1,), over_frames=convert_patch_maxpooling),
    Layer(name="FramePoolingComponent", generations=(1,), over_frames=convert_frame_pooling),
)
