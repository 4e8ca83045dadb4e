"""What nnet1 does with patches of the columns of each frame: copies, convolution and pooling."""

from __future__ import annotations

from typing import cast

import numpy as np

from ov_asr_score.convert.layers.affine import affine
from ov_asr_score.convert.layers.component_fields import bad_field, integer, integers, matrix, vector
from ov_asr_score.convert.layers.elementwise import take_columns
from ov_asr_score.convert.registry import converts
from ov_asr_score.kaldi_model.network import Component, FloatArray
from ov_asr_score.openvino_api import opset, ov

_SMALLEST_MAXIMUM = np.float32(-1.0e20)


@converts("Copy", generation=1)
def convert_copy(component: Component, x: ov.Output) -> ov.Output:
    """Columns of ``x`` in another order or several times; the file counts them from 1.

    Source: nnet/nnet-various.h (CopyComponent).
    """
    columns = (integers(component, "CopyFromIndices").astype(np.int64) - 1).tolist()
    if columns == list(range(integer(component, "InputDim"))):
        return x
    return take_columns(component.name, x, columns)


@converts("ConvolutionalComponent", generation=1)
def convert_convolution(component: Component, x: ov.Output) -> ov.Output:
    """The same filters over patches of columns of all spliced frames, filters side by side, patch after patch.

    ``x`` [B, T, frames * stride] gives [B, T, patches * filters]. Source: nnet/nnet-convolutional-component.h.
    """
    name, dim = component.name, integer(component, "InputDim")
    patch, step, stride = (integer(component, field) for field in ("PatchDim", "PatchStep", "PatchStride"))
    if step < 1 or not 1 <= patch <= stride or dim % stride:
        raise bad_field(component, "PatchDim", "patches that fit into a frame")
    filters = matrix(component, "Filters")
    bias = vector(component, "Bias", len(filters))
    first = np.arange(0, stride - patch + 1, step)[:, None, None]
    columns = first + np.arange(0, dim, stride)[None, :, None] + np.arange(patch)[None, None, :]
    patches, width = len(first), columns[0].size
    if filters.shape[1] != width:
        raise bad_field(component, "Filters", f"{width} columns")
    if not np.array_equal(columns.ravel(), np.arange(dim)):
        x = take_columns(f"{name}.gathered", x, columns.ravel().tolist())
    if patches == 1:
        return affine(name, x, filters, bias)
    split = opset.reshape(x, _ints(0, 0, patches, width), special_zero=True, name=f"{name}.patches")
    product = affine(f"{name}.affine", split.output(0), filters, bias)
    return opset.reshape(product, _ints(0, 0, patches * len(filters)), special_zero=True, name=name).output(0)


@converts("AveragePoolingComponent", generation=1)
def convert_average_pooling(component: Component, x: ov.Output) -> ov.Output:
    """The mean of each pool of patches. Source: nnet/nnet-average-pooling-component.h."""
    patches, (size, step, stride, pools) = _patches(component, x)
    name = component.name
    # The frames stand where a picture has its colours, so that nothing has to be moved.
    mean = opset.avg_pool(patches, [step, 1], [0, 0], [0, 0], [size, 1], True, "floor", "explicit", name=f"{name}.mean")
    return opset.reshape(mean, _ints(0, 0, pools * stride), special_zero=True, name=name).output(0)


@converts("MaxPoolingComponent", generation=1)
def convert_max_pooling(component: Component, x: ov.Output) -> ov.Output:
    """The largest values of each pool of patches, none below -1e20. Source: nnet/nnet-max-pooling-component.h."""
    patches, (size, step, stride, pools) = _patches(component, x)
    name = component.name
    largest = opset.max_pool(
        patches, [step, 1], [1, 1], [0, 0], [0, 0], [size, 1], "floor", "explicit", "i64", 0, name=f"{name}.max"
    )
    row = opset.reshape(largest.output(0), _ints(0, 0, pools * stride), special_zero=True, name=f"{name}.row")
    return opset.maximum(row, opset.constant(_SMALLEST_MAXIMUM), name=name).output(0)


def _patches(component: Component, x: ov.Output) -> tuple[ov.Output, tuple[int, int, int, int]]:
    """``x`` [B, T, patches, stride], and size and step of the pools in patches, stride, number of pools."""
    dim = integer(component, "InputDim")
    size, step, stride = (integer(component, field) for field in ("PoolSize", "PoolStep", "PoolStride"))
    if stride < 1 or dim % stride or step < 1 or not 1 <= size <= dim // stride or (dim // stride - size) % step:
        raise bad_field(component, "PoolSize", f"pools of {size} every {step} patches to cover {dim} columns")
    patches, pools = dim // stride, 1 + (dim // stride - size) // step
    split = opset.reshape(x, _ints(0, 0, patches, stride), special_zero=True, name=f"{component.name}.patches")
    return split.output(0), (size, step, stride, pools)


@converts("FramePoolingComponent", generation=1)
def convert_frame_pooling(component: Component, x: ov.Output) -> ov.Output:
    """Weighted sums of spliced frames, one for each pool. Source: nnet/nnet-frame-pooling-component.h."""
    name, dim = component.name, integer(component, "FeatureDim")
    frames = integer(component, "InputDim") // dim
    offsets = integers(component, "FrameOffset").tolist()
    weights = np.zeros((len(offsets), frames), np.float32)
    for row, offset, values in zip(
        weights, offsets, cast("tuple[FloatArray, ...]", component.fields["FrameWeight"]), strict=True
    ):
        row[offset : offset + len(values)] = values
    split = opset.reshape(x, _ints(0, 0, frames, dim), special_zero=True, name=f"{name}.frames")
    factors = opset.constant(weights[np.newaxis, np.newaxis], name=f"{name}.weights")
    sums = opset.matmul(factors, split, False, False, name=f"{name}.sums")
    return opset.reshape(sums, _ints(0, 0, len(offsets) * dim), special_zero=True, name=name).output(0)


def _ints(*values: int) -> ov.Node:
    return opset.constant(np.array(values, np.int64))


@converts("Splice", generation=1)
def convert_splice(component: Component, x: ov.Output) -> ov.Output:
    """The frames of ``x`` [B, T, D] at t + each offset side by side, [B, T, offsets * D].

    Before the first and after the last frame of ``x`` these are repeated, whatever ``x`` was computed from. Source:
    cudamatrix/cu-math.cc (Splice).
    """
    offsets = integers(component, "FrameOffsets")
    if not offsets.any() and len(offsets) == 1:
        return x
    # One Gather: with slices of a padded input, joined by Concat, the same takes 1.2 to 2 times as long.
    name, width = component.name, int(x.get_partial_shape()[2].get_length())
    count = opset.gather(opset.shape_of(x, "i64"), _int(1), _int(0))
    times = opset.range(_int(0), count, _int(1), "i64", name=f"{name}.times")
    wanted = opset.add(opset.unsqueeze(times, _int(1)), opset.constant(offsets.astype(np.int64).reshape(1, -1)))
    nearest = opset.minimum(opset.maximum(wanted, _int(0)), opset.subtract(count, _int(1)), name=f"{name}.nearest")
    frames = opset.gather(x, nearest, _int(1))
    frames.set_friendly_name(f"{name}.frames")
    row = opset.constant(np.array([0, 0, width * len(offsets)], np.int64))
    return opset.reshape(frames, row, special_zero=True, name=name).output(0)


def _int(value: int) -> ov.Node:
    return opset.constant(np.array(value, np.int64))
