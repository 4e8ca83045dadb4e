"""Constants of a graph that hold NaN or infinity, loops and branches included.

Tests: tests/ov_model/test_finite_weights.py
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.finite import is_finite
from ov_asr_score.openvino_api import ov

# Of 16-bit floats: the bits of the exponent, which are all set in NaN and infinity only.
_EXPONENTS = {"f16": 0x7C00, "bf16": 0x7F80}
_WHOLE_FLOATS = ("f32", "f64")
_PIECE = 1 << 16
_LOOPS = ("TensorIterator", "Loop")


class ConstantValues(NamedTuple):
    """A constant with values that are not finite; ``values`` are all of them, float32 or float64."""

    node: Any
    values: NDArray[Any]


def nonfinite_constants(model: ov.Model) -> list[ConstantValues]:
    """The constants of ``model`` and of the graphs inside of it that hold NaN or infinity.

    One pass over the weights, which takes about as long as reading them from memory.
    """
    return [ConstantValues(node, as_floats(node)) for node in all_constants(model) if not constant_is_finite(node)]


def all_constants(model: ov.Model) -> Iterator[Any]:
    """The constants of ``model`` and of the graphs inside of it."""
    for node in model.get_ordered_ops():
        kind = node.get_type_name()
        if kind == "Constant":
            yield node
        for body in bodies_of(node, kind):
            yield from all_constants(body)


def bodies_of(node: Any, kind: str) -> list[Any]:
    """The graphs inside of a node of type ``kind``: the body of a loop, both branches of a condition."""
    if kind in _LOOPS:
        return [node.get_function()]
    return [node.get_function(0), node.get_function(1)] if kind == "If" else []


def constant_is_finite(node: Any) -> bool:
    """True for a constant without NaN and infinity; integers, and floats of 8 or fewer bits, are taken for finite."""
    kind = node.get_element_type().get_type_name()
    if kind in _WHOLE_FLOATS:
        return is_finite(node.data)
    if kind not in _EXPONENTS:
        return True
    bits, exponent = node.data.reshape(-1).view(np.uint16), _EXPONENTS[kind]
    pieces = (bits[start : start + _PIECE] for start in range(0, len(bits), _PIECE))
    return all(int((piece & 0x7FFF).max()) < exponent for piece in pieces)


def as_floats(node: Any) -> NDArray[Any]:
    """The values of a constant of floats, as float32 or float64."""
    if node.get_element_type().get_type_name() != "bf16":
        data: NDArray[Any] = node.data
        return data if data.itemsize > 2 else data.astype(np.float32)
    # The runtime hands out the bits, which are the upper half of a float32.
    bits: NDArray[np.uint32] = node.data.view(np.uint16).astype(np.uint32) << 16
    return bits.view(np.float32)
