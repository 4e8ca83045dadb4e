"""Convolutions along one axis, and pooling, as layers of GNA.

A convolution of GNA moves over a row of elements, so the channels of a position must be adjacent. Addresses are
arranged in that order; a layer that moves elements is only needed where they are not in that order already.

Tests: tests/gna/graphs/reading/test_model_reader.py
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ov_asr_score.gna.graphs.float_graph import Activation, Convolution, Diagonal, Layer
from ov_asr_score.gna.graphs.reading.builder import FloatGraphBuilder
from ov_asr_score.gna.graphs.reading.operands import Operand, Operation, known, name_of, tensor_of
from ov_asr_score.gna.graphs.reading.selection import means
from ov_asr_score.gna.graphs.reading.tensors import Addresses, NotForGnaError, Tensor
from ov_asr_score.gna.graphs.simplifying import scaled_and_shifted

# max(f(a), f(b)) = f(max(a, b)) for these
_RISING = frozenset({"identity", "sigmoid", "tanh", "softsign", "exp", "log", "relu", "clamp", "sign"})


def _convolution(builder: FloatGraphBuilder, node: Any, operands: Sequence[Operand]) -> Operand:
    filters = np.asarray(known(operands, 1, "filter"), np.float32)
    if node.get_type_name() == "GroupConvolution":
        return _grouped(builder, node, tensor_of(operands[0]).addresses, filters)
    return Tensor(_convolved(builder, node, name_of(node), tensor_of(operands[0]).addresses, filters))


def _grouped(builder: FloatGraphBuilder, node: Any, image: Addresses, filters: np.ndarray[Any, Any]) -> Operand:
    groups = np.split(image, len(filters), axis=1)
    if len(groups) > 64:
        raise NotForGnaError(f"a convolution of {len(groups)} groups")
    parts = [
        _convolved(builder, node, f"{name_of(node)}/group{number}", group, filters[number])
        for number, group in enumerate(groups)
    ]
    return Tensor(np.concatenate(parts, axis=1))


def _convolved(
    builder: FloatGraphBuilder, node: Any, name: str, image: Addresses, filters: np.ndarray[Any, Any]
) -> Addresses:
    """Addresses [1, F, …] of the convolution of ``image`` [1, C, …] with ``filters`` [F, C, …]."""
    attributes = node.get_attributes()
    if image.shape[0] != 1:
        raise NotForGnaError(f"it has {image.shape[0]} images, expected one")
    if str(attributes.get("auto_pad", "explicit")).lower() not in ("explicit", "notset"):
        output = [int(size) for size in node.get_output_shape(0)][2:]
        pads = _automatic_pads(image.shape[2:], filters.shape[2:], attributes, output)
    else:
        pads = [*zip(attributes["pads_begin"], attributes["pads_end"], strict=True)]
    padded = np.pad(image[0], [(0, 0), *pads])  # address 0 stands for a zero
    strides = [int(number) for number in attributes["strides"]]
    spread = _spread(filters, [int(number) for number in attributes["dilations"]])
    counts = [
        (size - kernel) // stride + 1
        for size, kernel, stride in zip(padded.shape[1:], spread.shape[2:], strides, strict=True)
    ]
    moving = [axis for axis, count in enumerate(counts) if count > 1]
    if len(moving) > 1:
        raise NotForGnaError(f"a convolution along {len(moving)} axes, expected one")
    along = moving[0] if moving else len(counts) - 1
    # Along the other axes the filter has a single position; their elements are channels.
    window = tuple(slice(None) if axis == along else slice(0, kernel) for axis, kernel in enumerate(spread.shape[2:]))
    row = np.moveaxis(padded[(slice(None), *window)], along + 1, 0)
    flat = np.moveaxis(spread, along + 2, 1).reshape(len(spread), -1)
    channels = row[0].size
    made = builder.convolution(name, Tensor(row.reshape(-1)), np.ascontiguousarray(flat), strides[along] * channels)
    shape = [1, len(spread), *([1] * len(counts))]
    shape[2 + along] = counts[along]
    return made.addresses.T.reshape(shape)


def _automatic_pads(
    sizes: Sequence[int], kernels: Sequence[int], attributes: dict[str, Any], outputs: Sequence[int]
) -> list[tuple[int, int]]:
    pads = []
    mode = str(attributes["auto_pad"]).lower()
    for axis, size in enumerate(sizes):
        reach = (kernels[axis] - 1) * int(attributes["dilations"][axis]) + 1
        total = max((outputs[axis] - 1) * int(attributes["strides"][axis]) + reach - size, 0)
        less, more = total // 2, total - total // 2
        pads.append((0, 0) if mode == "valid" else (more, less) if mode == "same_lower" else (less, more))
    return pads


def _spread(filters: np.ndarray[Any, Any], dilations: Sequence[int]) -> np.ndarray[Any, Any]:
    """Dilated filters: ``filters`` with zeros between their elements."""
    sizes = [(size - 1) * step + 1 for size, step in zip(filters.shape[2:], dilations, strict=True)]
    spread = np.zeros((*filters.shape[:2], *sizes), np.float32)
    spread[(slice(None), slice(None), *(slice(None, None, step) for step in dilations))] = filters
    return spread


def _max_pool(builder: FloatGraphBuilder, node: Any, operands: Sequence[Operand]) -> Operand:
    attributes, tensor = node.get_attributes(), tensor_of(operands[0])
    if node.get_output_size() > 1 and node.output(1).get_target_inputs():
        raise NotForGnaError("it outputs the positions of maxima")
    kernel, strides = ([int(number) for number in attributes[name]] for name in ("kernel", "strides"))
    pads = [*attributes["pads_begin"], *attributes["pads_end"]]
    dilations = attributes.get("dilations") or [1] * len(kernel)
    if any(pads) or any(int(step) != 1 for step in dilations):
        raise NotForGnaError("a pooling with padding or dilation")
    counts = [int(size) for size in node.get_output_shape(0)][2:]
    fused = _joined_pool(builder, name_of(node), tensor, kernel, strides)
    if fused is not None:
        # Positions that the device counts beyond the last whole window are not read.
        return Tensor(fused[(slice(None), slice(None), *(slice(0, count) for count in counts))])
    return Tensor(_pool_by_maxima(builder, name_of(node), tensor.addresses, kernel, strides, counts))


def _joined_pool(
    builder: FloatGraphBuilder, name: str, tensor: Tensor, kernel: Sequence[int], strides: Sequence[int]
) -> Addresses | None:
    """The pooling merged into the convolution below ``tensor`` [1, F, …]; None if that is not possible."""
    value = builder.whole_value(tensor)
    moving = [axis for axis, size in enumerate(kernel) if size > 1]
    if value is None or len(moving) != 1:
        return None
    above: list[Activation] = []
    layer: Layer | None = value.layer
    while isinstance(layer, Activation) and layer.function in _RISING:
        above.append(layer)
        layer = builder.maker_of(layer.input)
    scales: list[Diagonal] = []
    while isinstance(layer, Diagonal):
        scales.append(layer)
        layer = builder.maker_of(layer.input)
    if not isinstance(layer, Convolution) or layer.pool_window > 1:
        return None
    convolution: Convolution = layer
    for scale in reversed(scales):
        shift = np.zeros(1) if scale.biases is None else scale.biases
        joined = scaled_and_shifted(
            convolution,
            scale.weights.astype(np.float64),
            np.broadcast_to(shift, scale.weights.shape).astype(np.float64),
        )
        if not isinstance(joined, Convolution):
            return None
        convolution = joined
    along, count = moving[0], len(convolution.filters)
    positions = value.size // count
    order = tensor.addresses - value.start
    shape = [1, count, *([1] * len(kernel))]
    shape[2 + along] = positions
    if order.shape != tuple(shape) or (order.reshape(count, positions).T.ravel() != np.arange(value.size)).any():
        return None
    names = f"{name}/convolution" if above else name
    pooled = builder.pooled(names, convolution, positions, kernel[along], strides[along])
    for number, activation in enumerate(reversed(above), start=1):
        called = name if number == len(above) else f"{name}/{activation.function}"
        pooled = builder.activation(called, pooled, activation.function, activation.parameters)
    shape[2 + along] = pooled.shape[0]
    return pooled.addresses.T.reshape(shape)


def _pool_by_maxima(
    builder: FloatGraphBuilder,
    name: str,
    image: Addresses,
    kernel: Sequence[int],
    strides: Sequence[int],
    counts: Sequence[int],
) -> Addresses:
    """The pooling by element-wise maxima of two positions at a time."""
    best: Tensor | None = None
    for place in np.ndindex(*kernel):
        window = tuple(
            slice(start, start + (count - 1) * stride + 1, stride)
            for start, stride, count in zip(place, strides, counts, strict=True)
        )
        part = image[(slice(None), slice(None), *window)]
        if part.shape[2:] != tuple(counts):
            raise NotForGnaError("a pooling with an incomplete last window that does not follow a convolution")
        best = Tensor(part) if best is None else builder.maximum(f"{name}/of{place}", best, Tensor(part))
    assert best is not None
    return best.addresses


def _average_pool(builder: FloatGraphBuilder, node: Any, operands: Sequence[Operand]) -> Operand:
    attributes, tensor = node.get_attributes(), tensor_of(operands[0])
    kernel, strides = ([int(number) for number in attributes[name]] for name in ("kernel", "strides"))
    if any([*attributes["pads_begin"], *attributes["pads_end"]]):
        raise NotForGnaError("a pooling with padding")
    counts = [int(size) for size in node.get_output_shape(0)][2:]
    windows = []
    for place in np.ndindex(*kernel):
        taken = (
            slice(start, start + (count - 1) * stride + 1, stride)
            for start, stride, count in zip(place, strides, counts, strict=True)
        )
        windows.append(tensor.addresses[(slice(None), slice(None), *taken)])
    if any(window.shape != windows[0].shape for window in windows):
        raise NotForGnaError("a pooling with an incomplete last window")
    return means(builder, name_of(node), Tensor(np.stack(windows, axis=-1)))


CONVOLUTIONS: dict[str, Operation] = {
    "AvgPool": _average_pool,
    "Convolution": _convolution,
    "GroupConvolution": _convolution,
    "MaxPool": _max_pool,
}
