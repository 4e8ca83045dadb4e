"""Frames [B, N, height * filters] as the images [B, filters, N, height] that a Convolution takes, and back.

A convolution that reads another one through layers that treat every column for itself gets that one's image: the layers
between are built anew on images, and nothing is transposed. What is left without readers falls away::

    Convolution ─ transpose ─ Relu ─ scale ─ transpose ─ Convolution   →   Convolution ─ Relu ─ scale ─ Convolution
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.convert.tensors.constants import float_scalar, int_vector
from ov_asr_score.openvino_api import opset, ov

_UNARY = {"Relu": opset.relu, "Sigmoid": opset.sigmoid, "Tanh": opset.tanh}
_BINARY = {"Add": opset.add, "Multiply": opset.multiply}
_TIME_OF_FRAMES, _TIME_OF_IMAGES = 1, 2


def frames_of(image: ov.Output, width: int) -> ov.Output:
    """The frames [B, N, width] of an image [B, C, N, H], filters next to each other."""
    rows = opset.transpose(image, int_vector(0, 2, 3, 1))
    return opset.reshape(rows, int_vector(0, 0, width), special_zero=True).output(0)


def image_of(frames: ov.Output, height: int, filters: int, known: dict[str, ov.Output]) -> ov.Output:
    """The image [B, filters, N, height] of ``frames``; ``known`` keeps images by node for later calls."""
    image = _image(frames, height, filters, known)
    if image is not None:
        return image
    rows = opset.reshape(frames, int_vector(0, 0, height, filters), special_zero=True)
    return opset.transpose(rows, int_vector(0, 3, 1, 2)).output(0)


def _image(frames: ov.Output, height: int, filters: int, known: dict[str, ov.Output]) -> ov.Output | None:
    node = frames.get_node()
    if node.get_name() not in known:
        image = _built(node, height, filters, known)
        if image is None:
            return None
        if not _is_way_back(node):
            image.get_node().set_friendly_name(node.get_friendly_name())
        known[node.get_name()] = image
    return known[node.get_name()]


def _built(node: Any, height: int, filters: int, known: dict[str, ov.Output]) -> ov.Output | None:
    """What ``node`` does with frames, done with images; None where it does not come from an image."""
    if _is_way_back(node):
        image = node.input_value(0).get_node().input_value(0)
        shape = image.get_partial_shape()
        return image if (shape[1], shape[3]) == (filters, height) else None
    kind = node.get_type_name()
    if kind not in (*_UNARY, *_BINARY, "Slice", "Pad", "Select"):
        return None
    source = _image(node.input_value(1 if kind == "Select" else 0), height, filters, known)
    if source is None:
        return None
    if kind in _UNARY:
        return _UNARY[kind](source).output(0)
    if kind in _BINARY:
        values = _constant(node.input_value(1))
        if values is None or values.size not in (1, height * filters):
            return None
        by_column = np.broadcast_to(values.reshape(-1), (height * filters,)).reshape(height, filters)
        return _BINARY[kind](source, opset.constant(_shortest(by_column.T[None, :, None, :]))).output(0)
    if kind == "Select":
        mask = opset.unsqueeze(node.input_value(0), int_vector(1))
        otherwise = _constant(node.input_value(2))
        return None if otherwise is None or otherwise.size != 1 else opset.select(mask, source, otherwise).output(0)
    return _slice(node, source) if kind == "Slice" else _pad(node, source)


def _is_way_back(node: Any) -> bool:
    """Whether this is the end of ``frames_of``."""
    if node.get_type_name() != "Reshape":
        return False
    before = node.input_value(0).get_node()
    if before.get_type_name() != "Transpose":
        return False
    order = _constant(before.input_value(1))
    return order is not None and order.tolist() == [0, 2, 3, 1]


def _slice(node: Any, source: ov.Output) -> ov.Output | None:
    bounds = [_constant(node.input_value(index)) for index in range(1, 5)]
    if any(bound is None for bound in bounds) or _listed(bounds[3]) != [_TIME_OF_FRAMES]:
        return None
    start, stop, step = (int_vector(*_listed(bound)) for bound in bounds[:3])
    return opset.slice(source, start, stop, step, int_vector(_TIME_OF_IMAGES)).output(0)


def _pad(node: Any, source: ov.Output) -> ov.Output | None:
    """Zeros in front and behind, as ``pad_frames`` makes them."""
    begin, end, fill = (_constant(node.input_value(index)) for index in range(1, 4))
    if begin is None or end is None or fill is None or fill.any() or node.get_attributes()["pad_mode"] != "constant":
        return None
    before, after = (_listed(amount)[_TIME_OF_FRAMES] for amount in (begin, end))
    zero = float_scalar(0)
    return opset.pad(source, int_vector(0, 0, before, 0), int_vector(0, 0, after, 0), "constant", zero).output(0)


def _shortest(values: NDArray[Any]) -> NDArray[Any]:
    """[1, C, 1, H] without its last axis where that makes no difference, so that it can be part of a convolution."""
    return np.ascontiguousarray(values[..., :1] if (values == values[..., :1]).all() else values)


def _constant(output: ov.Output) -> NDArray[Any] | None:
    node = output.get_node()
    if node.get_type_name() != "Constant" or not hasattr(node, "data"):
        return None
    return np.asarray(node.data)


def _listed(values: NDArray[Any] | None) -> list[int]:
    return [] if values is None else [int(value) for value in values.reshape(-1)]
