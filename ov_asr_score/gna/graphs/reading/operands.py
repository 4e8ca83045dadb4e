"""Operands of operations: tensors of the graph, or constants.

Tests: tests/gna/graphs/reading/test_model_reader.py
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.gna.graphs.reading.builder import FloatGraphBuilder
from ov_asr_score.gna.graphs.reading.tensors import NotForGnaError, Tensor

Known: TypeAlias = NDArray[Any]
Operand: TypeAlias = Tensor | Known
Operation: TypeAlias = Callable[[FloatGraphBuilder, Any, Sequence[Operand]], Operand]


def add(builder: FloatGraphBuilder, name: str, left: Operand, right: Operand, sign: int = 1) -> Tensor:
    """``left`` + ``sign`` · ``right``, one of them a tensor."""
    if not isinstance(right, Tensor):
        return builder.diagonal(name, tensor_of(left), biases=sign * np.asarray(right, np.float32))
    if not isinstance(left, Tensor):
        return builder.diagonal(name, right, float(sign), np.asarray(left, np.float32))
    return builder.sum(name, left, right, sign)


def multiply(builder: FloatGraphBuilder, name: str, left: Operand, right: Operand) -> Tensor:
    """``left`` ⊙ ``right``, one of them a tensor."""
    if not isinstance(left, Tensor):
        left, right = right, left
    if not isinstance(right, Tensor):
        return builder.diagonal(name, tensor_of(left), np.asarray(right, np.float32))
    return builder.product(name, tensor_of(left), right)


def tensor_of(operand: Operand) -> Tensor:
    """``operand``, which must be a tensor (operations on constants alone are evaluated earlier)."""
    assert isinstance(operand, Tensor)
    return operand


def known(operands: Sequence[Operand], index: int, what: str) -> Known:
    """Operand number ``index``, which must be a constant; ``what`` names it in the error. Raises NotForGnaError."""
    operand = operands[index]
    if isinstance(operand, Tensor):
        raise NotForGnaError(f"its {what} is computed, expected a constant")
    return operand


def single(numbers: Known, what: str) -> float:
    """The single number that all ``numbers`` are equal to; ``what`` names them in the error. Raises NotForGnaError."""
    values = np.unique(np.asarray(numbers, np.float32))
    if values.size != 1:
        raise NotForGnaError(f"its {what} differs from element to element")
    return float(values[0])


def name_of(node: Any) -> str:
    """Friendly name of a node."""
    return str(node.get_friendly_name())


def as_constant(builder: FloatGraphBuilder, node: Any, operand: Operand) -> Tensor:
    """``operand`` as a tensor of the graph; a constant gets a layer named after ``node``."""
    return operand if isinstance(operand, Tensor) else builder.constant(f"{name_of(node)}/constant", operand)
