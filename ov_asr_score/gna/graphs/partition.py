"""Partitions a model into consecutive parts for GNA and for the CPU, as ``HETERO:GNA_SW_EXACT,CPU`` requests.

Layers that GNA does not support go to the CPU, together with layers that would only pass values on: a part for GNA has
at least one matrix product or convolution. A variable and everything on its recurrent path are in one part.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from ov_asr_score.gna.graphs.reading.frame_ports import for_one_frame, port_name
from ov_asr_score.gna.graphs.reading.model_reader import GraphReading, output_key, read_model, try_graph
from ov_asr_score.gna.graphs.reading.tensors import Tensor
from ov_asr_score.openvino_api import opset, ov

Device = Literal["GNA", "CPU"]

_PRODUCTS = frozenset({"Convolution", "GRUCell", "GRUSequence", "GroupConvolution", "LSTMCell", "LSTMSequence"})
_PRODUCTS |= frozenset({"Loop", "MatMul", "RNNCell", "RNNSequence", "TensorIterator"})
_ENDS = frozenset({"Parameter", "Result"})


@dataclass(frozen=True, slots=True, eq=False)
class ModelPart:
    """A separate model; ``inputs`` and ``outputs`` name its ports in order, as in :class:`Partition`."""

    device: Device
    model: ov.Model
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LayerPlacement:
    """The part (numbered from 0) that computes a layer, and why GNA does not support it (empty if it does)."""

    name: str
    type: str
    device: Device
    part: int
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class Partition:
    """Parts in the order in which they run: each reads values by name and makes others.

    ``inputs`` and ``outputs`` are the names of the ports of the whole model, in its order.
    """

    parts: tuple[ModelPart, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    layers: tuple[LayerPlacement, ...]


def partition(model: ov.Model, source: str) -> Partition:
    """The parts of ``model`` for one frame; a single one if GNA supports all of it (or has nothing to do).

    Raises UnsupportedModelError if the shapes do not determine what a frame is.
    """
    forced: dict[int, str] = {}
    while True:
        static = for_one_frame(model, source)
        nodes = static.get_ordered_ops()
        reading, _ = read_model(static)
        numbers = {node.get_name(): number for number, node in enumerate(nodes)}
        reasons = dict(forced)
        for problem in reading.problems:
            reasons.setdefault(numbers[problem.node], problem.reason)
        stages = _stages(nodes, reading, set(reasons))
        made = _cut(static, nodes, reading, stages, reasons)
        # Properties known in the whole model (such as whole numbers) may be unknown in a part.
        refused = {
            layer.name: layer.reason
            for part in made.parts
            if part.device == "GNA"
            for layer in try_graph(part.model, source)[1]
        }
        more = {
            numbers[node.get_name()]: refused[name] for node in nodes if (name := node.get_friendly_name()) in refused
        }
        if not more.keys() - forced.keys():
            return made
        forced |= more


def _stages(nodes: list[Any], reading: GraphReading, on_cpu: set[int]) -> dict[int, int]:
    """The number of the part of each node, by its index: even numbers are for GNA. Known values are in no part."""
    numbers = {node.get_name(): number for number, node in enumerate(nodes)}
    sources = {
        number: [numbers[port.get_source_output().get_node().get_name()] for port in node.inputs()]
        for number, node in enumerate(nodes)
        if not _is_known(node, reading)
    }
    sources = {number: [source for source in before if source in sources] for number, before in sources.items()}
    together = _groups(nodes, sources, reading)
    cpu = {together[number] for number in on_cpu if number in together}
    parameters = {number for number in sources if nodes[number].get_type_name() == "Parameter"}
    while True:
        stages = _numbered(sources, together, cpu, parameters)
        heavy = {stage for number, stage in stages.items() if nodes[number].get_type_name() in _PRODUCTS}
        light = {
            together[number]
            for number, stage in stages.items()
            if stage % 2 == 0
            and stage not in heavy
            and number not in parameters
            and nodes[number].get_type_name() != "Result"
        }
        if not cpu or light <= cpu:
            return stages
        cpu |= light


def _numbered(
    sources: Mapping[int, list[int]], together: Mapping[int, int], cpu: set[int], parameters: set[int]
) -> dict[int, int]:
    """The earliest possible part of each node; ``together`` are its groups, ``parameters`` the inputs of the model."""
    stages = dict.fromkeys(sources, 0)
    changed = True
    while changed:
        changed = False
        of_group: dict[int, int] = {}
        for number, before in sources.items():
            if number not in parameters:
                least = max((stages[source] for source in before if source not in parameters), default=0)
                group = together[number]
                of_group[group] = max(of_group.get(group, 0), least + (least % 2 != (group in cpu)))
        for number in sources:
            if number not in parameters and stages[number] != of_group[together[number]]:
                stages[number] = of_group[together[number]]
                changed = True
    return stages


def _groups(nodes: list[Any], sources: Mapping[int, list[int]], reading: GraphReading) -> dict[int, int]:
    """A group number for each node; nodes on the recurrent path of a variable are in one group."""
    following: dict[int, set[int]] = {number: set() for number in sources}
    for number, before in sources.items():
        for node in before:
            following[node].add(number)
    ends: dict[str, list[int]] = {}
    for number in sources:
        if nodes[number].get_name() in reading.variables:
            ends.setdefault(reading.variables[nodes[number].get_name()], []).append(number)
    for pair in ends.values():
        for node in pair:
            following[node] |= set(pair) - {node}
    # Nodes that reach each other form a group; only nodes behind a variable can.
    reached = {number: _reached(number, following) for pair in ends.values() for number in pair}
    together = {number: number for number in sources}
    for number, behind in reached.items():
        members = {node for node in behind if number in _reached(node, following)} | {number}
        first = min(members)
        together.update(dict.fromkeys(members, first))
    return together


def _reached(start: int, following: Mapping[int, Iterable[int]]) -> set[int]:
    pending, seen = [start], {start}
    while pending:
        for node in following[pending.pop()]:
            if node not in seen:
                seen.add(node)
                pending.append(node)
    return seen


@dataclass(slots=True, eq=False)
class _Ports:
    """What a part reads, by output of a node: name and parameter; and what it makes, by name."""

    taken: dict[tuple[str, int], tuple[str, Any]]
    left: dict[str, Any]

    def take(self, output: Any, name: str) -> Any:
        """The parameter of the part for a value of another part."""
        key = output_key(output)
        if key not in self.taken:
            self.taken[key] = (name, _parameter(output, name))
        return self.taken[key][1].output(0)


def _cut(
    static: ov.Model, nodes: list[Any], reading: GraphReading, stages: Mapping[int, int], reasons: Mapping[int, str]
) -> Partition:
    """The parts; ``static`` is consumed."""
    placed = {number: stage for number, stage in stages.items() if nodes[number].get_type_name() not in _ENDS}
    parts_of = {stage: _Ports({}, {}) for stage in sorted(set(placed.values())) or [0]}
    first = next(iter(parts_of.values()))
    inputs = tuple(port_name(port) for port in static.inputs)
    outputs = tuple(_output_name(port) for port in static.outputs)
    names = {output_key(port.get_node().output(0)): name for port, name in zip(static.inputs, inputs, strict=True)}
    of_node = {nodes[number].get_name(): stage for number, stage in placed.items()}
    for port, name in zip(static.outputs, outputs, strict=True):
        value = _settled(port.get_node().input_value(0), reading)
        names[output_key(value)] = name
        stage = of_node.get(value.get_node().get_name())
        is_given = value.get_node().get_type_name() == "Parameter"
        made_in = first if stage is None else parts_of[stage]
        made_in.left[name] = first.take(value, name) if is_given else value
    for number, stage in placed.items():
        for port in nodes[number].inputs():
            value = port.get_source_output()
            producer = value.get_node()
            if producer.get_name() not in of_node and producer.get_type_name() != "Parameter":
                port.replace_source_output(_settled(value, reading))
            elif of_node.get(producer.get_name()) != stage:
                name = names.setdefault(output_key(value), _unused_name(value, names.values()))
                if producer.get_name() in of_node:
                    parts_of[of_node[producer.get_name()]].left[name] = value
                port.replace_source_output(parts_of[stage].take(value, name))
    sinks = {
        stage: [sink for sink in static.get_sinks() if of_node.get(sink.get_name()) == stage] for stage in parts_of
    }
    parts = tuple(_part(stage, ports, sinks[stage]) for stage, ports in parts_of.items())
    order = {stage: number for number, stage in enumerate(parts_of)}
    layers = tuple(
        LayerPlacement(
            str(nodes[number].get_friendly_name()),
            nodes[number].get_type_name(),
            parts[order[stage]].device,
            order[stage],
            reasons.get(number, ""),
        )
        for number, stage in placed.items()
        if nodes[number].get_type_name() not in ("Assign", "ReadValue")
    )
    return Partition(parts, inputs, outputs, layers)


def _part(stage: int, ports: _Ports, sinks: list[Any]) -> ModelPart:
    device: Device = "CPU" if stage % 2 else "GNA"
    results = [opset.result(value, name=f"{name}/result") for name, value in ports.left.items()]
    model = ov.Model(results, sinks, [parameter for _, parameter in ports.taken.values()], f"part {stage}")
    return ModelPart(device, model, tuple(name for name, _ in ports.taken.values()), tuple(ports.left))


def _unused_name(output: Any, taken: Iterable[str]) -> str:
    node = output.get_node()
    name = f"{node.get_friendly_name()}:{output.get_index()}"
    return f"{name}:{node.get_name()}" if name in taken else name


def _is_known(node: Any, reading: GraphReading) -> bool:
    """Whether all outputs of a node are known before a frame is computed."""
    if node.get_type_name() in ("Assign", "Parameter", "ReadValue", "Result"):
        return False
    operands = [reading.operands[output_key(output)] for output in node.outputs()]
    return all(operand is not None and not isinstance(operand, Tensor) for operand in operands)


def _settled(output: Any, reading: GraphReading) -> Any:
    """The output, as a constant if it is known, because its producer may be in another part."""
    operand = reading.operands[output_key(output)]
    if operand is None or isinstance(operand, Tensor) or output.get_node().get_type_name() == "Constant":
        return output
    return opset.constant(np.array(operand, dtype=output.get_element_type().to_dtype())).output(0)


def _parameter(output: Any, name: str) -> Any:
    parameter = opset.parameter(output.get_partial_shape(), output.get_element_type(), name=name)
    parameter.output(0).get_tensor().set_names({name})
    return parameter


def _output_name(port: Any) -> str:
    producer = port.get_node().input_value(0)
    node = producer.get_node()
    fallback = str(node.get_friendly_name())
    fallback = f"{fallback}:{producer.get_index()}" if node.get_output_size() > 1 else fallback
    return min(port.get_names(), default=fallback)
