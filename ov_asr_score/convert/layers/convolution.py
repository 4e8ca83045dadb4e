"""Convolutions over the columns of each frame, and over time and height."""

from __future__ import annotations

from dataclasses import replace
from math import gcd

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.convert.frames.blank_frames import or_blank
from ov_asr_score.convert.frames.grids import Grid
from ov_asr_score.convert.layers.affine import affine
from ov_asr_score.convert.layers.layer import Exact, GraphOverTime, Layer, NodeValue
from ov_asr_score.convert.tensors.columns import take_columns
from ov_asr_score.convert.tensors.constants import int_scalar, int_vector
from ov_asr_score.convert.tensors.images import frames_of, image_of
from ov_asr_score.kaldi_model.component_fields import bad_field, flag, integer, integers, matrix, vector
from ov_asr_score.kaldi_model.components.field_checks import quotient
from ov_asr_score.kaldi_model.network import Component, Descriptor, FieldValue, IntArray
from ov_asr_score.openvino_api import opset, ov

# Orders of the columns: the first letter changes fastest (ConvolutionComponent::TensorVectorizationType).
_YZX, _ZYX = 0, 1


def convert_convolution(component: Component, x: ov.Output) -> ov.Output:
    """All filters at all places of each frame, [B, T, x places * y places * filters], filters side by side.

    Weights for which a filter has no place meet column 0. Raises ModelFormatError. Source:
    nnet3/nnet-combined-component.cc (ConvolutionComponent).
    """
    name = component.name
    columns = _patch_columns(component)
    filters = matrix(component, "FilterParams")
    bias = vector(component, "BiasParams", len(filters))
    if filters.shape[1] < columns.shape[1]:
        raise bad_field(component, "FilterParams", f"{columns.shape[1]} columns")
    columns = np.pad(columns, ((0, 0), (0, filters.shape[1] - columns.shape[1])))
    places, width = columns.shape
    dim = integer(component, "InputXDim") * integer(component, "InputYDim") * integer(component, "InputZDim")
    if places == 1:
        weights = np.zeros((dim, len(filters)), np.float32)
        np.add.at(weights, columns[0], filters.T)
        weights = np.ascontiguousarray(weights.T)
        return affine(name, x, weights, bias)
    # A copy of every patch and one product take less time than a convolution, which would need its input and output
    # transposed, or than the product with one sparse matrix.
    if not np.array_equal(columns.ravel(), np.arange(dim)):
        x = take_columns(f"{name}.gathered", x, columns.ravel().tolist())
    patches = opset.reshape(x, int_vector(0, 0, places, width), special_zero=True, name=f"{name}.patches")
    product = affine(f"{name}.affine", patches.output(0), filters, bias)
    return opset.reshape(product, int_vector(0, 0, places * len(filters)), special_zero=True, name=name).output(0)


def _patch_columns(component: Component) -> NDArray[np.int64]:
    """The input column that each weight of a filter meets at each place [places, filter width].

    Places go x first, then y; the weights of a filter are in the order x, y, z. Raises ModelFormatError for sizes that
    do not fit. Source: nnet3/nnet-combined-component.cc (ConvolutionComponent::InputToInputPatches).
    """
    size_x, size_y, size_z = (integer(component, f"Input{axis}Dim") for axis in "XYZ")
    filter_x, filter_y = integer(component, "FiltXDim"), integer(component, "FiltYDim")
    step_x, step_y = integer(component, "FiltXStep"), integer(component, "FiltYStep")
    order = integer(component, "InputVectorization")
    for axis, size, taken, step in (("X", size_x, filter_x, step_x), ("Y", size_y, filter_y, step_y)):
        if taken > size or step < 1:
            raise bad_field(component, f"Filt{axis}Dim", f"at most <Input{axis}Dim> {size}, and a step above 0")
    if size_z < 1:
        raise bad_field(component, "InputZDim", "a number above 0")
    numbers = np.arange(size_x * size_y * size_z, dtype=np.int64)
    if order == _ZYX:
        columns = numbers.reshape(size_x, size_y, size_z)
    elif order == _YZX:
        columns = numbers.reshape(size_x, size_z, size_y).transpose(0, 2, 1)
    else:  # Kaldi knows no other, and looks no column up.
        columns = np.zeros((size_x, size_y, size_z), np.int64)
    places = [
        columns[first_x : first_x + max(filter_x, 0), first_y : first_y + max(filter_y, 0)].ravel()
        for first_x in range(0, size_x - filter_x + 1, step_x)
        for first_y in range(0, size_y - filter_y + 1, step_y)
    ]
    return np.stack(places)


def convert_spliced_convolution(component: Component, x: ov.Output) -> ov.Output:
    """The same filters over patches of columns of all spliced frames, filters side by side, patch after patch.

    ``x`` [B, T, frames * stride] gives [B, T, patches * filters]. Raises ModelFormatError. Source:
    nnet/nnet-convolutional-component.h.
    """
    name, dim = component.name, integer(component, "InputDim")
    patch, step, stride = (integer(component, field) for field in ("PatchDim", "PatchStep", "PatchStride"))
    if patch == stride and step:
        step = 1
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
    split = opset.reshape(x, int_vector(0, 0, patches, width), special_zero=True, name=f"{name}.patches")
    product = affine(f"{name}.affine", split.output(0), filters, bias)
    return opset.reshape(product, int_vector(0, 0, patches * len(filters)), special_zero=True, name=name).output(0)


def convert_convolution_1d(component: Component, x: ov.Output) -> ov.Output:
    """One set of filters over patches of the columns of each spliced frame, as one matrix product.

    ``x`` [B, T, frames * stride] gives [B, T, patches * filters]. Filters whose columns are no whole number of frames
    meet columns as in Kaldi: those of a patch follow at once those of the patch before, and the last are column 0.
    Source: nnet2/nnet-component.cc (Convolutional1dComponent).
    """
    filters = matrix(component, "FilterParams")
    patch, step, stride = (integer(component, name) for name in ("PatchDim", "PatchStep", "PatchStride"))
    patches = 1 + quotient(stride - patch, step)
    splices = integer(component, "InputDim") // stride
    at_patch = np.arange(patches)[:, None, None] * step
    at_splice, within = np.arange(splices)[None, :, None], np.arange(patch)[None, None, :]
    if flag(component, "AppendedConv"):
        columns = (at_patch + within) * splices + at_splice
    else:
        columns = at_patch + at_splice * stride + within
    met = np.zeros(patches * filters.shape[1], np.int64)
    met[: columns.size] = columns.ravel()
    taken = opset.gather(x, opset.constant(met), int_scalar(2))
    split = opset.reshape(taken, int_vector(0, 0, patches, filters.shape[1]), special_zero=True)
    product = opset.matmul(split, opset.constant(filters), False, True)
    bias = vector(component, "BiasParams", len(filters)).reshape(1, 1, 1, -1)
    biased = opset.add(product, opset.constant(bias))
    row = int_vector(0, 0, patches * len(filters))
    return opset.reshape(biased, row, special_zero=True, name=component.name).output(0)


def convert_time_height_convolution(
    graph: GraphOverTime, component: Component, descriptor: Descriptor, x: int, grid: Grid
) -> NodeValue:
    """A convolution over time and height, as one Convolution; missing frames are blank.

    A frame is [height, filters] with the filters next to each other; the parameters are [filters out, offsets times
    filters in]. Source: nnet3/convolution.h.
    """
    offsets = integers(component, "Offsets").reshape(-1, 2)
    filters_in, filters_out = integer(component, "NumFiltersIn"), integer(component, "NumFiltersOut")
    height_in, height_out = integer(component, "HeightIn"), integer(component, "HeightOut")
    height_step = integer(component, "HeightSubsampleOut")
    times, heights = offsets[:, 0], offsets[:, 1]
    earliest, latest = int(times.min()), int(times.max())
    time_gap, height_gap = _common_step(times), _common_step(heights)
    step = gcd(time_gap, grid.step) if time_gap else grid.step
    source = Grid(grid.first + earliest, step, grid.last + latest, grid.fixed)
    frames = graph.evaluate_frames(or_blank(graph.network, descriptor), x, source)

    time_places = (latest - earliest) // max(time_gap, 1) + 1
    height_places = (int(heights.max()) - int(heights.min())) // max(height_gap, 1) + 1
    weights = np.zeros((filters_out, filters_in, time_places, height_places), np.float32)
    parameters = matrix(component, "LinearParams").reshape(filters_out, len(offsets), filters_in)
    for index, (time, height) in enumerate(offsets):
        at_time = (int(time) - earliest) // max(time_gap, 1)
        at_height = (int(height) - int(heights.min())) // max(height_gap, 1)
        weights[:, :, at_time, at_height] = parameters[:, index]
    below = -int(heights.min())
    above = (height_out - 1) * height_step + int(heights.max()) - (height_in - 1)
    image = image_of(frames, height_in, filters_in, graph.images)
    if below < 0 or above < 0:
        last = height_in + min(above, 0)
        bounds = int_vector(max(-below, 0)), int_vector(last), int_vector(1)
        image = opset.slice(image, *bounds, int_vector(3)).output(0)
    result = opset.convolution(
        image,
        opset.constant(weights),
        strides=[grid.step // step, height_step],
        pads_begin=[0, max(below, 0)],
        pads_end=[0, max(above, 0)],
        dilations=[max(time_gap // step, 1), max(height_gap, 1)],
    )
    bias = vector(component, "BiasParams").reshape(1, -1, 1, 1)
    biased = opset.add(result, opset.constant(bias), name=f"{component.name}.image")
    return NodeValue(frames_of(biased.output(0), height_out * filters_out), grid)


def _common_step(values: IntArray) -> int:
    return gcd(*(int(value) for value in values - values.min()))


def scaled_convolution(component: Component, factors: Exact, offsets: Exact) -> Component | None:
    """A convolution over time and height with scales behind it, if these are the same at every height; else None."""
    bias = np.asarray(component.fields["BiasParams"], np.float64)
    by_height, offsets_by_height = factors.reshape(-1, len(bias)), offsets.reshape(-1, len(bias))
    if (by_height != by_height[0]).any() or (offsets_by_height != offsets_by_height[0]).any():
        return None
    weights = np.asarray(component.fields["LinearParams"], np.float64).reshape(len(bias), -1)
    fields: dict[str, FieldValue] = {
        **component.fields,
        "LinearParams": (by_height[0][:, None] * weights).astype(np.float32),
        "BiasParams": (by_height[0] * bias + offsets_by_height[0]).astype(np.float32),
    }
    return replace(component, fields=fields)


LAYERS = (
    Layer(name="ConvolutionComponent", over_frames=convert_convolution),
    Layer(name="Convolutional1dComponent", generations=(2,), over_frames=convert_convolution_1d),
    Layer(name="ConvolutionalComponent", generations=(1,), over_frames=convert_spliced_convolution),
    Layer(
        name="TimeHeightConvolutionComponent",
        over_time=convert_time_height_convolution,
        scaled=scaled_convolution,
    ),
)
