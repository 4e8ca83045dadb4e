"""Recurrent cells, and sequences of one step, as layers of GNA.

Each gate has one matrix product over the concatenation of the input and the previous state.

Tests: tests/gna/graphs/reading/test_model_reader.py
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.gna.graphs.float_graph import Function
from ov_asr_score.gna.graphs.reading.builder import FloatGraphBuilder
from ov_asr_score.gna.graphs.reading.operands import Operand, as_constant, known, name_of
from ov_asr_score.gna.graphs.reading.tensors import NotForGnaError, Tensor

_Weights = NDArray[np.float32]
_FUNCTIONS: dict[str, Function] = {"sigmoid": "sigmoid", "tanh": "tanh", "relu": "relu"}
# Number of gates and of states of each cell.
_CELLS = {"LSTM": (4, 2), "GRU": (3, 1), "RNN": (1, 1)}


def _cell(builder: FloatGraphBuilder, node: Any, operands: Sequence[Operand]) -> list[Operand]:
    kind = node.get_type_name().removesuffix("Cell")
    states = _CELLS[kind][1]
    rows = [as_constant(builder, node, operand) for operand in operands[: 1 + states]]
    matrices = [known(operands, index, "weights") for index in range(1 + states, 3 + states)]
    biases = known(operands, 3 + states, "bias") if len(operands) > 3 + states else None
    step = _CellStep(builder, node, name_of(node))
    if rows[0].shape[0] != 1:
        raise NotForGnaError(f"it has a batch of {rows[0].shape[0]}, expected one frame")
    return [*step.run(kind, rows, matrices, biases)]


def _sequence(builder: FloatGraphBuilder, node: Any, operands: Sequence[Operand]) -> list[Operand]:
    """Y [1, directions, 1, H] and the new states, from X [1, 1, K], states [1, directions, H], lengths and weights."""
    kind = node.get_type_name().removesuffix("Sequence")
    states = _CELLS[kind][1]
    row = as_constant(builder, node, operands[0])
    if row.shape[:2] != (1, 1):
        raise NotForGnaError(f"a sequence of {row.shape[1]} steps for {row.shape[0]} utterances, expected one step")
    if (known(operands, 1 + states, "length of the sequence") != 1).any():
        raise NotForGnaError("its sequence length is not one step")
    remembered = [as_constant(builder, node, operands[1 + index]) for index in range(states)]
    matrices = [known(operands, index, "weights") for index in range(2 + states, 4 + states)]
    biases = known(operands, 4 + states, "bias")
    results = []
    for direction in range(len(matrices[0])):
        rows = [row.reshaped((1, -1)), *(Tensor(state.addresses[:, direction]) for state in remembered)]
        name = name_of(node) if len(matrices[0]) == 1 else f"{name_of(node)}/direction{direction}"
        weights = [matrix[direction] for matrix in matrices]
        results.append(_CellStep(builder, node, name).run(kind, rows, weights, biases[direction]))
    after = [np.stack([result[index].addresses for result in results], axis=1) for index in range(states)]
    return [Tensor(after[0][:, :, None]), *(Tensor(addresses) for addresses in after)]


class _CellStep:
    """One step of a cell; its values are named ``name`` plus a suffix."""

    def __init__(self, builder: FloatGraphBuilder, node: Any, name: str) -> None:
        attributes = node.get_attributes()
        self._builder, self._name = builder, name
        self._functions = [str(function).lower() for function in attributes["activations"]]
        self._clip = float(attributes.get("clip", 0.0))
        self._reset_late = bool(attributes.get("linear_before_reset", False))
        if attributes.get("activations_alpha") or attributes.get("activations_beta"):
            raise NotForGnaError("its functions have parameters")
        for function in self._functions:
            if function not in _FUNCTIONS:
                raise NotForGnaError(f"its function '{function}'")

    def run(
        self, kind: str, rows: Sequence[Tensor], matrices: Sequence[NDArray[Any]], biases: NDArray[Any] | None
    ) -> list[Tensor]:
        """The states [1, H] after the step; ``rows`` are the input and the previous states."""
        gates = _CELLS[kind][0]
        inner, outer = (np.split(np.asarray(matrix, np.float32), gates) for matrix in matrices)
        parts = None
        if biases is not None:
            count = gates + 1 if kind == "GRU" and self._reset_late else gates
            parts = np.split(np.asarray(biases, np.float32).reshape(-1), count)
        step: Callable[..., list[Tensor]] = {"LSTM": self._lstm, "GRU": self._gru, "RNN": self._rnn}[kind]
        shape = rows[1].shape
        flat = [row.reshaped((-1,)) for row in rows]
        return [state.reshaped(shape) for state in step(flat, inner, outer, parts)]

    def _lstm(
        self, rows: list[Tensor], inner: list[_Weights], outer: list[_Weights], biases: list[_Weights] | None
    ) -> list[Tensor]:
        both = Tensor(np.concatenate([rows[0].addresses, rows[1].addresses]))
        forget, opened, fresh, out = (
            self._gate(
                letter,
                both,
                np.concatenate([inner[index], outer[index]], axis=1),
                None if biases is None else biases[index],
                self._functions[1 if letter == "c" else 0],
            )
            for index, letter in enumerate("fico")
        )
        make = self._builder
        kept = make.product(f"{self._name}/kept", forget, rows[2])
        cell = make.sum(f"{self._name}/cell", kept, make.product(f"{self._name}/added", opened, fresh))
        seen = make.activation(f"{self._name}/seen", cell, _FUNCTIONS[self._functions[2]])
        return [make.product(self._name, out, seen), cell]

    def _gru(
        self, rows: list[Tensor], inner: list[_Weights], outer: list[_Weights], biases: list[_Weights] | None
    ) -> list[Tensor]:
        # h = (1 - z) g + z h' = g + z (h' - g)
        make, (row, before) = self._builder, rows
        both = Tensor(np.concatenate([row.addresses, before.addresses]))
        update, reset = (
            self._gate(
                letter,
                both,
                np.concatenate([inner[index], outer[index]], axis=1),
                None if biases is None else biases[index],
                self._functions[0],
            )
            for index, letter in enumerate("zr")
        )
        if self._reset_late:
            remembered = make.affine(f"{self._name}/h.state", before, outer[2], None if biases is None else biases[3])
            part = make.product(f"{self._name}/h.reset", reset, remembered)
            total = make.sum(
                f"{self._name}/h.sum",
                make.affine(f"{self._name}/h.input", row, inner[2], None if biases is None else biases[2]),
                part,
            )
            fresh = self._opened("h", total, self._functions[1])
        else:
            part = make.product(f"{self._name}/h.reset", reset, before)
            together = Tensor(np.concatenate([row.addresses, part.addresses]))
            weights = np.concatenate([inner[2], outer[2]], axis=1)
            fresh = self._gate("h", together, weights, None if biases is None else biases[2], self._functions[1])
        change = make.product(f"{self._name}/kept", update, make.sum(f"{self._name}/difference", before, fresh, -1))
        return [make.sum(self._name, fresh, change)]

    def _rnn(
        self, rows: list[Tensor], inner: list[_Weights], outer: list[_Weights], biases: list[_Weights] | None
    ) -> list[Tensor]:
        both = Tensor(np.concatenate([row.addresses for row in rows]))
        weights = np.concatenate([inner[0], outer[0]], axis=1)
        return [self._gate("h", both, weights, None if biases is None else biases[0], self._functions[0])]

    def _gate(self, letter: str, row: Tensor, weights: _Weights, biases: _Weights | None, function: str) -> Tensor:
        return self._opened(letter, self._builder.affine(f"{self._name}/{letter}.sum", row, weights, biases), function)

    def _opened(self, letter: str, total: Tensor, function: str) -> Tensor:
        if self._clip > 0:
            total = self._builder.clamp(f"{self._name}/{letter}.clipped", total, -self._clip, self._clip)
        return self._builder.activation(f"{self._name}/{letter}", total, _FUNCTIONS[function])


CELLS: dict[str, Callable[[FloatGraphBuilder, Any, Sequence[Operand]], list[Operand]]] = {
    **{f"{kind}Cell": _cell for kind in _CELLS},
    **{f"{kind}Sequence": _sequence for kind in _CELLS},
}
