"""Evaluates operations with the OpenVINO runtime: constants, and where the elements of moved tensors come from.

Tests: tests/gna/graphs/reading/test_model_reader.py
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.gna.graphs.reading.tensors import NotForGnaError, Tensor
from ov_asr_score.openvino_api import RUNTIME_ERRORS, ov

MOVING = frozenset(
    {
        "BatchToSpace",
        "Broadcast",
        "DepthToSpace",
        "Gather",
        "GatherElements",
        "GatherND",
        "Pad",
        "Reshape",
        "Reverse",
        "Roll",
        "ShuffleChannels",
        "Slice",
        "SpaceToBatch",
        "SpaceToDepth",
        "Split",
        "Squeeze",
        "StridedSlice",
        "Tile",
        "Transpose",
        "Unsqueeze",
        "VariadicSplit",
    }
)
"""Types of operations that only move the elements of their first input."""


def evaluate(node: Any, inputs: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
    """The outputs of a node for constant ``inputs``."""
    results = []
    for output in node.outputs():
        shape = output.get_partial_shape()
        static = [] if shape.is_dynamic else [int(size) for size in output.get_shape()]
        results.append(ov.Tensor(output.get_element_type(), ov.Shape(static)))
    tensors = [_tensor(node.input(index).get_element_type(), values) for index, values in enumerate(inputs)]
    try:
        done = node.evaluate(results, tensors)
    except RUNTIME_ERRORS:
        done = False
    if not done:
        raise NotForGnaError("the runtime cannot evaluate it in advance")
    return [np.array(result.data) for result in results]


def _tensor(element_type: Any, values: NDArray[Any]) -> ov.Tensor:
    """A tensor with a copy of ``values``; the bindings of 2023.3 misread the sizes of numpy 2 arrays."""
    tensor = ov.Tensor(element_type, ov.Shape(list(np.shape(values))))
    if tensor.size:
        tensor.data[...] = values
    return tensor


def moved(node: Any, source: Tensor, others: Sequence[NDArray[Any]]) -> list[Tensor]:
    """The output tensors of a node that moves the elements of ``source``, its first input.

    The runtime moves the numbers of the elements, counted from 1, instead of their values: digit by digit, each as
    large as the element type represents exactly. Padding with zeros gets the number 0.
    """
    if node.get_type_name() == "Pad":
        mode = str(node.get_attributes().get("pad_mode", "constant")).lower()
        if mode == "constant" and len(others) > 2 and np.any(others[2]):
            raise NotForGnaError("it pads with numbers other than zero")
    base = _BASES.get(node.input(0).get_element_type().get_type_name(), 1 << 7)
    places = np.arange(1, source.addresses.size + 1).reshape(source.shape)
    numbers: list[NDArray[np.int64]] = []
    unit = 1
    while unit <= source.addresses.size:
        digits = evaluate(node, [places // unit % base, *others])
        numbers = numbers or [np.zeros(digit.shape, np.int64) for digit in digits]
        numbers = [total + unit * digit.astype(np.int64) for total, digit in zip(numbers, digits, strict=True)]
        unit *= base
    addresses = np.concatenate([[0], source.addresses.reshape(-1)])
    return [Tensor(addresses[number]) for number in numbers]


_BASES = {"f32": 1 << 24, "f64": 1 << 24, "i32": 1 << 24, "i64": 1 << 24, "f16": 1 << 11, "bf16": 1 << 7, "boolean": 2}
