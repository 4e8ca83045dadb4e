"""Reads an OpenVINO model as layers of GNA, or lists the layers that GNA does not support."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np

from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.gna.graphs.float_graph import Constant, GnaGraph, GraphPort, Memory
from ov_asr_score.gna.graphs.reading.activations import FUNCTIONS
from ov_asr_score.gna.graphs.reading.arithmetic import ARITHMETIC
from ov_asr_score.gna.graphs.reading.builder import FloatGraphBuilder
from ov_asr_score.gna.graphs.reading.cells import CELLS
from ov_asr_score.gna.graphs.reading.convolution import CONVOLUTIONS
from ov_asr_score.gna.graphs.reading.data_movement import MOVING, evaluate, moved
from ov_asr_score.gna.graphs.reading.frame_ports import for_one_frame, variable_ids
from ov_asr_score.gna.graphs.reading.loops import unrolled
from ov_asr_score.gna.graphs.reading.operands import Operand, as_constant
from ov_asr_score.gna.graphs.reading.selection import CHOICES
from ov_asr_score.gna.graphs.reading.tensors import NotForGnaError, Tensor
from ov_asr_score.gna.graphs.simplifying import (
    dense_convolutions,
    join_diagonals,
    needed_parts,
    split_products,
    value_sizes,
)
from ov_asr_score.openvino_api import ov

WHOLE_NUMBERS = frozenset({"frames_left"})
"""Names of inputs that only get whole numbers: the frames left, of a model converted for streaming."""

Memories: TypeAlias = "list[tuple[str, Tensor, Tensor]]"
_INVENTED_NAME = re.compile(r"Result_\d+|.*/sink_port_\d+")
_OPERATIONS = {**ARITHMETIC, **CHOICES, **CONVOLUTIONS, **FUNCTIONS}


@dataclass(frozen=True, slots=True)
class UnsupportedLayer:
    """A layer that GNA does not support: its friendly name, its type, and the reason.

    ``node`` is the unique name of its node in the model; for layers inside a loop, that of the loop.
    """

    name: str
    type: str
    reason: str
    node: str = ""


@dataclass(slots=True)
class GraphReading:
    """What has been read so far; the outputs of unsupported layers are None."""

    variables: dict[str, str] = field(default_factory=dict)
    builder: FloatGraphBuilder = field(default_factory=FloatGraphBuilder)
    operands: dict[tuple[str, int], Operand | None] = field(default_factory=dict)
    problems: list[UnsupportedLayer] = field(default_factory=list)


def read_graph(model: ov.Model, source: str) -> GnaGraph:
    """The layers of ``model`` for one frame; ``source`` names it in errors.

    Raises UnsupportedModelError, which lists all layers that GNA does not support.
    """
    graph, problems = try_graph(model, source)
    if graph is None:
        texts = [f"'{layer.name}' ({layer.type}: {layer.reason})" for layer in problems]
        layers = "a layer" if len(texts) == 1 else f"{len(texts)} layers"
        raise UnsupportedModelError(
            f"{source}: {layers} that GNA does not support: {', '.join(texts)}; use HETERO:GNA_SW_EXACT,CPU "
            "(in float arithmetic HETERO:GNA_SW_FP32,CPU), or select the output of an earlier layer (output_layers)",
            fields=("output_layers",),
        )
    return graph


def try_graph(
    model: ov.Model, source: str, is_static: bool = False
) -> tuple[GnaGraph | None, tuple[UnsupportedLayer, ...]]:
    """The layers of ``model``, or None and the unsupported layers; ``is_static``: its shapes are kept.

    Raises UnsupportedModelError if the shapes do not determine what a frame is.
    """
    static = model if is_static else for_one_frame(model, source)
    reading, memories = read_model(static)
    return (None if reading.problems else _finished(static, reading, memories)), tuple(reading.problems)


def read_model(static: ov.Model) -> tuple[GraphReading, Memories]:
    """All operands of a model for one frame, and its variables: name, value read, value stored."""
    variables = variable_ids(static)
    whole = set(variables.values())
    while True:
        reading = GraphReading(variables)
        memories = _read(static, reading, whole)
        # Variables start at zero, so they were taken for whole numbers: check that they still are after a frame.
        builder = reading.builder
        wrong = {name for name, _, stored in memories if name in whole and not builder.are_whole_numbers(stored)}
        if not wrong or reading.problems:
            return reading, memories
        whole -= wrong


class _InsideError(Exception):
    """The body of a loop has unsupported layers, which are listed already."""


def _read(model: ov.Model, reading: GraphReading, whole: Collection[str]) -> Memories:
    """The variables of ``model`` (name, value read, value stored); adds all operands to ``reading``.

    Variables in ``whole`` are taken to hold whole numbers.
    """
    read_values: dict[str, Tensor] = {}
    kept: dict[str, Tensor] = {}
    for node in model.get_ordered_ops():
        kind, name = node.get_type_name(), str(node.get_friendly_name())
        if kind == "Parameter":
            names = {name, *node.output(0).get_names()}
            shape = _static_shape(node.output(0))
            is_whole = not names.isdisjoint(WHOLE_NUMBERS) or not node.get_element_type().is_real()
            value = reading.builder.add(name, int(np.prod(shape, dtype=int)), is_whole)
            reading.operands[output_key(node.output(0))] = value.tensor.reshaped(shape)
        elif kind == "ReadValue":
            try:
                variable = reading.variables[node.get_name()]
                read_values[variable] = _read_variable(node, reading, variable in whole)
            except NotForGnaError as error:
                reading.problems.append(UnsupportedLayer(name, kind, str(error), node.get_name()))
                reading.operands[output_key(node.output(0))] = None
        elif kind == "Assign":
            operand = reading.operands[output_key(node.input_value(0))]
            if operand is not None:
                kept[reading.variables[node.get_name()]] = as_constant(reading.builder, node, operand)
        else:
            _read_node(node, reading)
    # An Assign may come before its ReadValue.
    return [(variable, read, kept.get(variable, read)) for variable, read in read_values.items()]


def _read_variable(node: Any, reading: GraphReading, is_whole: bool) -> Tensor:
    shape = _static_shape(node.output(0))
    if node.inputs():
        initial = reading.operands[output_key(node.input_value(0))]
        if isinstance(initial, Tensor) and not initial.is_zero:
            raise NotForGnaError("the initial value of the variable is computed, expected zeros")
        if initial is not None and not isinstance(initial, Tensor) and np.any(initial):
            raise NotForGnaError("the initial value of the variable is not zero")
    value = reading.builder.add(str(node.get_friendly_name()), int(np.prod(shape, dtype=int)), is_whole)
    tensor = value.tensor.reshaped(shape)
    reading.operands[output_key(node.output(0))] = tensor
    return tensor


def _read_node(node: Any, reading: GraphReading) -> None:
    """Add the outputs of ``node`` to ``reading``, or the reason why GNA does not support it."""
    operands = [reading.operands[output_key(port.get_source_output())] for port in node.inputs()]
    outputs: Sequence[Operand | None] = [None] * node.get_output_size()
    if all(operand is not None for operand in operands):
        try:
            outputs = _outputs(node, [operand for operand in operands if operand is not None], reading)
        except NotForGnaError as error:
            layer = UnsupportedLayer(str(node.get_friendly_name()), node.get_type_name(), str(error), node.get_name())
            reading.problems.append(layer)
            outputs = [_stand_in(output, reading) for output in node.outputs()]
    for output, operand in zip(node.outputs(), outputs, strict=True):
        reading.operands[output_key(output)] = _shaped(output, operand)


def _outputs(node: Any, operands: list[Operand], reading: GraphReading) -> Sequence[Operand | None]:
    kind = node.get_type_name()
    if kind == "Constant":
        return [np.array(node.get_data())]
    if kind == "ShapeOf":
        return [np.array(operands[0].shape)]
    if kind in ("TensorIterator", "Loop"):
        return _loop(node, operands, reading)
    known = [operand for operand in operands if not isinstance(operand, Tensor)]
    if len(known) == len(operands):
        return list(evaluate(node, known))
    if kind in MOVING:
        if not isinstance(operands[0], Tensor) or len(known) != len(operands) - 1:
            raise NotForGnaError("its indices are computed, expected constants")
        return list(moved(node, operands[0], known))
    if kind in CELLS:
        return CELLS[kind](reading.builder, node, operands)
    if kind not in _OPERATIONS:
        if kind in ("LogSoftmax", "Softmax"):
            before = node.input_value(0).get_node().get_friendly_name()
            raise NotForGnaError(f"GNA has no softmax (its input is '{before}')")
        raise NotForGnaError("GNA has no such operation")
    first = _OPERATIONS[kind](reading.builder, node, operands)
    return [first, *[None] * (node.get_output_size() - 1)]


def _loop(node: Any, operands: list[Operand], reading: GraphReading) -> Sequence[Operand | None]:
    """The outputs of a loop, whose body is read once per step."""
    function = node.get_function()
    parameters, results = function.get_parameters(), function.get_results()
    before = len(reading.problems)

    def body(arguments: dict[int, Operand]) -> list[Operand]:
        inner: dict[tuple[str, int], Operand | None] = {
            output_key(parameters[number].output(0)): operand for number, operand in arguments.items()
        }
        within = GraphReading({}, reading.builder, inner, reading.problems)
        for operation in function.get_ordered_ops():
            if operation.get_type_name() != "Parameter":
                _read_node(operation, within)
        if len(reading.problems) > before:
            raise _InsideError
        return [_present(inner[output_key(result.input_value(0))]) for result in results]

    try:
        return list(unrolled(node, operands, body))
    except _InsideError:
        reading.problems[before:] = [replace(problem, node=node.get_name()) for problem in reading.problems[before:]]
        return [_stand_in(output, reading) for output in node.outputs()]


def _finished(model: ov.Model, reading: GraphReading, memories: Memories) -> GnaGraph:
    builder = reading.builder
    read_from_outside = {builder.in_a_row(read, name) for name, read, _ in memories}
    inputs = []
    for port in model.inputs:
        name = str(port.get_node().get_friendly_name())
        tensor = as_constant(
            builder, port.get_node(), _present(reading.operands[output_key(port.get_node().output(0))])
        )
        inputs.append(_graph_port(name, builder.in_a_row(tensor, name), tensor, port))
    read_from_outside |= {port.value for port in inputs}
    outputs = []
    for port in model.outputs:
        producer = port.get_node().input_value(0)
        name = _producer_name(producer)
        tensor = as_constant(builder, producer.get_node(), _present(reading.operands[output_key(producer)]))
        value = builder.in_a_row(tensor, f"{name}/output")
        if value in read_from_outside or isinstance(builder.maker_of(value), Constant):
            value = builder.in_a_row(builder.activation(f"{name}/output", tensor, "identity"), name)
        outputs.append(_graph_port(name, value, tensor, port))
    kept = tuple(
        Memory(name, builder.in_a_row(read, name), builder.in_a_row(stored, f"{name}/stored"), read.addresses.size)
        for name, read, stored in memories
    )
    layers, needed = needed_parts(builder.layers, kept, [port.value for port in outputs])
    from_outside = {port.value for port in outputs} | {memory.stored for memory in needed}
    sizes_from_outside = {port.value: port.size for port in inputs} | {memory.read: memory.size for memory in needed}
    layers = join_diagonals(layers, from_outside)
    layers = dense_convolutions(layers, value_sizes(layers, sizes_from_outside))
    layers = split_products(layers, from_outside)
    sizes = value_sizes(layers, sizes_from_outside)
    return GnaGraph(layers, tuple(inputs), tuple(outputs), needed, sizes)


def _graph_port(name: str, value: str, tensor: Tensor, port: Any) -> GraphPort:
    return GraphPort(name, value, tensor.addresses.size, tensor.shape, _tensor_names(port))


def _stand_in(output: Any, reading: GraphReading) -> Operand | None:
    """Placeholder elements for an unsupported output, so that the layers behind it are checked, too."""
    shape = output.get_partial_shape()
    if shape.is_dynamic:
        return None
    sizes = [int(size) for size in output.get_shape()]
    return reading.builder.add("nothing", int(np.prod(sizes, dtype=int))).tensor.reshaped(sizes)


def _shaped(output: Any, operand: Operand | None) -> Operand | None:
    shape = output.get_partial_shape()
    if operand is None or shape.is_dynamic:
        return operand
    sizes = [int(size) for size in output.get_shape()]
    return operand.reshaped(sizes) if isinstance(operand, Tensor) else operand.reshape(sizes)


def _present(operand: Operand | None) -> Operand:
    assert operand is not None  # otherwise the problems would have been raised
    return operand


def output_key(output: Any) -> tuple[str, int]:
    """The key of an output of a node among the operands."""
    return output.get_node().get_name(), output.get_index()


def _static_shape(output: Any) -> tuple[int, ...]:
    shape = output.get_partial_shape()
    if shape.is_dynamic:
        raise NotForGnaError(f"its shape {shape} is not that of one frame")
    return tuple(int(size) for size in output.get_shape())


def _producer_name(output: Any) -> str:
    node = output.get_node()
    name = str(node.get_friendly_name())
    return f"{name}:{output.get_index()}" if node.get_output_size() > 1 else name


def _tensor_names(port: Any) -> tuple[str, ...]:
    return tuple(sorted(name for name in port.get_names() if not _INVENTED_NAME.fullmatch(name)))
