"""Element-wise functions as layers of GNA.

Tests: tests/gna/graphs/reading/test_model_reader.py
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ov_asr_score.gna.graphs.float_graph import Function
from ov_asr_score.gna.graphs.reading.builder import FloatGraphBuilder
from ov_asr_score.gna.graphs.reading.operands import Known, Operand, Operation, known, name_of, single, tensor_of
from ov_asr_score.gna.graphs.reading.tensors import NotForGnaError, Tensor


def _function(builder: FloatGraphBuilder, node: Any, operands: Sequence[Operand]) -> Operand:
    function = _FUNCTIONS[node.get_type_name()]
    return builder.activation(name_of(node), tensor_of(operands[0]), function, is_whole=function == "sign")


def _relu(builder: FloatGraphBuilder, node: Any, operands: Sequence[Operand]) -> Operand:
    return builder.clamp(name_of(node), tensor_of(operands[0]), 0.0)


def _prelu(builder: FloatGraphBuilder, node: Any, operands: Sequence[Operand]) -> Operand:
    tensor, slopes = tensor_of(operands[0]), known(operands, 1, "slope")
    if slopes.ndim == 1 and slopes.size > 1 and len(tensor.shape) > 1:
        slopes = slopes.reshape(-1, *[1] * (len(tensor.shape) - 2))  # one for each channel, the second axis
    return builder.leaky_relu(name_of(node), tensor, slopes)


def _clamp(builder: FloatGraphBuilder, node: Any, operands: Sequence[Operand]) -> Operand:
    attributes = node.get_attributes()
    return builder.clamp(name_of(node), tensor_of(operands[0]), float(attributes["min"]), float(attributes["max"]))


def _hard_sigmoid(builder: FloatGraphBuilder, node: Any, operands: Sequence[Operand]) -> Operand:
    name = name_of(node)
    slope, shift = single(known(operands, 1, "slope"), "slope"), single(known(operands, 2, "shift"), "shift")
    line = builder.diagonal(f"{name}/line", tensor_of(operands[0]), slope, shift)
    return builder.clamp(name, line, 0.0, 1.0)


def _swish(builder: FloatGraphBuilder, node: Any, operands: Sequence[Operand]) -> Operand:
    name, tensor = name_of(node), tensor_of(operands[0])
    slope = single(known(operands, 1, "slope"), "slope") if len(operands) > 1 else 1.0
    opened = builder.activation(f"{name}/sigmoid", builder.diagonal(f"{name}/slope", tensor, slope), "sigmoid")
    return builder.product(name, tensor, opened)


def _hard_swish(builder: FloatGraphBuilder, node: Any, operands: Sequence[Operand]) -> Operand:
    name, tensor = name_of(node), tensor_of(operands[0])
    opened = builder.clamp(f"{name}/opened", builder.diagonal(f"{name}/line", tensor, 1 / 6, 0.5), 0.0, 1.0)
    return builder.product(name, tensor, opened)


def _elu(builder: FloatGraphBuilder, node: Any, operands: Sequence[Operand]) -> Operand:
    # max(x, 0) + alpha (exp(min(x, 0)) - 1)
    name, tensor, alpha = name_of(node), tensor_of(operands[0]), float(node.get_attributes()["alpha"])
    grown = builder.activation(f"{name}/exp", builder.clamp(f"{name}/below", tensor, greatest=0.0), "exp")
    below = builder.diagonal(f"{name}/less", grown, alpha, -alpha)
    return builder.sum(name, builder.clamp(f"{name}/above", tensor, 0.0), below)


def _fake_quantize(builder: FloatGraphBuilder, node: Any, operands: Sequence[Operand]) -> Operand:
    name, tensor, levels = name_of(node), tensor_of(operands[0]), int(node.get_attributes()["levels"])
    low, high, new_low, new_high = (single(known(operands, index, "range"), "range") for index in range(1, 5))
    if not high > low:
        raise NotForGnaError(f"its range is from {low:g} to {high:g}")
    value = builder.fake_quantize(name, tensor, low, high, levels)
    if (low, high) == (new_low, new_high):
        return value
    scale = (new_high - new_low) / (high - low)
    return builder.diagonal(f"{name}/range", value, scale, new_low - low * scale)


def _maximum(builder: FloatGraphBuilder, node: Any, operands: Sequence[Operand]) -> Operand:
    return bounded(builder, name_of(node), operands, 1)


def _minimum(builder: FloatGraphBuilder, node: Any, operands: Sequence[Operand]) -> Operand:
    return bounded(builder, name_of(node), operands, -1)


def bounded(builder: FloatGraphBuilder, name: str, operands: Sequence[Operand], sign: int) -> Operand:
    """The element-wise maximum (``sign`` 1) or minimum (-1) of two operands."""
    left, right = operands if isinstance(operands[0], Tensor) else (operands[1], operands[0])
    left = tensor_of(left)
    if isinstance(right, Tensor):
        if sign > 0:
            return builder.maximum(name, left, right)
        above = builder.clamp(f"{name}/above", builder.sum(f"{name}/difference", left, right, -1), 0.0)
        return builder.sum(name, left, above, -1)
    bound = np.asarray(right, np.float32)
    left = left.broadcast(np.broadcast_shapes(left.shape, bound.shape))
    if np.unique(bound).size == 1:
        limit = float(bound.reshape(-1)[0])
        return builder.clamp(name, left, limit) if sign > 0 else builder.clamp(name, left, greatest=limit)
    # max(x, c) = c + max(x - c, 0), min(x, c) = c - max(c - x, 0)
    difference = builder.diagonal(f"{name}/difference", left, float(sign), -sign * bound)
    return builder.diagonal(name, builder.clamp(f"{name}/above", difference, 0.0), float(sign), bound)


def _power(builder: FloatGraphBuilder, node: Any, operands: Sequence[Operand]) -> Operand:
    base, exponent = operands
    name = name_of(node)
    if isinstance(exponent, Tensor):
        base = known(operands, 0, "base (its exponent is computed as well)")
        if (np.asarray(base) <= 0).any():
            raise NotForGnaError("its base is not positive")
        return builder.activation(name, builder.diagonal(f"{name}/log", exponent, np.log(base)), "exp")
    return to_power(builder, name, tensor_of(base), np.asarray(exponent))


def to_power(builder: FloatGraphBuilder, name: str, base: Tensor, exponents: Known) -> Tensor:
    """``base`` to the power of a single number, in the broadcast shape of both."""
    base = base.broadcast(np.broadcast_shapes(base.shape, exponents.shape))
    exponent = single(exponents, "exponent")
    return base if exponent == 1 else builder.activation(name, base, "power", (exponent, 1.0, 0.0))


def _sqrt(builder: FloatGraphBuilder, node: Any, operands: Sequence[Operand]) -> Operand:
    return to_power(builder, name_of(node), tensor_of(operands[0]), np.array(0.5))


_FUNCTIONS: dict[str, Function] = {
    "Abs": "abs",
    "Exp": "exp",
    "Log": "log",
    "Sigmoid": "sigmoid",
    "Sign": "sign",
    "SoftSign": "softsign",
    "Tanh": "tanh",
}
FUNCTIONS: dict[str, Operation] = {
    "Clamp": _clamp,
    "Elu": _elu,
    "FakeQuantize": _fake_quantize,
    "HSwish": _hard_swish,
    "HardSigmoid": _hard_sigmoid,
    "Maximum": _maximum,
    "Minimum": _minimum,
    "PRelu": _prelu,
    "Power": _power,
    "Relu": _relu,
    "Sqrt": _sqrt,
    "Swish": _swish,
    **dict.fromkeys(_FUNCTIONS, _function),
}
