"""Element-wise sums and products, and matrix products, as layers of GNA.

Tests: tests/gna/graphs/reading/test_model_reader.py
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ov_asr_score.gna.graphs.float_graph import Activation, Diagonal
from ov_asr_score.gna.graphs.reading.builder import FloatGraphBuilder
from ov_asr_score.gna.graphs.reading.operands import Operand, Operation, add, multiply, name_of, tensor_of
from ov_asr_score.gna.graphs.reading.tensors import NotForGnaError, Tensor

# A matrix product over this many frames or positions becomes as many layers.
_MOST_ROWS = 64


def _add(builder: FloatGraphBuilder, node: Any, operands: Sequence[Operand]) -> Operand:
    return add(builder, name_of(node), operands[0], operands[1])


def _subtract(builder: FloatGraphBuilder, node: Any, operands: Sequence[Operand]) -> Operand:
    return add(builder, name_of(node), operands[0], operands[1], -1)


def _multiply(builder: FloatGraphBuilder, node: Any, operands: Sequence[Operand]) -> Operand:
    return multiply(builder, name_of(node), operands[0], operands[1])


def _divide(builder: FloatGraphBuilder, node: Any, operands: Sequence[Operand]) -> Operand:
    left, right = operands
    name = name_of(node)
    if not isinstance(right, Tensor):
        return builder.diagonal(name, tensor_of(left), 1 / np.asarray(right, np.float64))
    if isinstance(left, Tensor) and _is_softsign(builder, left, right):
        return builder.activation(name, left, "softsign")
    inverse = builder.activation(f"{name}/inverse", right, "power", (-1.0, 1.0, 0.0))
    return multiply(builder, name, left, inverse)


def _is_softsign(builder: FloatGraphBuilder, left: Tensor, right: Tensor) -> bool:
    """Whether ``right`` is 1 + |``left``|."""
    value = builder.whole_value(left)
    below = builder.whole_value(right)
    one_more = None if below is None else below.layer
    if value is None or below is None or not isinstance(one_more, Diagonal):
        return False
    maker = builder.maker_of(one_more.input)
    is_one_more = one_more.biases is not None and (one_more.biases == 1).all() and (one_more.weights == 1).all()
    of_left = isinstance(maker, Activation) and maker.function == "abs" and maker.input == value.name
    return bool(is_one_more and of_left and ((left.addresses - value.start) == (right.addresses - below.start)).all())


def _negative(builder: FloatGraphBuilder, node: Any, operands: Sequence[Operand]) -> Operand:
    return builder.diagonal(name_of(node), tensor_of(operands[0]), -1.0)


def _matmul(builder: FloatGraphBuilder, node: Any, operands: Sequence[Operand]) -> Operand:
    left, right = operands
    if isinstance(left, Tensor) and isinstance(right, Tensor):
        raise NotForGnaError("a matrix product without a constant operand")
    turned = [bool(node.get_attributes()[f"transpose_{side}"]) for side in "ab"]
    # A vector has one row on the left, one column on the right.
    first, second = (_matrix(operand, index, turned[index]) for index, operand in enumerate(operands))
    if isinstance(second, Tensor):
        rows, weights = second.addresses.swapaxes(-1, -2), np.asarray(first, np.float32)
    else:
        rows, weights = tensor_of(first).addresses, np.asarray(second, np.float32).swapaxes(-1, -2)
    batch = np.broadcast_shapes(rows.shape[:-2], weights.shape[:-2])
    rows = np.broadcast_to(rows, (*batch, *rows.shape[-2:])).reshape(-1, *rows.shape[-2:])
    one = np.prod(weights.shape[:-2], dtype=int) == 1
    matrices = [np.ascontiguousarray(weights.reshape(weights.shape[-2:]))] * len(rows) if one else None
    if matrices is None:
        matrices = [*np.broadcast_to(weights, (*batch, *weights.shape[-2:])).reshape(-1, *weights.shape[-2:])]
    count = rows.shape[0] * rows.shape[1]
    if count > _MOST_ROWS:
        raise NotForGnaError(f"a product with {count} rows, expected {_MOST_ROWS} at most")
    name = name_of(node)
    names = iter([name] if count == 1 else [f"{name}/row{number}" for number in range(count)])
    products = [
        [builder.affine(next(names), Tensor(row), matrix).addresses for row in group]
        for group, matrix in zip(rows, matrices, strict=True)
    ]
    made = np.array(products).reshape(*batch, rows.shape[1], -1)
    return Tensor(made.swapaxes(-1, -2) if isinstance(second, Tensor) else made)


def _matrix(operand: Operand, side: int, is_turned: bool) -> Operand:
    array = operand.addresses if isinstance(operand, Tensor) else np.asarray(operand)
    if array.ndim == 1:
        array = array[None, :] if side == 0 else array[:, None]
    elif is_turned:
        array = array.swapaxes(-1, -2)
    return Tensor(array) if isinstance(operand, Tensor) else array


ARITHMETIC: dict[str, Operation] = {
    "Add": _add,
    "Divide": _divide,
    "MatMul": _matmul,
    "Multiply": _multiply,
    "Negative": _negative,
    "Subtract": _subtract,
}
