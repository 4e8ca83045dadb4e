"""Statistics of frames: over periods and windows (nnet3), and over all frames of an utterance (nnet1)."""

from __future__ import annotations

from ov_asr_score.convert.frames.grids import Grid
from ov_asr_score.convert.layers.layer import ChainBuilder, GraphOverTime, Layer, NodeValue
from ov_asr_score.convert.tensors.columns import append_columns, slice_columns
from ov_asr_score.convert.tensors.constants import float_scalar, int_scalar, int_vector
from ov_asr_score.convert.tensors.frame_slices import slice_frames
from ov_asr_score.convert.tensors.sums import total
from ov_asr_score.kaldi_model.component_fields import flag, integer, number
from ov_asr_score.kaldi_model.network import Component, Descriptor, IfDefined, Offset, Round
from ov_asr_score.openvino_api import opset, ov

_ADDED_IN_ORDER = 40


def convert_extraction(
    graph: GraphOverTime, component: Component, descriptor: Descriptor, x: int, grid: Grid
) -> NodeValue:
    """Count, sum and sum of squares of those frames of a period that can be computed, [B, N, 1 + D or 1 + 2 D].

    Source: nnet3/nnet-general-component.cc (StatisticsExtractionComponent).
    """
    length, step = integer(component, "OutputPeriod"), integer(component, "InputPeriod")
    counts: list[ov.Output] = []
    frames: list[ov.Output] = []
    for offset in range(0, length, step):
        moment = Round(Offset(descriptor, offset) if offset else descriptor, length)
        frames.append(graph.evaluate_frames(IfDefined(moment), x, grid))
        counts.append(graph.computable(moment, x, grid))
    parts = [total(counts), total(frames)]
    if flag(component, "IncludeVarinance"):
        parts.append(total([opset.multiply(value, value).output(0) for value in frames]))
    return NodeValue(append_columns(parts), grid)


def convert_pooling(
    graph: GraphOverTime, component: Component, descriptor: Descriptor, x: int, grid: Grid
) -> NodeValue:
    """Mean, and standard deviation if wanted, over a window of frames around each frame.

    Running totals of a whole utterance would lose digits, so each window is summed on its own. Where the output is one
    vector for all frames of a request, those that the window of its frame 0 has are summed. Source:
    nnet3/nnet-general-component.cc (StatisticsPoolingComponent).
    """
    step = integer(component, "InputPeriod")
    left, right = (integer(component, name) // step * step for name in ("LeftContext", "RightContext"))
    log_counts, with_stddevs = integer(component, "NumLogCountFeatures"), flag(component, "OutputStddevs")
    source = Grid(grid.first - left, step, grid.last + right, grid.fixed)
    whole = graph.grid_up_to_the_end(descriptor, x, source) if grid.fixed and grid.first == grid.last else None
    if whole is not None:
        frames = graph.evaluate_frames(IfDefined(descriptor), x, whole)
        inside = slice_frames(frames, 0, (source.last - whole.first) // step + 1)
        sums = opset.reduce_sum(inside, int_vector(1), True).output(0)
    else:
        sums = window_sums(graph.evaluate_frames(IfDefined(descriptor), x, source), (left + right) // step + 1)
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
        floor = float_scalar(number(component, "VarianceFloor"))
        parts += [mean, opset.sqrt(opset.maximum(variance, floor)).output(0)]
    else:
        parts.append(means)
    return NodeValue(append_columns(parts), grid)


def window_sums(value: ov.Output, length: int) -> ov.Output:
    """Sums over all windows of ``length`` frames, [B, N - length + 1, D].

    Short ones are added up in Kaldi's order, so that the digits lost in a variance (mean square minus squared mean) are
    the same. Long ones by doubling: sums of 2, 4, 8, ... frames.
    """
    if length <= _ADDED_IN_ORDER:
        return total([slice_frames(value, start, -(length - 1 - start) or None) for start in range(length)])
    result: ov.Output | None = None
    covered, size, block = 0, 1, value
    while True:
        if length & size:
            # The bits of ``length`` say which powers of two make it up; blocks follow each other.
            stop = -(length - covered - size)
            part = slice_frames(block, covered, stop if stop else None)
            result = part if result is None else opset.add(result, part).output(0)
            covered += size
        if covered == length:
            return result if result is not None else value
        block = opset.add(slice_frames(block, 0, -size), slice_frames(block, size)).output(0)
        size *= 2


def convert_simple_averaging(component: Component, x: ov.Output) -> ov.Output:
    """The sum of all frames for every frame, divided by their number plus a constant unless only the sum is wanted.

    Source: nnet/nnet-sentence-averaging-component.h.
    """
    name, shrinkage = component.name, number(component, "Shrinkage", 0.0)
    result = opset.reduce_sum(x, int_vector(1), True, name=f"{name}.sum").output(0)
    if not flag(component, "OnlySumming"):
        count = opset.add(_num_frames(x), float_scalar(shrinkage), name=f"{name}.count")
        result = opset.divide(result, count, name=f"{name}.mean").output(0)
    return _for_every_frame(name, result, x)


def convert_averaging(component: Component, x: ov.Output, build_chain: ChainBuilder) -> ov.Output:
    """The mean over all frames of the output of the network inside, and ``x`` itself behind it.

    Source: nnet/nnet-sentence-averaging-component.h.
    """
    name = component.name
    inner = build_chain(component.nested[0], x)
    mean = opset.reduce_mean(inner, int_vector(1), True, name=f"{name}.mean").output(0)
    return opset.concat([_for_every_frame(f"{name}.code", mean, x), x], 2, name=name).output(0)


def _num_frames(x: ov.Output) -> ov.Node:
    """The number of frames of ``x``, float32 scalar."""
    frames = opset.gather(opset.shape_of(x, "i64"), int_scalar(1), opset.constant(0))
    return opset.convert(frames, "f32")


def _for_every_frame(name: str, value: ov.Output, x: ov.Output) -> ov.Output:
    """``value`` [B, 1, D] for all frames of ``x``, [B, T, D]."""
    frames = opset.slice(opset.shape_of(x, "i64"), int_vector(0), int_vector(2), int_vector(1))
    shape = opset.concat([frames, int_vector(1)], 0)
    return opset.broadcast(value, shape, broadcast_spec="BIDIRECTIONAL", name=name).output(0)


LAYERS = (
    Layer(name="StatisticsExtractionComponent", over_time=convert_extraction),
    Layer(name="StatisticsPoolingComponent", over_time=convert_pooling),
    Layer(
        name="SimpleSentenceAveragingComponent",
        generations=(1,),
        over_frames=convert_simple_averaging,
        needs_utterance=True,
    ),
    Layer(
        name="SentenceAveragingComponent",
        generations=(1,),
        over_chains=convert_averaging,
        needs_utterance=True,
    ),
)
