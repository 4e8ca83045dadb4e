"""Components of nnet3 that look at several frames of their input and are no plain splicing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import gcd

import numpy as np

from ov_asr_score.convert.frames.grids import Grid
from ov_asr_score.convert.graph.assembly import Assembly, TimeLayer
from ov_asr_score.convert.graph.utterance_axis import slice_frames
from ov_asr_score.convert.layers.component_fields import flag, integer, integers, matrix, number, vector
from ov_asr_score.convert.tensors.columns import append_columns, slice_columns
from ov_asr_score.convert.tensors.images import frames_of, image_of
from ov_asr_score.kaldi_model.dims import descriptor_dim
from ov_asr_score.kaldi_model.network import (
    Append,
    Component,
    Const,
    Descriptor,
    Failover,
    FloatArray,
    IfDefined,
    IntArray,
    KaldiNetwork,
    Offset,
    Round,
    Sum,
)
from ov_asr_score.openvino_api import opset, ov

_ADDED_IN_ORDER = 40


def convert_time_height_convolution(
    assembly: Assembly, component: Component, descriptor: Descriptor, x: int, grid: Grid
) -> ov.Output:
    """A convolution over time and height, as one Convolution; frames that are not there are blank.

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
    frames = assembly.evaluate_frames(or_blank(assembly.plan.network, descriptor), x, source)

    weights = np.zeros(
        (
            filters_out,
            filters_in,
            (latest - earliest) // max(time_gap, 1) + 1,
            (int(heights.max()) - int(heights.min())) // max(height_gap, 1) + 1,
        ),
        np.float32,
    )
    parameters = matrix(component, "LinearParams").reshape(filters_out, len(offsets), filters_in)
    for index, (time, height) in enumerate(offsets):
        at_time = (int(time) - earliest) // max(time_gap, 1)
        at_height = (int(height) - int(heights.min())) // max(height_gap, 1)
        weights[:, :, at_time, at_height] = parameters[:, index]
    below = -int(heights.min())
    above = (height_out - 1) * height_step + int(heights.max()) - (height_in - 1)
    image = image_of(frames, height_in, filters_in, assembly.images)
    if below < 0 or above < 0:
        last = height_in + min(above, 0)
        image = opset.slice(image, _ints([max(-below, 0)]), _ints([last]), _ints([1]), _ints([3])).output(0)
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
    return frames_of(biased.output(0), height_out * filters_out)


def convert_restricted_attention(
    assembly: Assembly, component: Component, descriptor: Descriptor, x: int, grid: Grid
) -> ov.Output:
    """Attention of each frame to a fixed set of frames around it; frames that are not there are blank, that is zero.

    A head's input is key, value, query; the query is followed by one number for each of the frames looked at, which is
    added before the softmax. Source: nnet3/attention.cc, nnet3/nnet-attention-component.cc.
    """
    heads, key_dim, value_dim = (
        integer(component, "NumHeads"),
        integer(component, "KeyDim"),
        integer(component, "ValueDim"),
    )
    stride = integer(component, "TimeStride")
    offsets = [
        offset * stride
        for offset in range(-integer(component, "NumLeftInputs"), integer(component, "NumRightInputs") + 1)
    ]
    width = 2 * key_dim + value_dim + len(offsets)

    def by_head(frames: ov.Output) -> ov.Output:
        return opset.reshape(frames, _ints([0, 0, heads, width]), special_zero=True).output(0)

    query = by_head(assembly.evaluate_frames(descriptor, x, grid))
    padded = or_blank(assembly.plan.network, descriptor)
    around = [by_head(assembly.evaluate_frames(_moved(padded, offset), x, grid)) for offset in offsets]
    key_query = _last(query, key_dim + value_dim, 2 * key_dim + value_dim)
    axis = opset.constant(np.array([3], np.int64))
    products = [
        opset.reduce_sum(opset.multiply(key_query, _last(frames, 0, key_dim)), axis, True).output(0)
        for frames in around
    ]
    scale = opset.constant(np.float32(number(component, "KeyScale")))
    logits = opset.add(opset.multiply(opset.concat(products, 3), scale), _last(query, 2 * key_dim + value_dim, width))
    shares = opset.softmax(logits, 3).output(0)
    values = [
        opset.multiply(_last(shares, index, index + 1), _last(frames, key_dim, key_dim + value_dim)).output(0)
        for index, frames in enumerate(around)
    ]
    parts = [_total(values)]
    if flag(component, "OutputContext"):
        parts.append(shares)
    result = parts[0] if len(parts) == 1 else opset.concat(parts, 3).output(0)
    out = heads * (value_dim + (len(offsets) if flag(component, "OutputContext") else 0))
    return opset.reshape(result, _ints([0, 0, out]), special_zero=True).output(0)


def convert_statistics_extraction(
    assembly: Assembly, component: Component, descriptor: Descriptor, x: int, grid: Grid
) -> ov.Output:
    """Count, sum and sum of squares of those frames of a period that can be computed.

    Source: nnet3/nnet-general-component.cc (StatisticsExtractionComponent).
    """
    length, step = integer(component, "OutputPeriod"), integer(component, "InputPeriod")
    counts: list[ov.Output] = []
    frames: list[ov.Output] = []
    for offset in range(0, length, step):
        moment = Round(_moved(descriptor, offset), length)
        value = assembly.evaluate_frames(IfDefined(moment), x, grid)
        interval = assembly.plan.interval(moment, x, grid)
        if interval.is_everything:
            one = opset.constant(np.ones((1, 1, 1), np.float32)).output(0)
            counts.append(assembly.axis.broadcast(one, assembly.features, grid))
        else:
            there = opset.convert(assembly.axis.mask(interval, grid), "f32").output(0)
            counts.append(assembly.axis.broadcast_frames(there, assembly.features))
        frames.append(value)
    parts = [_total(counts), _total(frames)]
    if flag(component, "IncludeVarinance"):
        parts.append(_total([opset.multiply(value, value).output(0) for value in frames]))
    return append_columns(parts)


def convert_statistics_pooling(
    assembly: Assembly, component: Component, descriptor: Descriptor, x: int, grid: Grid
) -> ov.Output:
    """Mean, and standard deviation if wanted, over a window of frames around each frame.

    Running totals of a whole utterance would lose digits, so each window is summed on its own. Source:
    nnet3/nnet-general-component.cc (StatisticsPoolingComponent).
    """
    step = integer(component, "InputPeriod")
    left, right = (integer(component, name) // step * step for name in ("LeftContext", "RightContext"))
    log_counts, with_stddevs = integer(component, "NumLogCountFeatures"), flag(component, "OutputStddevs")
    source = Grid(grid.first - left, step, grid.last + right, grid.fixed)
    sums = _window_sums(assembly.evaluate_frames(IfDefined(descriptor), x, source), (left + right) // step + 1)
    if grid.step != step:
        sums = slice_frames(sums, 0, None, max(grid.step // step, 1))
    dim = integer(component, "InputDim")
    count = slice_columns(sums, 0, 1)
    means = opset.divide(slice_columns(sums, 1, dim), count).output(0)
    parts: list[ov.Output] = []
    if log_counts:
        parts += [opset.log(count).output(0)] * log_counts
    if with_stddevs:
        features = (dim - 1) // 2
        mean, square = slice_columns(means, 0, features), slice_columns(means, features, dim - 1)
        variance = opset.subtract(square, opset.multiply(mean, mean))
        floor = opset.constant(np.float32(number(component, "VarianceFloor")))
        parts += [mean, opset.sqrt(opset.maximum(variance, floor)).output(0)]
    else:
        parts.append(means)
    return append_columns(parts)


def _window_sums(value: ov.Output, length: int) -> ov.Output:
    """Sums over all windows of ``length`` frames, [B, N - length + 1, D].

    Short ones are added up in Kaldi's order, so that the digits lost in a variance (mean square minus squared mean) are
    the same. Long ones by doubling: sums of 2, 4, 8, ... frames.
    """
    if length <= _ADDED_IN_ORDER:
        frames = [slice_frames(value, start, -(length - 1 - start) or None) for start in range(length)]
        return _total(frames)
    total: ov.Output | None = None
    covered, size, block = 0, 1, value
    while True:
        if length & size:
            # The bits of ``length`` say which powers of two make it up; blocks follow each other.
            stop = -(length - covered - size)
            part = slice_frames(block, covered, stop if stop else None)
            total = part if total is None else opset.add(total, part).output(0)
            covered += size
        if covered == length:
            return total if total is not None else value
        block = opset.add(slice_frames(block, 0, -size), slice_frames(block, size)).output(0)
        size *= 2


def or_blank(network: KaldiNetwork, descriptor: Descriptor) -> Descriptor:
    """``descriptor``, and where it cannot be computed what Kaldi has in the rows that it adds to fill a grid.

    Those are zero but for constants, which are set for whole matrices (nnet3/nnet-compile.cc,
    ``CompileForwardSumDescriptor``).
    """
    values = _constant_part(network, descriptor)
    if not values.any():
        return IfDefined(descriptor)
    return Failover(descriptor, Append(tuple(Const(float(value), 1) for value in values)))


def _constant_part(network: KaldiNetwork, descriptor: Descriptor) -> FloatArray:
    """What the Const parts of a descriptor add to each column [D]."""
    match descriptor:
        case Const():
            return np.full(descriptor.dim, descriptor.value, np.float32)
        case Append():
            return np.concatenate([_constant_part(network, part) for part in descriptor.parts])
        case Sum():
            total = np.zeros(descriptor_dim(network, descriptor), np.float32)
            for part in descriptor.parts:
                total += _constant_part(network, part)
            return total
        case Failover():
            return _constant_part(network, descriptor.first)
    return np.zeros(descriptor_dim(network, descriptor), np.float32)


def _moved(descriptor: Descriptor, offset: int) -> Descriptor:
    return Offset(descriptor, offset) if offset else descriptor


def _common_step(values: IntArray) -> int:
    return gcd(*(int(value) for value in values - values.min()))


def _last(value: ov.Output, start: int, stop: int) -> ov.Output:
    return opset.slice(value, _ints([start]), _ints([stop]), _ints([1]), _ints([3])).output(0)


def _total(values: Sequence[ov.Output]) -> ov.Output:
    total = values[0]
    for value in values[1:]:
        total = opset.add(total, value).output(0)
    return total


def _ints(values: Sequence[int]) -> ov.Node:
    return opset.constant(np.array(values, np.int64))


TIME_LAYERS: Mapping[str, TimeLayer] = {
    "TimeHeightConvolutionComponent": convert_time_height_convolution,
    "RestrictedAttentionComponent": convert_restricted_attention,
    "StatisticsExtractionComponent": convert_statistics_extraction,
    "StatisticsPoolingComponent": convert_statistics_pooling,
}
