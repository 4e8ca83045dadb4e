"""Operations of a GNA model prepared to run: constants are read once, the rest is bound to a memory image.

Tests: tests/gna/exact/test_program.py
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.gna.exact.convolution import ConvolutionStep
from ov_asr_score.gna.exact.image import Image, ImageLayout, needed, table_of
from ov_asr_score.gna.exact.kernels import (
    INT32_HIGH,
    Counts,
    Finish,
    chunks,
    overflow_rules,
    read_weights,
    sums_of,
)
from ov_asr_score.gna.exact.piecewise import SHARED_ELEMENTS, Scratch
from ov_asr_score.gna.format.operation_checks import copied_shape
from ov_asr_score.gna.model import (
    BIASES,
    INPUT,
    OUTPUT,
    WEIGHTS,
    DataType,
    GnaOperation,
    OperationType,
)

Run = Callable[[], None]

# Rows of a matrix product that are computed at a time; fewer if they are long.
_PRODUCT_ROWS = 128

_LARGEST_PRODUCT = 2.0**30  # of two int16


class PreparedOperation(Protocol):
    """An operation prepared for any number of groups (requests side by side)."""

    def bind(self, image: Image, scratch: Scratch, counts: Counts) -> Run:
        """A function that runs the operation on ``image``, with scratch memory ``scratch``, and adds to ``counts``."""


def make_step(operation: GnaOperation, layout: ImageLayout, place: str) -> PreparedOperation:
    """The step for a checked operation. Raises UnsupportedModelError; its message begins with ``place``."""
    match operation.type:
        case OperationType.AFFINE:
            return AffineStep(operation, layout)
        case OperationType.ELEMENTWISE:
            return ElementwiseStep(operation, layout)
        case OperationType.CONVOLUTION:
            return ConvolutionStep(operation, layout, place)
        case OperationType.COPY:
            return CopyStep(operation)
        case OperationType.TRANSPOSITION:
            return TranspositionStep(operation)
        case _:
            raise UnsupportedModelError(
                f"{place}: expected an affine operation, a convolution, a copy or a transposition, "
                f"found {operation.type.name.lower()}"
            )


class AffineStep:
    """A matrix product: weights [M, K] · inputs [K, N] + biases [M]."""

    def __init__(self, operation: GnaOperation, layout: ImageLayout) -> None:
        """Read weights and segments."""
        self.input, self.output = needed(operation, INPUT), needed(operation, OUTPUT)
        self.weights, self.biases = needed(operation, WEIGHTS), needed(operation, BIASES)
        self.table = table_of(operation, layout)
        self.changes = layout.tensor_changes(self.weights) or layout.tensor_changes(self.biases)
        if not self.changes:
            self.compute, self.finish = self._ready(layout.constant(self.weights), layout.constant(self.biases))

    def _ready(
        self, stored: NDArray[Any], biases: NDArray[Any]
    ) -> tuple[Callable[[NDArray[np.float64], NDArray[np.float64], Counts], None], Finish]:
        compound = self.biases.type is DataType.COMPOUND_BIAS
        type_, num_vectors = self.input.type, self.input.shape[1]
        weights = read_weights(stored, biases.ravel(), type_, keep_multipliers=False)
        rules = overflow_rules(stored, compound, weights.bound, type_, num_vectors)
        if rules is not None and compound:
            weights = read_weights(stored, biases.ravel(), type_, keep_multipliers=True)
        return sums_of(weights, rules), Finish(self.table, weights.bound > INT32_HIGH)

    def bind(self, image: Image, scratch: Scratch, counts: Counts) -> Run:
        """A function that runs the operation on ``image``; see PreparedOperation."""
        inputs, vectors = self.input.shape
        outputs = self.output.shape[0]
        source = image.tensor(self.input).reshape(-1, inputs, vectors).transpose(0, 2, 1)
        target = image.tensor(self.output).reshape(-1, outputs, vectors).transpose(0, 2, 1)
        size = vectors * max(inputs, outputs, SHARED_ELEMENTS // _PRODUCT_ROWS)
        parts = list(chunks(image.groups, size, 1 if self.changes else SHARED_ELEMENTS))
        groups = parts[0].stop
        values = scratch.shared("values", (groups, vectors, inputs))
        sums = scratch.shared("sums", (groups, vectors, outputs))
        bound = []
        for part in parts:
            here = slice(0, part.stop - part.start)
            views = (values[here], values[here].reshape(-1, inputs), sums[here].reshape(-1, outputs), sums[here])
            bound.append((source[part], *views, target[part]))
        if self.changes:
            weights = image.tensor(self.weights).reshape(-1, *self.weights.shape)
            biases = image.tensor(self.biases)

            def run_with_changed() -> None:
                for group, (read, copied, rows, row_sums, all_sums, written) in enumerate(bound):
                    np.copyto(copied, read)
                    compute, finish = self._ready(weights[group], biases[group])
                    compute(rows, row_sums, counts)
                    finish(all_sums, written, scratch, counts)

            return run_with_changed
        compute, finish = self.compute, self.finish

        def run() -> None:
            for read, copied, rows, row_sums, all_sums, written in bound:
                np.copyto(copied, read)
                compute(rows, row_sums, counts)
                finish(all_sums, written, scratch, counts)

        return run


class ElementwiseStep:
    """Products element by element: weights [M] ⊙ inputs [M, N] + biases [M]."""

    def __init__(self, operation: GnaOperation, layout: ImageLayout) -> None:
        """Read the weights, biases and segments that do not change."""
        self.input, self.output = needed(operation, INPUT), needed(operation, OUTPUT)
        self.weights, self.biases = needed(operation, WEIGHTS), needed(operation, BIASES)
        self.weights_change = layout.tensor_changes(self.weights)
        self.biases_change = layout.tensor_changes(self.biases)
        table = table_of(operation, layout)
        bound = float(INT32_HIGH) + 1
        if not self.weights_change and not self.biases_change:
            read = read_weights(
                layout.constant(self.weights), layout.constant(self.biases).ravel(), self.input.type, False
            )
            self.constant_weights, self.constant_biases = read.values[:, None], read.biases[:, None]
            bound = read.bound
        elif not self.weights_change:
            self.constant_weights = layout.constant(self.weights).astype(np.float64)[:, None]
        elif not self.biases_change and self.biases.type is not DataType.COMPOUND_BIAS:
            self.constant_biases = layout.constant(self.biases).astype(np.float64).reshape(-1, 1)
            bound = _LARGEST_PRODUCT + float(np.abs(self.constant_biases).max())
        self.finish = Finish(table, bound > INT32_HIGH)

    def bind(self, image: Image, scratch: Scratch, counts: Counts) -> Run:
        """A function that runs the operation on ``image``; see PreparedOperation."""
        rows, vectors = self.input.shape
        source = image.tensor(self.input).reshape(-1, rows, vectors)
        target = image.tensor(self.output).reshape(-1, rows, vectors)
        parts = list(chunks(image.groups, rows * vectors))
        sums = scratch.shared("sums", (parts[0].stop, rows, vectors))
        if self.biases.type is DataType.COMPOUND_BIAS and (self.weights_change or self.biases_change):
            return self._bind_compound(image, scratch, counts)
        shape = (image.groups, rows, 1)
        weights = (
            image.tensor(self.weights)[..., None]
            if self.weights_change
            else np.broadcast_to(self.constant_weights, shape)
        )
        biases = (
            image.tensor(self.biases)[..., None] if self.biases_change else np.broadcast_to(self.constant_biases, shape)
        )
        has_biases = self.biases_change or bool(self.constant_biases.any())
        bound = [
            (source[part], weights[part], biases[part], sums[: part.stop - part.start], target[part]) for part in parts
        ]
        finish = self.finish

        def run() -> None:
            for read, factors, added, products, written in bound:
                np.multiply(read, factors, out=products, dtype=np.float64)
                if has_biases:
                    np.add(products, added, out=products)
                finish(products, written, scratch, counts)

        return run

    def _bind_compound(self, image: Image, scratch: Scratch, counts: Counts) -> Run:
        """For multipliers or weights that other operations write; no known compiler emits this."""
        rows, vectors = self.input.shape
        source = image.tensor(self.input).reshape(-1, rows, vectors)
        target = image.tensor(self.output).reshape(-1, rows, vectors)
        weights, biases = image.tensor(self.weights), image.tensor(self.biases)
        finish = self.finish

        def run() -> None:
            factors = weights.astype(np.float64) * biases["multiplier"]
            finish(source * factors[..., None] + biases["bias"][..., None], target, scratch, counts)

        return run


class CopyStep:
    """Copies a rectangle of elements; the distance of rows is given by the shapes of its tensors."""

    def __init__(self, operation: GnaOperation) -> None:
        """Read the number of rows and columns to copy."""
        self.input, self.output = needed(operation, INPUT), needed(operation, OUTPUT)
        self.rows, self.columns = copied_shape(operation)

    def bind(self, image: Image, scratch: Scratch, counts: Counts) -> Run:
        """A function that runs the operation on ``image``; see PreparedOperation."""
        shown = np.s_[:, : self.rows, : self.columns]
        source = image.tensor(self.input).reshape(-1, *self.input.shape)[shown]
        target = image.tensor(self.output).reshape(-1, *self.output.shape)[shown]
        if np.may_share_memory(source[:1], target[:1]):
            pairs = [(source[:, row], target[:, row]) for row in range(self.rows)]  # as the library does: row by row
        else:
            pairs = [(source, target)]

        def run() -> None:
            for read, written in pairs:
                np.copyto(written, read)

        return run


class TranspositionStep:
    """Transposes a matrix: rows become columns."""

    def __init__(self, operation: GnaOperation) -> None:
        """Read the shape of the matrix."""
        self.input, self.output = needed(operation, INPUT), needed(operation, OUTPUT)

    def bind(self, image: Image, scratch: Scratch, counts: Counts) -> Run:
        """A function that runs the operation on ``image``; see PreparedOperation."""
        source = image.tensor(self.input).reshape(-1, *self.input.shape).transpose(0, 2, 1)
        target = image.tensor(self.output).reshape(-1, *self.output.shape)

        def run() -> None:
            np.copyto(target, source)

        return run
