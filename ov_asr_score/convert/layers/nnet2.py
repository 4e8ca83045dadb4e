"""Components of nnet2 that nnet3 does not have, or defines in another way. Source: nnet2/nnet-component.cc."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.convert.layers.component_fields import flag, integer, integers, matrix, number, vector
from ov_asr_score.convert.layers.elementwise import take_columns
from ov_asr_score.convert.registry import converts
from ov_asr_score.kaldi_model.network import Component, FloatArray
from ov_asr_score.openvino_api import opset, ov

_FLOOR = np.float32(1.0e-20)


@converts("LogSoftmaxComponent", generation=2)
def convert_log_softmax(component: Component, x: ov.Output) -> ov.Output:
    """Log-softmax of each row, not below log(1e-20)."""
    floor = opset.constant(np.float32(np.log(np.float64(_FLOOR))))
    return opset.maximum(opset.log_softmax(x, 2), floor, name=component.name).output(0)


@converts("SoftHingeComponent", generation=2)
def convert_soft_hinge(component: Component, x: ov.Output) -> ov.Output:
    """log(1 + exp(x))."""
    return opset.softplus(x, name=component.name).output(0)


@converts("PowerComponent", generation=2)
def convert_power(component: Component, x: ov.Output) -> ov.Output:
    """|x| to a power."""
    power = opset.constant(np.float32(number(component, "Power")))
    return opset.power(opset.abs(x), power, name=component.name).output(0)


@converts("MaxoutComponent", generation=2)
def convert_maxout(component: Component, x: ov.Output) -> ov.Output:
    """The largest of each group of columns that follow each other."""
    groups = integer(component, "OutputDim")
    split = opset.reshape(x, _ints([0, 0, groups, integer(component, "InputDim") // groups]), special_zero=True)
    return opset.reduce_max(split, _ints([3]), False, name=component.name).output(0)


@converts("ScaleComponent", generation=2)
def convert_scale(component: Component, x: ov.Output) -> ov.Output:
    """x times a number."""
    return opset.multiply(x, opset.constant(np.float32(number(component, "Scale"))), name=component.name).output(0)


@converts("DropoutComponent", "AdditiveNoiseComponent", generation=2)
def convert_training_noise(component: Component, x: ov.Output) -> ov.Output:
    """x itself, as if ``nnet-am-copy --remove-dropout`` had taken the component out of the model."""
    return x


@converts("PermuteComponent", generation=2)
def convert_permute(component: Component, x: ov.Output) -> ov.Output:
    """Column i goes to column ``Reorder[i]``."""
    columns = np.argsort(integers(component, "Reorder"), kind="stable")
    return take_columns(component.name, x, columns.tolist())


@converts("FixedLinearComponent", generation=2)
def convert_fixed_linear(component: Component, x: ov.Output) -> ov.Output:
    """A matrix product without a bias."""
    return _product(component, x, matrix(component, "CuMatrix"))


@converts("DctComponent", generation=2)
def convert_dct(component: Component, x: ov.Output) -> ov.Output:
    """Cosine transforms of blocks of columns, as one matrix product; with ``Reorder`` the blocks are interlaced."""
    dim, block = integer(component, "Dim"), integer(component, "DctDim")
    kept = integer(component, "DctKeepDim", default=0) or block
    count = dim // block
    transform = np.zeros((count, kept, count, block), np.float64)
    transform[np.arange(count), :, np.arange(count), :] = _dct_matrix(kept, block)
    weights: NDArray[np.float64] = transform.reshape(count * kept, dim)
    if flag(component, "Reorder"):
        weights = _regrouped(count * kept, kept, count) @ weights @ _regrouped(dim, count, kept)
    return _product(component, x, weights.astype(np.float32))


@converts("Convolutional1dComponent", generation=2)
def convert_convolution(component: Component, x: ov.Output) -> ov.Output:
    """One set of filters over patches of the columns of each spliced frame, as one matrix product."""
    filters = matrix(component, "FilterParams")
    patch, step, stride = (integer(component, name) for name in ("PatchDim", "PatchStep", "PatchStride"))
    splices, patches = integer(component, "InputDim") // stride, 1 + (stride - patch) // step
    at_patch = np.arange(patches)[:, None, None] * step
    at_splice, within = np.arange(splices)[None, :, None], np.arange(patch)[None, None, :]
    if flag(component, "AppendedConv"):
        columns = (at_patch + within) * splices + at_splice
    else:
        columns = at_patch + at_splice * stride + within
    taken = opset.gather(x, _ints(columns.ravel()), _ints(2))
    split = opset.reshape(taken, _ints([0, 0, patches, filters.shape[1]]), special_zero=True)
    product = opset.matmul(split, opset.constant(filters), False, True)
    biased = opset.add(product, opset.constant(vector(component, "BiasParams", len(filters)).reshape(1, 1, 1, -1)))
    return opset.reshape(biased, _ints([0, 0, patches * len(filters)]), special_zero=True, name=component.name).output(
        0
    )


@converts("MaxpoolingComponent", generation=2)
def convert_maxpooling(component: Component, x: ov.Output) -> ov.Output:
    """The largest of ``PoolSize`` patches of ``PoolStride`` columns that follow each other."""
    size, stride = integer(component, "PoolSize"), integer(component, "PoolStride")
    pools = integer(component, "InputDim") // stride // size
    used = opset.slice(x, _ints([0]), _ints([pools * size * stride]), _ints([1]), _ints([2]))
    split = opset.reshape(used, _ints([0, 0, pools, size * stride]), special_zero=True)
    # Not a ReduceMax, of which the CPU plugin of 2023.3 makes a pooling of other columns.
    largest = opset.constant(np.float32(-1e20))
    for patch in opset.split(split, opset.constant(np.array(3, np.int64)), size).outputs():
        largest = opset.maximum(largest, patch)
    return opset.reshape(largest, _ints([0, 0, pools * stride]), special_zero=True, name=component.name).output(0)


@converts("SpliceMaxComponent", generation=2)
def convert_splice_max(component: Component, x: ov.Output) -> ov.Output:
    """The largest of frames that stand side by side."""
    frames, dim = len(integers(component, "Context")), integer(component, "Dim")
    split = opset.reshape(x, _ints([0, 0, frames, dim]), special_zero=True)
    return opset.reduce_max(split, _ints([2]), False, name=component.name).output(0)


def _regrouped(size: int, length: int, count: int) -> FloatArray:
    """The matrix that brings together what ``count`` blocks of ``length`` columns have in the same places.

    Column j of block b goes to j * count + b; what lies behind the blocks is lost. That happens to the input where not
    all coefficients are kept, as Kaldi takes the number of those for the number of blocks (``DctComponent::Reorder``).
    """
    matrix = np.zeros((size, size), np.float32)
    places = np.arange(count * length)
    matrix[places, places.reshape(count, length).T.ravel()] = 1
    return matrix


def _dct_matrix(rows: int, columns: int) -> FloatArray:
    """The first ``rows`` rows of the type-II cosine transform, orthonormal (matrix/matrix-functions.cc)."""
    order, place = np.arange(rows)[:, None], np.arange(columns)[None, :] + 0.5
    transform = np.sqrt(2.0 / columns) * np.cos(np.pi / columns * place * order)
    transform[0] = np.sqrt(1.0 / columns)
    return np.asarray(transform, np.float32)


def _product(component: Component, x: ov.Output, weights: FloatArray) -> ov.Output:
    return opset.matmul(x, opset.constant(np.ascontiguousarray(weights)), False, True, name=component.name).output(0)


def _ints(values: object) -> ov.Node:
    return opset.constant(np.array(values, np.int64))
