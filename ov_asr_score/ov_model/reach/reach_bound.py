"""How far the layers of a graph may look along its free axis, all together.

A trial shorter than that could not see what a layer with gaps, such as a dilated convolution, looks at.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from ov_asr_score.openvino_api import ov

_CONVOLUTIONS = frozenset(
    {
        "BinaryConvolution",
        "Convolution",
        "ConvolutionBackpropData",
        "GroupConvolution",
        "GroupConvolutionBackpropData",
    }
)
_POOLS = frozenset({"AvgPool", "MaxPool"})
# Their inputs from the second on are places or lengths on axes.
_PLACED = frozenset({"Gather", "GatherElements", "GatherND", "Pad", "Slice", "StridedSlice", "VariadicSplit"})
# Which input names the axes.
_AXES_INPUT = {"Gather": 2, "Slice": 4, "VariadicSplit": 1}
_BLOCKS = frozenset({"DepthToSpace", "SpaceToDepth"})
# Larger ones mean "to the end".
_LARGEST_PLACE = 1 << 20
_MOST_PLACES = 64


@dataclass(frozen=True, slots=True)
class _Frames:
    """Frames of features that a value may depend on to either side, and between two of its steps."""

    reach: int = 0
    step: int = 1

    def wider(self, steps: int, stride: int = 1) -> _Frames:
        return _Frames(self.reach + steps * self.step, self.step * max(1, stride))


def reach_bound(model: ov.Model) -> int:
    """An upper bound of the frames to either side of its own that a row of scores depends on.

    ``model`` has no layer that :func:`ov_asr_score.ov_model.reach.unbounded_layers.unbounded_layer` would name.
    """
    found: dict[str, _Frames] = {}
    for node in model.get_ordered_ops():
        sources = [found[port.get_source_output().get_node().get_name()] for port in node.inputs()]
        merged = _Frames(
            max((each.reach for each in sources), default=0), max((each.step for each in sources), default=1)
        )
        found[node.get_name()] = _through(node, merged)
    return max((frames.reach for frames in found.values()), default=0)


def _through(node: Any, frames: _Frames) -> _Frames:
    """What a layer makes of the frames that its inputs depend on."""
    kind = node.get_type_name()
    if not node.get_input_size() or all(port.get_partial_shape().is_static for port in node.inputs()):
        return frames
    if kind in _CONVOLUTIONS or kind in _POOLS:
        return frames.wider(*_kernel(node, kind))
    if kind in _PLACED:
        places = list(_places_of(node, kind))
        strides = [1, *(place for place in places if kind in ("Slice", "StridedSlice"))]
        return frames.wider(sum(places), max(strides))
    if kind == "Concat":
        shapes = [port.get_partial_shape() for port in node.inputs()]
        axis = int(node.get_attributes()["axis"])
        return frames.wider(sum(shape[axis].get_length() for shape in shapes if shape[axis].is_static))
    if kind == "Reshape":
        ratio = _folding(node)
        return frames.wider(ratio, ratio)
    if kind in _BLOCKS:
        block = int(node.get_attributes()["block_size"])
        return frames.wider(block, block)
    return frames


def _kernel(node: Any, kind: str) -> tuple[int, int]:
    """Steps that a convolution or pool looks around along free axes, and its stride there."""
    attributes, shape = node.get_attributes(), node.input_value(0).get_partial_shape()
    spatial = len(shape) - 2
    kernel = attributes["kernel"] if kind in _POOLS else list(node.input_value(1).get_partial_shape())[-spatial:]
    extent, stride = 0, 1
    for axis in range(spatial):
        if shape[2 + axis].is_static:
            continue
        size = kernel[axis] if kind in _POOLS else kernel[axis].get_length()
        dilation = (attributes.get("dilations") or [1] * spatial)[axis]
        pads = attributes["pads_begin"][axis] + attributes["pads_end"][axis]
        extent += int(size * dilation + abs(pads))
        stride *= int(attributes["strides"][axis])
    return extent, stride


def _places_of(node: Any, kind: str) -> Iterator[int]:
    """Sizes of the places, on free axes, that a layer takes values from or puts them to."""
    shape = node.input_value(0).get_partial_shape()
    if kind in _AXES_INPUT and node.get_input_size() > _AXES_INPUT[kind]:
        axes = node.input_value(_AXES_INPUT[kind]).get_node()
        if axes.get_type_name() == "Constant" and shape.rank.is_static:
            named = [int(axis) for axis in np.asarray(axes.get_data()).reshape(-1)]
            if all(shape[axis % len(shape)].is_static for axis in named):
                return
    for number in range(1, node.get_input_size()):
        source = node.input_value(number).get_node()
        by_axis = _is_by_axis(node, kind) and source.get_type_name() == "Constant" and shape.rank.is_static
        if by_axis and source.get_element_type().is_integral() and len(source.get_shape()) == 1:
            values = np.asarray(source.get_data())
            yield from (
                abs(int(value))
                for axis, value in enumerate(values)
                if (axis >= len(shape) or shape[axis].is_dynamic) and abs(value) < _LARGEST_PLACE
            )
        elif number != _AXES_INPUT.get(kind):
            yield from _places(node.input(number))


def _is_by_axis(node: Any, kind: str) -> bool:
    """Whether there is a place for each axis, in their order."""
    if kind == "StridedSlice":
        masks = node.get_attributes()
        return not any(any(masks.get(name) or []) for name in ("new_axis_mask", "ellipsis_mask"))
    return kind == "Pad"


def _places(port: Any) -> Iterator[int]:
    """Sizes of the constants that places on an axis are computed of, but for those that mean its end.

    Of a table of places it is one that no trial is as long as.
    """
    waiting, seen = [port.get_source_output().get_node()], set[str]()
    while waiting:
        node = waiting.pop()
        if node.get_name() in seen or node.get_type_name() == "ShapeOf":
            continue
        seen.add(node.get_name())
        if node.get_type_name() == "Constant":
            values = np.abs(np.asarray(node.get_data()).reshape(-1).astype(np.float64))
            yield from ([_LARGEST_PLACE] if len(values) > _MOST_PLACES else map(int, values[values < _LARGEST_PLACE]))
        waiting += [source.get_source_output().get_node() for source in node.inputs()]


def _folding(node: Any) -> int:
    """Steps along a free axis that a Reshape puts into one, or makes of one."""
    before, after = (
        prod(length.get_length() for length in shape if length.is_static)
        for shape in (node.input_value(0).get_partial_shape(), node.get_output_partial_shape(0))
    )
    low, high = sorted((max(1, int(before)), max(1, int(after))))
    return -(-high // low)
