"""Unrolls loops with a known number of steps.

Tests: tests/gna/graphs/reading/test_model_reader.py
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ov_asr_score.gna.graphs.reading.operands import Operand
from ov_asr_score.gna.graphs.reading.tensors import NotForGnaError, Tensor

# More steps than this would make more layers than a device accepts.
_MOST_STEPS = 32

Body = Callable[[dict[int, Operand]], list[Operand]]


def unrolled(node: Any, operands: Sequence[Operand], body: Body) -> list[Operand]:
    """The outputs of a TensorIterator or Loop; ``body`` maps its parameters, by index, to its results."""
    inputs, outputs = node.get_input_descriptions(), node.get_output_descriptions()
    steps = _number_of_steps(node, operands, inputs)
    counter = -1
    if node.get_type_name() == "Loop":
        counter = int(node.get_special_body_ports().current_iteration_input_idx)
    arguments: dict[int, Operand] = {}
    kept: list[list[Operand]] = []
    for step in range(steps):
        for description in inputs:
            number, operand = description.body_parameter_index, operands[description.input_index]
            if _is(description, "Slice"):
                arguments[number] = _part(operand, description, step)
            elif step == 0 or not _is(description, "Merged"):
                arguments[number] = operand
            else:
                arguments[number] = kept[-1][description.body_value_index]
        if counter >= 0:
            arguments[counter] = np.array(step, np.int64)
        kept.append(body(arguments))
    results: list[Operand | None] = [None] * node.get_output_size()
    for description in outputs:
        index = description.body_value_index
        if _is(description, "Concat"):
            parts = [results_of[index] for results_of in kept]
            ordered = parts if description.stride > 0 else parts[::-1]
            results[description.output_index] = _joined(ordered, int(description.axis))
        else:
            results[description.output_index] = kept[int(description.iteration)][index]
    if any(result is None for result in results):
        raise NotForGnaError("a loop with an undefined output")
    return [result for result in results if result is not None]


def _is(description: Any, kind: str) -> bool:
    return kind in type(description).__name__


def _number_of_steps(node: Any, operands: Sequence[Operand], inputs: Sequence[Any]) -> int:
    counts = {
        operands[description.input_index].shape[description.axis] // max(abs(int(description.stride)), 1)
        for description in inputs
        if _is(description, "Slice")
    }
    if node.get_type_name() == "Loop":
        trips, condition = operands[0], operands[1]
        if isinstance(trips, Tensor) or isinstance(condition, Tensor) or not np.all(condition):
            raise NotForGnaError("a loop whose number of steps is computed")
        counts |= {int(trips.reshape(-1)[0])} if int(trips.reshape(-1)[0]) >= 0 else set()
    steps = min(counts, default=0)
    if not 1 <= steps <= _MOST_STEPS:
        raise NotForGnaError(f"a loop of {steps} steps, expected {_MOST_STEPS} at most")
    return int(steps)


def _part(operand: Operand, description: Any, step: int) -> Operand:
    stride, size, axis = int(description.stride), int(description.part_size), int(description.axis)
    length = operand.shape[axis]
    start = int(description.start)
    start += length if start < 0 else 0
    # In a backward loop, ``start`` is the end of the part of a step.
    first = start + step * stride if stride > 0 else start + step * stride - size + 1
    window = (slice(None),) * axis + (slice(first, first + size),)
    return Tensor(operand.addresses[window]) if isinstance(operand, Tensor) else operand[window]


def _joined(parts: Sequence[Operand], axis: int) -> Operand:
    if all(isinstance(part, Tensor) for part in parts):
        return Tensor(np.concatenate([part.addresses for part in parts if isinstance(part, Tensor)], axis))
    if any(isinstance(part, Tensor) for part in parts):
        raise NotForGnaError("a loop with some constant steps")
    return np.concatenate([part for part in parts if not isinstance(part, Tensor)], axis)
