"""Matrix products: full, repeated for each block of a row, and one matrix for each block."""

from __future__ import annotations

import numpy as np

from ov_asr_score.convert.layers.component_fields import bad_field, integer, matrix, vector
from ov_asr_score.convert.layers.linear_forms import as_affine, as_dense_affine, block_matrices
from ov_asr_score.convert.registry import converts
from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.kaldi_model.network import Component, FloatArray
from ov_asr_score.openvino_api import opset, ov

# Up to this many weights one full product takes less time than several small ones and the copies between them.
_FULL_MATRIX_LIMIT = 1 << 16
# More blocks than this are faster as one batched product, although that moves them to the front and back.
_MOST_PRODUCTS = 16


@converts("AffineComponent", "FixedAffineComponent", generations=(2, 3))
@converts("NaturalGradientAffineComponent", "LinearComponent")
@converts("AffineComponentPreconditioned", "AffineComponentPreconditionedOnline", generation=2)
def convert_affine(component: Component, x: ov.Output) -> ov.Output:
    """W x + b for each frame of ``x`` [B, T, K], [B, T, M].

    Sources: nnet3/nnet-simple-component.cc, nnet2/nnet-component.cc.
    """
    form = as_affine(component)
    if form is None:
        raise UnsupportedModelError(f"component '{component.name}' ({component.type}) is not a matrix")
    return affine(component.name, x, *form)


@converts("RepeatedAffineComponent", "NaturalGradientRepeatedAffineComponent")
def convert_repeated_affine(component: Component, x: ov.Output) -> ov.Output:
    """The same W x + b for each block of K columns, [B, T, repeats * M].

    Source: nnet3/nnet-simple-component.cc (RepeatedAffineComponent).
    """
    weights = matrix(component, "LinearParams")
    bias = vector(component, "BiasParams", len(weights))
    repeats = integer(component, "NumRepeats")
    if repeats < 1:
        raise bad_field(component, "NumRepeats", "a number above 0")
    if repeats == 1:
        return affine(component.name, x, weights, bias)
    name = component.name
    blocks = opset.reshape(x, _ints(0, 0, repeats, weights.shape[1]), special_zero=True, name=f"{name}.blocks")
    product = affine(f"{name}.affine", blocks.output(0), weights, bias)
    return opset.reshape(product, _ints(0, 0, repeats * len(weights)), special_zero=True, name=name).output(0)


@converts("BlockAffineComponent", generations=(2, 3))
@converts("BlockAffineComponentPreconditioned", generation=2)
def convert_block_affine(component: Component, x: ov.Output) -> ov.Output:
    """One W x + b for each block of columns, [B, T, blocks * M].

    Sources: nnet3/nnet-simple-component.cc, nnet2/nnet-component.cc (BlockAffineComponent).
    """
    blocks = block_matrices(component)
    count, rows, columns = blocks.shape
    full = as_dense_affine(component) if count * count * rows * columns <= _FULL_MATRIX_LIMIT or count == 1 else None
    if full is not None:
        return affine(component.name, x, *full)
    name = component.name
    bias = vector(component, "BiasParams", count * rows)
    if count > _MOST_PRODUCTS:
        return _batched_affine(name, x, blocks, bias)
    parts = opset.split(x, opset.constant(np.array(2, np.int64)), count, name=f"{name}.blocks")
    products = [
        affine(f"{name}.{index}", parts.output(index), blocks[index], bias[index * rows : (index + 1) * rows])
        for index in range(count)
    ]
    return opset.concat(products, 2, name=name).output(0)


def _batched_affine(name: str, x: ov.Output, blocks: FloatArray, bias: FloatArray) -> ov.Output:
    """[B, T, N, K] -> [B, N, T, K], times the blocks [1, N, M, K], and back."""
    count, rows, columns = blocks.shape
    split = opset.reshape(x, _ints(0, 0, count, columns), special_zero=True, name=f"{name}.blocks")
    by_block = opset.transpose(split, _ints(0, 2, 1, 3), name=f"{name}.by_block")
    weights = opset.constant(blocks[np.newaxis], name=f"{name}.weights")
    product = opset.matmul(by_block, weights, False, True, name=f"{name}.product")
    addend = opset.constant(bias.reshape(1, count, 1, rows), name=f"{name}.bias")
    total = opset.add(product, addend, name=f"{name}.sum")
    by_frame = opset.transpose(total, _ints(0, 2, 1, 3), name=f"{name}.by_frame")
    return opset.reshape(by_frame, _ints(0, 0, count * rows), special_zero=True, name=name).output(0)


def affine(name: str, x: ov.Output, weights: FloatArray, bias: FloatArray) -> ov.Output:
    """``x`` [..., K] times the transposed ``weights`` [M, K], plus ``bias`` [M], which is left out if it is zero."""
    factors = opset.constant(np.ascontiguousarray(weights), name=f"{name}.weights")
    if not bias.any():
        return opset.matmul(x, factors, False, True, name=name).output(0)
    product = opset.matmul(x, factors, False, True, name=f"{name}.product")
    # The bias has the rank of the product, so that the runtime can make one operation of both.
    rank = len(x.get_partial_shape())
    addend = opset.constant(bias.reshape((1,) * (rank - 1) + (-1,)), name=f"{name}.bias")
    return opset.add(product, addend, name=name).output(0)


def _ints(*values: int) -> ov.Node:
    return opset.constant(np.array(values, np.int64))
