"""Attention to frames nearby.

Tests: tests/golden/test_cases.py
"""

from __future__ import annotations

from ov_asr_score.convert.frames.blank_frames import or_blank
from ov_asr_score.convert.frames.grids import Grid
from ov_asr_score.convert.layers.layer import GraphOverTime, Layer, NodeValue
from ov_asr_score.convert.tensors.constants import float_scalar, int_vector
from ov_asr_score.convert.tensors.sums import total
from ov_asr_score.kaldi_model.component_fields import flag, integer, number
from ov_asr_score.kaldi_model.network import Component, Descriptor, Offset
from ov_asr_score.openvino_api import opset, ov


def convert_restricted_attention(
    graph: GraphOverTime, component: Component, descriptor: Descriptor, x: int, grid: Grid
) -> NodeValue:
    """Attention of each frame to a fixed set of frames around it; missing frames are blank, that is zero.

    A head's input is key, value, query; the query is followed by one number for each of the frames looked at, which is
    added before the softmax. Source: nnet3/attention.cc, nnet3/nnet-attention-component.cc.
    """
    heads, key_dim, value_dim = (integer(component, name) for name in ("NumHeads", "KeyDim", "ValueDim"))
    stride, has_context = integer(component, "TimeStride"), flag(component, "OutputContext")
    steps = range(-integer(component, "NumLeftInputs"), integer(component, "NumRightInputs") + 1)
    width = 2 * key_dim + value_dim + len(steps)

    def by_head(frames: ov.Output) -> ov.Output:
        return opset.reshape(frames, int_vector(0, 0, heads, width), special_zero=True).output(0)

    query = by_head(graph.evaluate_frames(descriptor, x, grid))
    padded = or_blank(graph.network, descriptor)
    around = [
        by_head(graph.evaluate_frames(Offset(padded, step * stride) if step * stride else padded, x, grid))
        for step in steps
    ]
    # logits = scale * (key . query) + bias of the offset;  output = sum of softmax(logits) * value
    key_query = _last_axis(query, key_dim + value_dim, 2 * key_dim + value_dim)
    axis = int_vector(3)
    products = [
        opset.reduce_sum(opset.multiply(key_query, _last_axis(frames, 0, key_dim)), axis, True).output(0)
        for frames in around
    ]
    scale = float_scalar(number(component, "KeyScale"))
    scaled = opset.multiply(opset.concat(products, 3), scale)
    logits = opset.add(scaled, _last_axis(query, 2 * key_dim + value_dim, width))
    shares = opset.softmax(logits, 3).output(0)
    values = [
        opset.multiply(_last_axis(shares, index, index + 1), _last_axis(frames, key_dim, key_dim + value_dim)).output(0)
        for index, frames in enumerate(around)
    ]
    result = total(values)
    if has_context:
        result = opset.concat([result, shares], 3).output(0)
    row = int_vector(0, 0, heads * (value_dim + (len(steps) if has_context else 0)))
    return NodeValue(opset.reshape(result, row, special_zero=True).output(0), grid)


def _last_axis(value: ov.Output, start: int, stop: int) -> ov.Output:
    """``value[..., start:stop]`` of [B, N, heads, D]."""
    bounds = int_vector(start), int_vector(stop), int_vector(1)
    return opset.slice(value, *bounds, int_vector(3)).output(0)


LAYERS = (Layer(name="RestrictedAttentionComponent", over_time=convert_restricted_attention),)
