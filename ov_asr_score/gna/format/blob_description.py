"""Description of a GNA blob: titled sections of names and values, for people and for JSON."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import TypeAlias

import numpy as np

from ov_asr_score.gna.format.layout import read_shape_parameter
from ov_asr_score.gna.format.memory_ranges import endpoint_range, operand_range
from ov_asr_score.gna.model import (
    BIASES,
    INPUT,
    INTERLEAVED,
    NOT_INTERLEAVED,
    OUTPUT,
    PAGE,
    SEGMENTS,
    WEIGHTS,
    GnaEndpoint,
    GnaModel,
    GnaOperation,
    GnaTensor,
    GnaTransposition,
    OperationType,
)

Section: TypeAlias = tuple[str, dict[str, object]]

_KINDS = {OperationType.AFFINE: "fully connected", OperationType.ELEMENTWISE: "element-wise"}
_ORIENTATIONS = {INTERLEAVED: "interleaved", NOT_INTERLEAVED: "not interleaved"}
_OPERANDS = {INPUT: "input", WEIGHTS: "weights", BIASES: "biases", SEGMENTS: "segments", OUTPUT: "output"}
# parameters that are shapes
_SHAPES = {
    OperationType.CONVOLUTION: {0: "stride", 3: "pooling-window", 4: "pooling-stride", 5: "zero-padding"},
    OperationType.COPY: {0: "copied"},
}


def describe_blob(model: GnaModel) -> list[Section]:
    """Sections (title, values by name): format and memory, inputs, outputs, operations in order, states.

    Shapes are those of the file; widths of weights, biases and outputs are part of the names of their types. The model
    need not have passed ``check_model``.
    """
    sections: list[Section] = [
        ("Model", _model_values(model)),
        ("Inputs", {endpoint.name: _endpoint_values(endpoint, model.turned_inputs) for endpoint in model.inputs}),
        ("Outputs", {endpoint.name: _endpoint_values(endpoint, model.turned_outputs) for endpoint in model.outputs}),
        ("Operations", {str(index): _operation_values(operation) for index, operation in enumerate(model.operations)}),
    ]
    states: dict[str, object] = {
        state.name: {"bytes": state.num_bytes, "scale-factor": _scale_factor(state.scale_factor)}
        for state in model.states
    }
    return [*sections, ("States", states)] if states else sections


def _model_values(model: GnaModel) -> dict[str, object]:
    written = _written_bytes(model)
    return {
        "format": "GNAM {}.{}".format(*model.version),
        "made with": ", ".join(map(_one_line, model.made_with)) or None,
        "vectors per request": model.num_vectors,
        "operations": len(model.operations),
        "weights": _weight_bits(model),
        "read-write memory": f"{written:,} bytes",
        "read-only memory": f"{len(model.memory) - written:,} bytes",
        "turned": ", ".join(
            kind for kind, flag in (("inputs", model.rotation[2]), ("outputs", model.rotation[5])) if flag
        ),
    }


def _weight_bits(model: GnaModel) -> str:
    """Widths of weights, each with the number of operations that have it."""
    counts: dict[int, int] = {}
    for operation in model.operations:
        weights = operation.operand(WEIGHTS)
        if weights is not None:
            bits = 8 * weights.type.num_bytes
            counts[bits] = counts.get(bits, 0) + 1
    return ", ".join(f"{bits} bit in {count} operations" for bits, count in sorted(counts.items()))


def _written_bytes(model: GnaModel) -> int:
    """Bytes of the first part of the memory image: whole pages up to the last byte that is written."""
    ends = [endpoint_range(endpoint)[1] for endpoint in model.inputs]
    ends += [state.offset + state.num_bytes for state in model.states]
    ends += [extent[1] for operation in model.operations if (extent := operand_range(operation, OUTPUT)) is not None]
    return min(-(-max(ends, default=0) // PAGE) * PAGE, len(model.memory))


def _endpoint_values(endpoint: GnaEndpoint, turned: Sequence[GnaTransposition]) -> dict[str, object]:
    values: dict[str, object] = {
        "shape": _shape(endpoint.shape),
        "scale-factor": _scale_factor(endpoint.scale_factor),
        "element-bytes": endpoint.element_bytes,
        "elements": endpoint.num_elements,
        "orientation": _ORIENTATIONS.get(endpoint.orientation, "unknown"),
    }
    names = [name for name in endpoint.tensor_names if name != endpoint.name]
    if names:
        values["tensor-names"] = names
    for transposition in turned:
        shapes = [_shape((rows, columns)) for is_turned, rows, columns in transposition.parts if is_turned]
        if transposition.name == endpoint.name and shapes:
            values["turned"] = shapes
    if endpoint.processing is not None:
        values["processing"] = f"a model of {len(endpoint.processing.xml):,} bytes"
    return values


def _operation_values(operation: GnaOperation) -> dict[str, object]:
    values: dict[str, object] = {"kind": _KINDS.get(operation.type, operation.type.name.lower())}
    for number, name in _OPERANDS.items():
        tensor = operation.operand(number)
        if tensor is None:
            continue
        values[name] = tensor.num_elements if number == SEGMENTS else _tensor(tensor)
    shapes = _SHAPES.get(operation.type, {})
    for number, name in shapes.items():
        if number < len(operation.parameters) and operation.parameters[number]:
            values[name] = _parameter(operation.parameters[number])
    return values


def _parameter(parameter: bytes) -> str:
    try:
        return _shape(read_shape_parameter(parameter))
    except ValueError:
        return "damaged"


def _tensor(tensor: GnaTensor) -> str:
    return f"{_shape(tensor.shape)} {tensor.type.name.lower().replace('_', ' ')}"


def _scale_factor(factor: float) -> float | str:
    """The shortest decimal number that has this float32 value."""
    return float(str(np.float32(factor))) if isfinite(factor) else str(factor)


def _one_line(text: str) -> str:
    """The text without line ends and other control characters."""
    words = " ".join(text.split())
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in words)


def _shape(shape: Sequence[int]) -> str:
    return f"[{','.join(map(str, shape))}]"
