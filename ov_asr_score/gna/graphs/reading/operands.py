"""What operations work on: tensors of a graph, and what is known of them in advance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.gna.graphs.reading.builder import GraphBuilder
from ov_asr_score.gna.graphs.reading.tensors import NotForGnaError, Tensor

Known: TypeAlias = NDArray[Any]
Operand: TypeAlias = Tensor | Known
Operation: TypeAlias = Callable[[GraphBuilder, Any, Sequence[Operand]], Operand]


def add(builder: GraphBuilder, name: str, left: Operand, right: Operand, sign: int = 1) -> Tensor:
    """``left`` + ``sign`` · ``right``, one of them a tensor."""
    if not isinstance(right, Tensor):
        return builder.diagonal(name, tensor_of(left), biases=sign * np.asarray(right, np.float32))
    if not isinstance(left, Tensor):
        return builder.diagonal(name, right, float(sign), np.asarray(left, np.float32))
    return builder.sum(name, left, right, sign)


def multiply(builder: GraphBuilder, name: str, left: Operand, right: Operand) -> Tensor:
    """``left`` ⊙ ``right``, one of them a tensor."""
    if not isinstance(left, Tensor):
        left, right = right, left
    if not isinstance(right, Tensor):
        return builder.diagonal(name, tensor_of(left), np.asarray(right, np.float32))
    return builder.product(name, tensor_of(left), right)


def tensor_of(operand: Operand) -> Tensor:
    """``operand``, which has to be a tensor (what is known throughout is computed before)."""
    assert isinstance(operand, Tensor)
    return operand


def known(operands: Sequence[Operand], index: int, what: str) -> Known:
    """Input ``index``, a constant; ``what`` it is, for the refusal of others."""
    found = operands[index]
    if isinstance(found, Tensor):
        raise NotForGnaError(f"its {what} is computed, expected a constant")
    return found


def single(numbers: Known, what: str) -> float:
    """The one number that all ``numbers`` are."""
    values = np.unique(np.asarray(numbers, np.float32))
    if values.size != 1:
        raise NotForGnaError(f"its {what} differs from element to element")
    return float(values[0])


def name_of(node: Any) -> str:
    """What a node is called."""
    return str(node.get_friendly_name())


def as_constant(builder: GraphBuilder, node: Any, operand: Operand) -> Tensor:
    """``operand`` as elements of the graph."""
    return operand if isinstance(operand, Tensor) else builder.constant(f"{name_of(node)}/constant", operand)
