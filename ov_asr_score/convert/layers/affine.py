"""Matrix products: full, repeated for each block of a row, one matrix for each block, and cosine transforms."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.convert.layers.layer import AffineForm, Exact, Layer
from ov_asr_score.convert.tensors.constants import int_scalar, int_vector
from ov_asr_score.kaldi_model.component_fields import bad_field, flag, integer, matrix, vector
from ov_asr_score.kaldi_model.network import Component, FloatArray, Generation
from ov_asr_score.openvino_api import opset, ov

# Up to this many weights one full product takes less time than several small ones and the copies between them.
_FULL_MATRIX_LIMIT = 1 << 16
# More blocks than this are faster as one batched product, although that moves them to the front and back.
_MOST_PRODUCTS = 16


def affine_component(name: str, weights: FloatArray | Exact, bias: FloatArray | Exact, byte: int = 0) -> Component:
    """A component of nnet3 and nnet2 that gives W x + b, for ``weights`` [M, K] and ``bias`` [M]."""
    fields = {"LinearParams": np.asarray(weights, np.float32), "BiasParams": np.asarray(bias, np.float32)}
    return Component(name, "AffineComponent", fields, byte)


def linear_component(name: str, weights: FloatArray, byte: int = 0) -> Component:
    """A component of nnet3 that gives W x, for ``weights`` [M, K]."""
    return Component(name, "LinearComponent", {"Params": np.asarray(weights, np.float32)}, byte)


def affine_transform(name: str, weights: Exact, bias: Exact) -> Component:
    """A component of nnet1 that gives W x + b, for ``weights`` [M, K] and ``bias`` [M]."""
    rows, columns = weights.shape
    arrays = {"Linearity": np.ascontiguousarray(weights, np.float32), "Bias": bias.astype(np.float32)}
    return Component(name, "AffineTransform", {"InputDim": columns, "OutputDim": rows, **arrays}, 0)


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


def convert_fixed_linear(component: Component, x: ov.Output) -> ov.Output:
    """W x for each frame of ``x`` [B, T, K], [B, T, M]. Source: nnet2/nnet-component.cc (FixedLinearComponent)."""
    return _product(component, x, matrix(component, "CuMatrix"))


def convert_repeated_affine(component: Component, x: ov.Output) -> ov.Output:
    """The same W x + b for each block of K columns, [B, T, repeats * M].

    Raises ModelFormatError. Source: nnet3/nnet-simple-component.cc (RepeatedAffineComponent).
    """
    weights = matrix(component, "LinearParams")
    bias = vector(component, "BiasParams", len(weights))
    repeats = integer(component, "NumRepeats")
    if repeats < 1:
        raise bad_field(component, "NumRepeats", "a number above 0")
    if repeats == 1:
        return affine(component.name, x, weights, bias)
    name = component.name
    blocks = opset.reshape(x, int_vector(0, 0, repeats, weights.shape[1]), special_zero=True, name=f"{name}.blocks")
    product = affine(f"{name}.affine", blocks.output(0), weights, bias)
    return opset.reshape(product, int_vector(0, 0, repeats * len(weights)), special_zero=True, name=name).output(0)


def convert_block_affine(component: Component, x: ov.Output) -> ov.Output:
    """One W x + b for each block of columns, [B, T, blocks * M].

    Raises ModelFormatError. Sources: nnet3/nnet-simple-component.cc, nnet2/nnet-component.cc (BlockAffineComponent).
    """
    blocks = _block_matrices(component)
    count, rows, columns = blocks.shape
    name, bias = component.name, vector(component, "BiasParams", count * rows)
    if count * count * rows * columns <= _FULL_MATRIX_LIMIT or count == 1:
        return affine(name, x, _block_diagonal(blocks), bias)
    if count > _MOST_PRODUCTS:
        return _batched_affine(name, x, blocks, bias)
    parts = opset.split(x, int_scalar(2), count, name=f"{name}.blocks")
    products = [
        affine(f"{name}.{index}", parts.output(index), blocks[index], bias[index * rows : (index + 1) * rows])
        for index in range(count)
    ]
    return opset.concat(products, 2, name=name).output(0)


def _block_matrices(component: Component) -> FloatArray:
    """The blocks [N, M, K], which stand one below the other in the file (``BlockAffineComponent::Propagate``)."""
    weights, blocks = matrix(component, "LinearParams"), integer(component, "NumBlocks")
    if blocks < 1 or len(weights) % blocks:
        raise bad_field(component, "NumBlocks", f"a divisor of the {len(weights)} rows of <LinearParams>")
    return weights.reshape(blocks, len(weights) // blocks, weights.shape[1])


def _block_diagonal(blocks: FloatArray) -> FloatArray:
    """Blocks [N, M, K] along the diagonal of one matrix [N M, N K]."""
    count, rows, columns = blocks.shape
    full = np.zeros((count, rows, count, columns), np.float32)
    full[np.arange(count), :, np.arange(count), :] = blocks
    return full.reshape(count * rows, count * columns)


def _batched_affine(name: str, x: ov.Output, blocks: FloatArray, bias: FloatArray) -> ov.Output:
    """[B, T, N, K] -> [B, N, T, K], times the blocks [1, N, M, K], and back."""
    count, rows, columns = blocks.shape
    split = opset.reshape(x, int_vector(0, 0, count, columns), special_zero=True, name=f"{name}.blocks")
    by_block = opset.transpose(split, int_vector(0, 2, 1, 3), name=f"{name}.by_block")
    weights = opset.constant(blocks[np.newaxis], name=f"{name}.weights")
    product = opset.matmul(by_block, weights, False, True, name=f"{name}.product")
    addend = opset.constant(bias.reshape(1, count, 1, rows), name=f"{name}.bias")
    total = opset.add(product, addend, name=f"{name}.sum")
    by_frame = opset.transpose(total, int_vector(0, 2, 1, 3), name=f"{name}.by_frame")
    return opset.reshape(by_frame, int_vector(0, 0, count * rows), special_zero=True, name=name).output(0)


def convert_dct(component: Component, x: ov.Output) -> ov.Output:
    """Cosine transforms of blocks of columns, as one matrix product; with ``Reorder`` the blocks are interlaced.

    Source: nnet2/nnet-component.cc (DctComponent).
    """
    dim, block = integer(component, "Dim"), integer(component, "DctDim")
    kept = max(integer(component, "DctKeepDim", default=0), 0) or block
    count = dim // block
    transform = np.zeros((count, kept, count, block), np.float64)
    transform[np.arange(count), :, np.arange(count), :] = _dct_matrix(kept, block)
    weights: NDArray[np.float64] = transform.reshape(count * kept, dim)
    if flag(component, "Reorder"):
        weights = _regrouped(count * kept, kept, count) @ weights @ _regrouped(dim, count, kept)
    return _product(component, x, weights.astype(np.float32))


def _dct_matrix(rows: int, columns: int) -> FloatArray:
    """The first ``rows`` rows of the type-II cosine transform, orthonormal (matrix/matrix-functions.cc)."""
    order, place = np.arange(rows)[:, None], np.arange(columns)[None, :] + 0.5
    transform = np.sqrt(2.0 / columns) * np.cos(np.pi / columns * place * order)
    transform[0] = np.sqrt(1.0 / columns)
    return np.asarray(transform, np.float32)


def _regrouped(size: int, length: int, count: int) -> FloatArray:
    """The matrix that brings together what ``count`` blocks of ``length`` columns have in the same places.

    Column j of block b goes to j * count + b; what lies behind the blocks is lost. That happens to the input where not
    all coefficients are kept, as Kaldi takes the number of those for the number of blocks (``DctComponent::Reorder``).
    """
    matrix = np.zeros((size, size), np.float32)
    places = np.arange(count * length)
    matrix[places, places.reshape(count, length).T.ravel()] = 1
    return matrix


def _product(component: Component, x: ov.Output, weights: FloatArray) -> ov.Output:
    return opset.matmul(x, opset.constant(np.ascontiguousarray(weights)), False, True, name=component.name).output(0)


def _matrix_form(weights_field: str, bias_field: str = "") -> Callable[[Component], AffineForm]:
    def form(component: Component) -> AffineForm:
        weights = matrix(component, weights_field)
        bias = vector(component, bias_field, len(weights)) if bias_field else np.zeros(len(weights), np.float32)
        return weights, bias

    return form


def _full(name: str, generations: tuple[Generation, ...], weights_field: str, bias_field: str = "") -> Layer:
    """A type that is W x + b for each frame [B, T, K], [B, T, M]; b is 0 if it has no field.

    Sources: nnet3/nnet-simple-component.cc, nnet2/nnet-component.cc, nnet/nnet-affine-transform.h,
    nnet/nnet-linear-transform.h.
    """
    form = _matrix_form(weights_field, bias_field)

    def convert_affine(component: Component, x: ov.Output) -> ov.Output:
        return affine(component.name, x, *form(component))

    return Layer(name=name, generations=generations, over_frames=convert_affine, matrix=form)


LAYERS = (
    _full("AffineComponent", (2, 3), "LinearParams", "BiasParams"),
    _full("FixedAffineComponent", (2, 3), "LinearParams", "BiasParams"),
    _full("NaturalGradientAffineComponent", (3,), "LinearParams", "BiasParams"),
    _full("AffineComponentPreconditioned", (2,), "LinearParams", "BiasParams"),
    _full("AffineComponentPreconditionedOnline", (2,), "LinearParams", "BiasParams"),
    _full("LinearComponent", (3,), "Params"),
    _full("AffineTransform", (1,), "Linearity", "Bias"),
    _full("LinearTransform", (1,), "Linearity"),
    Layer(
        name="FixedLinearComponent",
        generations=(2,),
        over_frames=convert_fixed_linear,
        matrix=_matrix_form("CuMatrix"),
    ),
    Layer(name="RepeatedAffineComponent", over_frames=convert_repeated_affine),
    Layer(name="NaturalGradientRepeatedAffineComponent", over_frames=convert_repeated_affine),
    Layer(name="BlockAffineComponent", generations=(2, 3), over_frames=convert_block_affine),
    Layer(name="BlockAffineComponentPreconditioned", generations=(2,), over_frames=convert_block_affine),
    Layer(name="DctComponent", generations=(2,), over_frames=convert_dct),
)
