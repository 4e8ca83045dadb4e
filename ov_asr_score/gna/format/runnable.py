"""A GNA model in the form in which it is checked and run: what its fields mean is settled here, once.

Tests: tests/gna/format/test_model_checks.py, tests/gna/exact/test_blob_forms.py
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import prod
from typing import NoReturn

import numpy as np

from ov_asr_score.gna.format.frame_orders import (
    Order,
    OrderError,
    deinterleaved_order,
    processed_order,
    transposed_order,
    turned_parts,
)
from ov_asr_score.gna.format.layout import COUNT, SHAPE
from ov_asr_score.gna.model import (
    BIASES,
    INPUT,
    INTERLEAVED,
    OUTPUT,
    WEIGHTS,
    DataType,
    GnaEndpoint,
    GnaModel,
    GnaOperation,
    GnaProcessing,
    GnaTensor,
    GnaTransposition,
    OperationType,
    TensorMode,
)

Fail = Callable[[str, str, str, object, str], NoReturn]
"""Raises an error from: the place, what is wrong there, what was expected, what was found, what to do."""

STRIDE, BIAS_MODE, POOLING_MODE, POOLING_WINDOW, POOLING_STRIDE, PADDING = range(6)
"""Positions of parameters in a convolution."""
LEGACY_LAYOUT = "GNA1"
"""Layout of the output of a convolution that is computed as on first-generation devices."""


@dataclass(frozen=True, slots=True, eq=False)
class RunnableEndpoint:
    """An input or output: ``size`` values of a frame outside, ``stored`` integers in the buffer of each vector.

    ``order`` are the positions of the frame's values that are stored, for an input; for an output the positions in the
    buffer of the frame's values. None means that they are the same.
    """

    endpoint: GnaEndpoint
    size: int
    stored: int
    order: Order | None

    @property
    def offset(self) -> int:
        """First byte in the memory image."""
        return self.endpoint.offset

    def extent(self, num_vectors: int) -> tuple[int, int]:
        """First byte of the buffer and the one past the last, for all vectors of a request."""
        num_bytes = self.stored * num_vectors * self.endpoint.element_bytes
        return self.endpoint.offset, self.endpoint.offset + num_bytes


@dataclass(frozen=True, slots=True, eq=False)
class RunnableModel:
    """A model with operations as Intel's library reads them, and ``num_vectors`` frames in a request.

    ``given`` is the model before.
    """

    given: GnaModel
    model: GnaModel
    num_vectors: int
    inputs: tuple[RunnableEndpoint, ...]
    outputs: tuple[RunnableEndpoint, ...]


def runnable(model: GnaModel, fail: Fail) -> RunnableModel:
    """The model as it is run; ``fail`` raises the error for an order of values that cannot be followed."""
    settled = replace(model, operations=tuple(map(settled_operation, model.operations)))
    vectors = model.num_vectors
    turned_inputs, turned_outputs = turned_parts(model)
    inputs = tuple(
        _runnable_endpoint(f"input {index}", endpoint, turned_inputs.get(endpoint.name), vectors, model, fail)
        for index, endpoint in enumerate(model.inputs)
    )
    outputs = tuple(
        _runnable_endpoint(f"output {index}", endpoint, turned_outputs.get(endpoint.name), vectors, model, fail)
        for index, endpoint in enumerate(model.outputs)
    )
    return RunnableModel(model, settled, vectors, inputs, outputs)


def settled_operation(operation: GnaOperation) -> GnaOperation:
    """The operation as libgna reads it: what it overlooks is what the other operands ask for.

    Operands that are not needed may be switched off by their mode (ModelWrapper::HasEnabledOperand). There are as many
    weights and biases as input, output and filters ask for, and as many input vectors as output vectors, whatever
    their own shapes say (AffineFunctionSingle, ConvolutionFunction2D); a copy and a transposition have one type
    (CopyLayer, TransposeLayer). A layout counts in the output of a convolution only (CnnLayer::IsForced).
    """
    kept: list[GnaTensor | None] = []
    for number, tensor in enumerate(operation.operands):
        is_disabled = tensor is not None and tensor.mode == TensorMode.DISABLED
        if tensor is None or (is_disabled and number > _LAST_NEEDED[operation.type]):
            kept.append(None)
            continue
        is_legacy = operation.type is OperationType.CONVOLUTION and number == OUTPUT
        is_legacy = is_legacy and tensor.layout.startswith(LEGACY_LAYOUT)
        kept.append(replace(tensor, layout=LEGACY_LAYOUT if is_legacy else ""))
    source, output = (kept[number] if number < len(kept) else None for number in (INPUT, OUTPUT))
    if source is not None and output is not None and source.shape and output.shape:
        match operation.type:
            case OperationType.AFFINE | OperationType.ELEMENTWISE:
                kept = _settled_affine(kept, source, output, is_matrix=operation.type is OperationType.AFFINE)
            case OperationType.COPY | OperationType.TRANSPOSITION if output.type in _PLAIN:
                kept[OUTPUT] = replace(output, type=source.type)
                if operation.type is OperationType.COPY:
                    kept = _settled_copy(kept, operation.parameters)
            case OperationType.CONVOLUTION:
                return _settled_convolution(replace(operation, operands=tuple(kept)))
            case _:
                pass
    return replace(operation, operands=tuple(kept))


def _settled_affine(
    operands: list[GnaTensor | None], source: GnaTensor, output: GnaTensor, *, is_matrix: bool
) -> list[GnaTensor | None]:
    rows = output.shape[:1]
    if is_matrix and len(source.shape) == len(output.shape) == 2:
        operands[INPUT] = replace(source, shape=(source.shape[0], output.shape[1]))
    for number, shape in ((WEIGHTS, (*rows, source.shape[0]) if is_matrix else rows), (BIASES, rows)):
        tensor = operands[number] if number < len(operands) else None
        if tensor is not None:
            operands[number] = replace(tensor, shape=shape)
    return operands


def _settled_copy(operands: list[GnaTensor | None], parameters: tuple[bytes, ...]) -> list[GnaTensor | None]:
    """A single row may be longer than those of input and output (CopyLayer compares rows only)."""
    rank, rows, columns, *_ = (
        SHAPE.unpack(parameters[0]) if parameters and len(parameters[0]) == SHAPE.size else (0,) * 9
    )
    if (rank, rows) != (2, 1):
        return operands
    return [
        replace(tensor, shape=(1, max(columns, tensor.shape[1])))
        if tensor is not None and len(tensor.shape) == 2 and tensor.shape[0] == 1
        else tensor
        for tensor in operands
    ]


def _settled_convolution(operation: GnaOperation) -> GnaOperation:
    """A convolution over a vector (input 2, output 3, filters 2 dimensions), or all of it over a plane (4)."""
    operands, parameters = list(operation.operands), list(operation.parameters)
    ranks = tuple(len(tensor.shape) if tensor is not None else 0 for tensor in operands[: WEIGHTS + 1])
    filters = operands[WEIGHTS] if len(operands) > WEIGHTS else None
    if ranks != (2, 3, 2) and all(rank in known for rank, known in zip(ranks, ((2, 4), (3, 4), (2, 4)), strict=False)):
        for number in (INPUT, OUTPUT, WEIGHTS):
            tensor = operands[number] if number < len(operands) else None
            if tensor is not None and len(tensor.shape) < 4:  # LayerInput and LayerOutput::GetShape, GetFilters
                depth = () if number == OUTPUT else (1,)
                operands[number] = replace(tensor, shape=(tensor.shape[0], 1, *tensor.shape[1:], *depth))
    biases = operands[BIASES] if len(operands) > BIASES else None
    if biases is not None and filters is not None:
        operands[BIASES] = replace(biases, shape=filters.shape[:1])
    if len(parameters) > PADDING and parameters[PADDING][:4] == COUNT.pack(1):
        parameters[PADDING] = b""  # OperationConfig::GetZeroPadding drops it
    return replace(operation, operands=tuple(operands), parameters=tuple(parameters))


def _runnable_endpoint(
    place: str,
    endpoint: GnaEndpoint,
    turning: GnaTransposition | None,
    vectors: int,
    model: GnaModel,
    fail: Fail,
) -> RunnableEndpoint:
    size = prod(endpoint.shape) // vectors
    groups = endpoint.num_groups
    order, stored = None, size
    try:
        if turning is not None:
            order = transposed_order(turning.parts, size)
        elif endpoint.processing is not None:
            order, stored = _processed(place, endpoint.processing, size, len(model.memory))
    except OrderError as error:
        what = "transposition" if turning is not None else "processing"
        fail(place, what, error.expected, error.found, error.mend)
    if groups != vectors and endpoint.orientation == INTERLEAVED and groups and not size % groups:
        # GNAPlugin::QueueInference: inputs are interleaved, then processed; outputs the other way round (WaitFor)
        apart = deinterleaved_order(groups, size // groups)
        if place.startswith("input"):
            together = np.argsort(apart)
            order = together if order is None else together[order]
        else:
            order = apart if order is None else order[apart]
    return RunnableEndpoint(endpoint, size, stored, order)


def _processed(place: str, processing: GnaProcessing, size: int, most: int) -> tuple[Order, int]:
    order, taken = processed_order(processing, most)
    given, stored = (taken, len(order)) if place.startswith("input") else (len(order), taken)
    if given != size:
        raise OrderError(f"a processing model for {size:,} values", f"one for {given:,}")
    return order, stored


_PLAIN = (DataType.INT8, DataType.INT16, DataType.INT32)
_LAST_NEEDED = {
    OperationType.AFFINE: BIASES,
    OperationType.ELEMENTWISE: BIASES,
    OperationType.CONVOLUTION: WEIGHTS,
    OperationType.COPY: OUTPUT,
    OperationType.TRANSPOSITION: OUTPUT,
    OperationType.GMM: INPUT,
    OperationType.RECURRENT: INPUT,
}
