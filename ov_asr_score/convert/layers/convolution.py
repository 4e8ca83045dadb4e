"""Convolution over the columns of each frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.convert.layers.affine import affine
from ov_asr_score.convert.layers.component_fields import bad_field, integer, matrix, vector
from ov_asr_score.convert.layers.elementwise import take_columns
from ov_asr_score.convert.registry import converts
from ov_asr_score.kaldi_model.network import Component
from ov_asr_score.openvino_api import opset, ov

# Orders of the columns: the first letter changes fastest (ConvolutionComponent::TensorVectorizationType).
_YZX, _ZYX = 0, 1


@converts("ConvolutionComponent")
def convert_convolution(component: Component, x: ov.Output) -> ov.Output:
    """All filters at all places of each frame, [B, T, x places * y places * filters], filters side by side.

    Source: nnet3/nnet-combined-component.cc (ConvolutionComponent).
    """
    name = component.name
    columns = patch_columns(component)
    filters = matrix(component, "FilterParams")
    bias = vector(component, "BiasParams", len(filters))
    places, width = columns.shape
    if filters.shape[1] != width:
        raise bad_field(component, "FilterParams", f"{width} columns")
    dim = _input_dim(component)
    if places == 1:
        weights = np.zeros((len(filters), dim), np.float32)
        weights[:, columns[0]] = filters
        return affine(name, x, weights, bias)
    # A copy of every patch and one product take less time than a convolution, which would need its input and output
    # transposed, or than the product with one sparse matrix.
    if not np.array_equal(columns.ravel(), np.arange(dim)):
        x = take_columns(f"{name}.gathered", x, columns.ravel().tolist())
    shape = opset.constant(np.array([0, 0, places, width], np.int64))
    patches = opset.reshape(x, shape, special_zero=True, name=f"{name}.patches")
    product = affine(f"{name}.affine", patches.output(0), filters, bias)
    row = opset.constant(np.array([0, 0, places * len(filters)], np.int64))
    return opset.reshape(product, row, special_zero=True, name=name).output(0)


def patch_columns(component: Component) -> NDArray[np.int64]:
    """The input column that each weight of a filter meets at each place [places, filter width].

    Places go x first, then y; the weights of a filter are in the order x, y, z. Raises ModelFormatError for sizes that
    do not fit. Source: nnet3/nnet-combined-component.cc (ConvolutionComponent::InputToInputPatches).
    """
    size_x, size_y, size_z = (integer(component, f"Input{axis}Dim") for axis in "XYZ")
    filter_x, filter_y = integer(component, "FiltXDim"), integer(component, "FiltYDim")
    step_x, step_y = integer(component, "FiltXStep"), integer(component, "FiltYStep")
    order = integer(component, "InputVectorization")
    for axis, size, taken, step in (("X", size_x, filter_x, step_x), ("Y", size_y, filter_y, step_y)):
        if not 1 <= taken <= size or step < 1:
            raise bad_field(component, f"Filt{axis}Dim", f"1 to <Input{axis}Dim> {size}, and a step above 0")
    if size_z < 1:
        raise bad_field(component, "InputZDim", "a number above 0")
    if order not in (_YZX, _ZYX):
        raise bad_field(component, "InputVectorization", "0 (yzx) or 1 (zyx)")
    numbers = np.arange(size_x * size_y * size_z, dtype=np.int64)
    if order == _ZYX:
        columns = numbers.reshape(size_x, size_y, size_z)
    else:
        columns = numbers.reshape(size_x, size_z, size_y).transpose(0, 2, 1)
    places = [
        columns[first_x : first_x + filter_x, first_y : first_y + filter_y].ravel()
        for first_x in range(0, size_x - filter_x + 1, step_x)
        for first_y in range(0, size_y - filter_y + 1, step_y)
    ]
    return np.stack(places)


def _input_dim(component: Component) -> int:
    return integer(component, "InputXDim") * integer(component, "InputYDim") * integer(component, "InputZDim")
