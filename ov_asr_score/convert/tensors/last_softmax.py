"""The softmax that a graph ends with, behind operations that change no value.

Tests: tests/ov_model/test_after_network.py
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from ov_asr_score.openvino_api import ov

SoftmaxKind = Literal["softmax", "log-softmax"]
Role = Literal["move", "floor", "log", "softmax"]

# What hands its first input on, value by value.
_RESHAPES = frozenset({"Reshape", "Squeeze", "Unsqueeze"})
_MOVES = _RESHAPES | {"Transpose", "Convert", "Identity"}
# What keeps a logarithm from infinity, with a single number as the other input.
_FLOORS = frozenset({"Add", "Maximum", "Clamp"})


@dataclass(frozen=True, slots=True)
class PathStep:
    """An operation between an output and its softmax, or the softmax itself; ``index`` is the input that leads on."""

    node: Any
    index: int
    role: Role


@dataclass(frozen=True, slots=True)
class LastSoftmax:
    """What an output ends with; ``path`` leads from the output to the softmax, which is its last step."""

    kind: SoftmaxKind
    path: tuple[PathStep, ...]

    @property
    def node(self) -> Any:
        """The Softmax or LogSoftmax."""
        return self.path[-1].node

    def axis_of(self, axis: int) -> int | None:
        """The axis of the softmax that ``axis`` of the output was there; None behind a change of the number of axes."""
        rank = self.node.get_output_partial_shape(0).rank
        for step in self.path[:-1]:
            if step.node.get_type_name() in _RESHAPES or step.node.get_output_partial_shape(0).rank != rank:
                return None
            if step.node.get_type_name() == "Transpose":
                order = step.node.input_value(1).get_node()
                if order.get_type_name() != "Constant":
                    return None
                axis = int(order.get_data().reshape(-1)[axis])
        return axis


def last_softmax(output: ov.Output) -> LastSoftmax | None:
    """The softmax, the log-softmax or the logarithm of a softmax that ``output`` comes from; None for anything else.

    Between them there may be operations that only move values, and a floor under the probabilities.
    """
    path: list[PathStep] = []
    while True:
        node = output.get_node()
        kind = node.get_type_name()
        if kind in ("Softmax", "LogSoftmax"):
            path.append(PathStep(node, 0, "softmax"))
            is_log = kind == "LogSoftmax" or any(step.role == "log" for step in path)
            return LastSoftmax("log-softmax" if is_log else "softmax", tuple(path))
        index = 0
        if kind in _MOVES:
            role: Role = "move"
        elif kind == "Log" and not any(step.role == "log" for step in path):
            role = "log"
        elif kind in _FLOORS and (found := _floored_input(node)) is not None:
            role, index = "floor", found
        else:
            return None
        path.append(PathStep(node, index, role))
        output = node.input_value(index)


def _floored_input(node: Any) -> int | None:
    """The input that is no single number."""
    if node.get_input_size() == 1:
        return 0
    numbers = [_is_number(node.input_value(index)) for index in (0, 1)]
    return None if numbers[0] == numbers[1] else numbers.index(False)


def _is_number(output: ov.Output) -> bool:
    node = output.get_node()
    if node.get_type_name() == "Convert":
        node = node.input_value(0).get_node()
    is_constant: bool = node.get_type_name() == "Constant"
    return is_constant and all(length == 1 for length in node.get_output_shape(0))
