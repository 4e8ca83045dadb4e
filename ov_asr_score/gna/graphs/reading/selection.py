"""Comparisons, selections and reductions as layers of GNA.

Truth values are the numbers 0 and 1.

Tests: tests/gna/graphs/reading/test_model_reader.py
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ov_asr_score.gna.graphs.reading.activations import bounded, to_power
from ov_asr_score.gna.graphs.reading.builder import FloatGraphBuilder
from ov_asr_score.gna.graphs.reading.operands import (
    Operand,
    Operation,
    add,
    as_constant,
    known,
    multiply,
    name_of,
    tensor_of,
)
from ov_asr_score.gna.graphs.reading.tensors import NotForGnaError, Tensor
from ov_asr_score.gna.graphs.simplifying import LARGEST_MATRIX


def choose(builder: FloatGraphBuilder, name: str, flag: Tensor, first: Operand, second: Operand) -> Tensor:
    """``first`` where ``flag`` is one, ``second`` where it is zero."""
    chosen = multiply(builder, f"{name}/first", first, flag)
    if is_zero(second):
        return chosen
    opposite = builder.diagonal(f"{name}/not", flag, -1.0, 1.0)
    return add(builder, name, chosen, multiply(builder, f"{name}/second", second, opposite))


def is_zero(operand: Operand) -> bool:
    """Whether all elements are known to be zero."""
    return operand.is_zero if isinstance(operand, Tensor) else not operand.any()


def _reduce(builder: FloatGraphBuilder, node: Any, operands: Sequence[Operand]) -> Operand:
    kind, name, tensor = node.get_type_name(), name_of(node), tensor_of(operands[0])
    axes = tuple(int(axis) % len(tensor.shape) for axis in known(operands, 1, "axes").reshape(-1))
    others = [axis for axis in range(len(tensor.shape)) if axis not in axes]
    groups = tensor.addresses.transpose([*others, *axes]).reshape(
        np.prod([tensor.shape[i] for i in others], dtype=int), -1
    )
    length = groups.shape[1]
    if kind in ("ReduceMax", "ReduceMin"):
        sign = 1 if kind == "ReduceMax" else -1
        columns: list[Operand] = [Tensor(groups[:, column]) for column in range(length)]
        while len(columns) > 1:
            # compare one half with the other, so that few layers are needed
            half = len(columns) // 2
            first = Tensor(np.stack([tensor_of(column).addresses for column in columns[:half]]))
            second = Tensor(np.stack([tensor_of(column).addresses for column in columns[half : 2 * half]]))
            better = tensor_of(bounded(builder, f"{name}/of{len(columns)}", [first, second], sign))
            columns = [*(Tensor(row) for row in better.addresses), *columns[2 * half :]]
        reduced = tensor_of(columns[0])
    else:
        if kind == "ReduceL2":
            squares = builder.product(f"{name}/squares", Tensor(groups), Tensor(groups))
            groups = squares.addresses
        elif kind == "ReduceL1":
            groups = builder.activation(f"{name}/abs", Tensor(groups), "abs").addresses
        reduced = means(builder, name, Tensor(groups), 1 / length if kind == "ReduceMean" else 1.0)
        if kind == "ReduceL2":
            reduced = to_power(builder, f"{name}/root", reduced, np.array(0.5))
    return Tensor(reduced.addresses)


def means(builder: FloatGraphBuilder, name: str, groups: Tensor, factor: float | None = None) -> Tensor:
    """Sums over the last axis times ``factor`` (None: means)."""
    *shape, length = groups.shape
    places, wanted = np.unique(groups.addresses, return_inverse=True)
    rows = np.repeat(np.arange(np.prod(shape, dtype=int)), length)
    if rows.size // length * places.size > LARGEST_MATRIX:
        raise NotForGnaError(f"it sums {rows.size // length} groups of {length} elements")
    weights = np.zeros((rows.size // length, places.size), np.float32)
    np.add.at(weights, (rows, wanted.reshape(-1)), np.float32(1 / length if factor is None else factor))
    return builder.affine(name, Tensor(places), weights).reshaped(shape)


def _compare(builder: FloatGraphBuilder, node: Any, operands: Sequence[Operand]) -> Operand:
    kind, name = node.get_type_name(), name_of(node)
    inclusive = kind in ("GreaterEqual", "LessEqual")
    left, right = (operand if isinstance(operand, Tensor) else np.asarray(operand, np.float32) for operand in operands)
    if kind in ("Equal", "NotEqual"):
        return _differ(builder, node, left, right)
    if kind in ("Less", "LessEqual"):
        left, right = right, left
    # A whole number is greater than 0.5 exactly if it is at least 1.
    if not isinstance(right, Tensor) and builder.are_whole_numbers(tensor_of(left)):
        right, inclusive = (np.ceil(right) if inclusive else np.floor(right) + 1), True
    elif not isinstance(left, Tensor) and builder.are_whole_numbers(tensor_of(right)):
        left, inclusive = (np.floor(left) if inclusive else np.ceil(left) - 1), True
    step = add(builder, f"{name}/difference", left, right, -1)
    if not builder.are_whole_numbers(step):
        step = builder.activation(f"{name}/sign", step, "sign", is_whole=True)
    return builder.clamp(name, builder.diagonal(f"{name}/or_equal", step, biases=float(inclusive)), 0.0, 1.0)


def _differ(builder: FloatGraphBuilder, node: Any, left: Operand, right: Operand) -> Tensor:
    name = name_of(node)
    distance = add(builder, f"{name}/difference", left, right, -1)
    whole = builder.are_whole_numbers(distance)
    distance = builder.activation(f"{name}/distance", distance, "abs", is_whole=whole)
    distance = distance if whole else builder.activation(f"{name}/sign", distance, "sign", is_whole=True)
    differs = builder.clamp(f"{name}/differs", distance, 0.0, 1.0)
    return differs if node.get_type_name() == "NotEqual" else builder.diagonal(name, differs, -1.0, 1.0)


def _logical(builder: FloatGraphBuilder, node: Any, operands: Sequence[Operand]) -> Operand:
    kind, name = node.get_type_name(), name_of(node)
    if kind == "LogicalNot":
        return builder.diagonal(name, tensor_of(operands[0]), -1.0, 1.0)
    left, right = (operand if isinstance(operand, Tensor) else np.asarray(operand, np.float32) for operand in operands)
    both = multiply(builder, name if kind == "LogicalAnd" else f"{name}/both", left, right)
    if kind == "LogicalAnd":
        return both
    return builder.clamp(name, add(builder, f"{name}/sum", left, right), 0.0, 1.0)


def _select(builder: FloatGraphBuilder, node: Any, operands: Sequence[Operand]) -> Operand:
    condition, first, second = operands
    shape = np.broadcast_shapes(*(operand.shape for operand in operands))
    if isinstance(condition, Tensor):
        return choose(builder, name_of(node), condition.broadcast(shape), first, second)
    taken = [as_constant(builder, node, operand).broadcast(shape).addresses for operand in (first, second)]
    return Tensor(np.where(np.asarray(condition, bool), taken[0], taken[1]))


def _convert(builder: FloatGraphBuilder, node: Any, operands: Sequence[Operand]) -> Operand:
    rounds = node.input(0).get_element_type().is_real() and not node.get_element_type().is_real()
    if rounds and not builder.are_whole_numbers(tensor_of(operands[0])):
        raise NotForGnaError("it rounds to whole numbers")
    return operands[0]


def _same(_: FloatGraphBuilder, __: Any, operands: Sequence[Operand]) -> Operand:
    return operands[0]


def _concat(builder: FloatGraphBuilder, node: Any, operands: Sequence[Operand]) -> Operand:
    parts = [as_constant(builder, node, operand).addresses for operand in operands]
    return Tensor(np.concatenate(parts, axis=int(node.get_attributes()["axis"])))


CHOICES: dict[str, Operation] = {
    "Concat": _concat,
    "Convert": _convert,
    "ConvertLike": _convert,
    "Select": _select,
    **dict.fromkeys(("Equal", "Greater", "GreaterEqual", "Less", "LessEqual", "NotEqual"), _compare),
    **dict.fromkeys(("Identity", "Result"), _same),
    **dict.fromkeys(("LogicalAnd", "LogicalNot", "LogicalOr"), _logical),
    **dict.fromkeys(("ReduceL1", "ReduceL2", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceSum"), _reduce),
}
