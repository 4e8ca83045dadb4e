"""Frames side by side (as descriptors in nnet2 and nnet3), and blocks of a frame as frames of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ov_asr_score.convert.frames.grids import Grid
from ov_asr_score.convert.layers.affine import affine_component, linear_component
from ov_asr_score.convert.layers.elementwise import identity_component
from ov_asr_score.convert.layers.layer import GraphOverTime, Layer, Lowered, NodeValue
from ov_asr_score.convert.tensors.columns import slice_columns, width_of
from ov_asr_score.convert.tensors.constants import int_scalar, int_vector
from ov_asr_score.kaldi_model.component_fields import integer, integers, matrix
from ov_asr_score.kaldi_model.dependency import Offsets
from ov_asr_score.kaldi_model.network import (
    Append,
    Component,
    ComponentNode,
    Descriptor,
    DimRangeNode,
    Node,
    NodeRef,
    Offset,
)
from ov_asr_score.openvino_api import opset, ov


def spliced(source: Descriptor, offsets: Sequence[int]) -> Descriptor:
    """The frames of ``source`` at t + each of ``offsets``, side by side."""
    parts = tuple(Offset(source, offset) if offset else source for offset in offsets)
    return parts[0] if len(parts) == 1 else Append(parts)


def lower_tdnn(node: ComponentNode, component: Component) -> Lowered:
    """A matrix product of spliced frames. Source: nnet3/nnet-tdnn-component.cc."""
    offsets, weights = integers(component, "TimeOffsets").tolist(), matrix(component, "LinearParams")
    bias = np.asarray(component.fields["BiasParams"], np.float32)
    product = (
        affine_component(component.name, weights, bias, component.offset)
        if bias.size
        else linear_component(component.name, weights, component.offset)
    )
    return Lowered([replace(node, input=spliced(node.input, offsets))], {component.name: product})


def lower_splice_max(node: ComponentNode, component: Component) -> Lowered:
    """The maxima of spliced frames. Source: nnet2/nnet-component.cc (SpliceMaxComponent)."""
    offsets = integers(component, "Context").tolist()
    maxima = replace(component, reads=Offsets())
    return Lowered([replace(node, input=spliced(node.input, offsets))], {component.name: maxima})


def lower_splice(node: ComponentNode, component: Component) -> Lowered:
    """Spliced frames alone; the last ``ConstComponentDim`` columns come once, from the first frame of the context.

    Source: nnet2/nnet-component.cc (SpliceComponent).
    """
    offsets = integers(component, "Context").tolist()
    dim, constant = integer(component, "InputDim"), integer(component, "ConstComponentDim", default=0)
    width = (dim - constant) * len(offsets) + constant
    components = {component.name: identity_component(component.name, width, component.offset)}
    if not constant:
        return Lowered([replace(node, input=spliced(node.input, offsets))], components)
    before: list[Node] = []
    if isinstance(node.input, NodeRef):
        source = node.input.name
    else:
        source = f"{node.name}.input"
        components[source] = identity_component(source, dim)
        before = [ComponentNode(source, source, node.input)]
    frames = DimRangeNode(f"{node.name}.spliced", source, 0, dim - constant)
    once = DimRangeNode(f"{node.name}.constant", source, dim - constant, constant)
    parts = Append((spliced(NodeRef(frames.name), offsets), spliced(NodeRef(once.name), [min(offsets)])))
    return Lowered([*before, frames, once, replace(node, input=parts)], components)


def convert_splice_max(component: Component, x: ov.Output) -> ov.Output:
    """The largest of frames that stand side by side, [B, T, Dim] of ``x`` [B, T, frames * Dim].

    Source: nnet2/nnet-component.cc (SpliceMaxComponent).
    """
    frames, dim = len(integers(component, "Context")), integer(component, "Dim")
    split = opset.reshape(x, int_vector(0, 0, frames, dim), special_zero=True)
    return opset.reduce_max(split, int_vector(2), False, name=component.name).output(0)


def convert_splice(component: Component, x: ov.Output) -> ov.Output:
    """The frames of ``x`` [B, T, D] at t + each offset side by side, [B, T, offsets * D].

    Before the first and after the last frame of ``x`` these are repeated, whatever ``x`` was computed from. Source:
    cudamatrix/cu-math.cc (Splice).
    """
    offsets = integers(component, "FrameOffsets")
    if not offsets.any() and len(offsets) == 1:
        return x
    # One Gather: with slices of a padded input, joined by Concat, the same takes 1.2 to 2 times as long.
    name, width = component.name, width_of(x)
    count = opset.gather(opset.shape_of(x, "i64"), int_scalar(1), int_scalar(0))
    times = opset.range(int_scalar(0), count, int_scalar(1), "i64", name=f"{name}.times")
    wanted = opset.add(opset.unsqueeze(times, int_scalar(1)), opset.constant(offsets.astype(np.int64).reshape(1, -1)))
    not_before = opset.maximum(wanted, int_scalar(0))
    nearest = opset.minimum(not_before, opset.subtract(count, int_scalar(1)), name=f"{name}.nearest")
    frames = opset.gather(x, nearest, int_scalar(1))
    frames.set_friendly_name(f"{name}.frames")
    row = int_vector(0, 0, width * len(offsets))
    return opset.reshape(frames, row, special_zero=True, name=name).output(0)


def _frame_offsets(component: Component) -> list[int]:
    return [int(offset) for offset in integers(component, "FrameOffsets")]


def distribute(graph: GraphOverTime, component: Component, descriptor: Descriptor, x: int, grid: Grid) -> NodeValue:
    """Block x modulo N of the columns of frame t at index x // N, where N is the number of blocks.

    Source: nnet3/nnet-general-component.cc (DistributeComponent).
    """
    size = integer(component, "OutputDim")
    blocks = integer(component, "InputDim") // size
    value = graph.evaluate(descriptor, x // blocks, grid)
    return NodeValue(slice_columns(value.output, x % blocks * size, (x % blocks + 1) * size), value.grid)


LAYERS = (
    Layer(name="TdnnComponent", lowered=lower_tdnn),
    Layer(name="SpliceComponent", generations=(2,), lowered=lower_splice),
    Layer(name="SpliceMaxComponent", generations=(2,), lowered=lower_splice_max, over_frames=convert_splice_max),
    Layer(name="Splice", generations=(1,), over_frames=convert_splice, frame_offsets=_frame_offsets),
    Layer(name="DistributeComponent", over_time=distribute),
)
