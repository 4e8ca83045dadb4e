"""Models in plain data: ports, variables and layers, without the runtime's own objects."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

from ov_asr_score.openvino_api import ov
from ov_asr_score.ports import PortInfo

# The runtime and Model Optimizer give Result nodes such names, and the runtime the same to tensors that have none.
# Where the ONNX front end keeps metadata in rt_info.
_METADATA = ["framework"]
_INVENTED_NAME = re.compile(r"Result_\d+|.*/sink_port_\d+")


@dataclass(frozen=True, slots=True)
class VariableInfo:
    """One variable (ReadValue/Assign pair) that keeps its value from one infer request to the next."""

    name: str
    shape: tuple[int | None, ...] | None
    element_type: str


@dataclass(frozen=True, slots=True)
class ModelDescription:
    """What ``inspect`` shows of a model; ``weight_bytes`` counts constants by element type."""

    name: str
    inputs: tuple[PortInfo, ...]
    outputs: tuple[PortInfo, ...]
    variables: tuple[VariableInfo, ...]
    layer_counts: dict[str, int]
    layers: tuple[tuple[str, str, str], ...]
    parameter_count: int
    weight_bytes: dict[str, int]


def read_metadata(model: ov.Model) -> dict[str, str]:
    """What the exporter of an ONNX file noted in it (``metadata_props``), by name; an IR of such a model keeps it."""
    if not model.has_rt_info(_METADATA):
        return {}
    return {name: str(model.get_rt_info([*_METADATA, name]).value) for name in model.get_rt_info(_METADATA).value}


def shape_of(partial_shape: Any) -> tuple[int | None, ...] | None:
    """A partial shape as a tuple, None for free dimensions, or None when the rank is free."""
    if partial_shape.rank.is_dynamic:
        return None
    return tuple(None if dimension.is_dynamic else dimension.get_length() for dimension in partial_shape)


def layout_letters(layout: str) -> str:
    """``NC`` for the runtime's ``[N,C]``; dots stand for axes without a name."""
    letters = layout.strip("[] ").replace(",", "")
    return "" if set(letters) <= {"."} else letters


def describe_output(output: Any, layout: str = "") -> PortInfo:
    """PortInfo of one output of a node, of a model or of a compiled model."""
    node = output.get_node()
    producer = output
    if node.get_type_name() == "Result":  # compiled models hand out their Result nodes
        producer = node.input_value(0) if node.get_input_size() else output
    layer, port = producer.get_node().get_friendly_name(), producer.get_index()
    names = sorted(name for name in output.get_names() if not _INVENTED_NAME.fullmatch(name))
    several = producer.get_node().get_output_size() > 1
    name = names[0] if names else f"{layer}:{port}" if several else layer
    own_name = node.get_friendly_name()
    if node.get_type_name() == "Result" and own_name not in names and not _INVENTED_NAME.fullmatch(own_name):
        names.append(own_name)  # Model Optimizer keeps Kaldi's name of the output there
    shape = shape_of(output.get_partial_shape())
    return PortInfo(name, layer, port, tuple(names), shape, _type_name(output), layout)


def describe_ports(model: ov.Model | ov.CompiledModel) -> tuple[tuple[PortInfo, ...], tuple[PortInfo, ...]]:
    """Inputs and outputs of a model or compiled model, in its order."""
    inputs = tuple(describe_output(port, _layout(port)) for port in model.inputs)
    outputs = tuple(describe_output(port, _layout(port)) for port in model.outputs)
    return inputs, outputs


def describe_variables(model: ov.Model) -> tuple[VariableInfo, ...]:
    """The variables of a model in the order of their Assign nodes."""
    infos = []
    for sink in model.get_sinks():
        if sink.get_type_name() == "Assign":
            attributes = sink.get_attributes()
            name = str(attributes.get("variable_id") or sink.get_friendly_name())
            infos.append(VariableInfo(name, shape_of(sink.get_output_partial_shape(0)), _type_name(sink.output(0))))
    return tuple(infos)


def describe_model(model: ov.Model) -> ModelDescription:
    """Everything ``inspect`` shows of a model; constants are counted, not read."""
    inputs, outputs = describe_ports(model)
    counts: Counter[str] = Counter()
    weight_bytes: Counter[str] = Counter()
    layers = []
    parameters = 0
    for node in model.get_ordered_ops():
        kind = node.get_type_name()
        if kind == "Constant":
            element_type = node.get_element_type()
            weight_bytes[element_type.get_type_name()] += node.get_byte_size()
            if element_type.is_real():
                elements = 1
                for length in node.get_output_shape(0):
                    elements *= length
                parameters += elements
            continue
        counts[kind] += 1
        shape = node.get_output_partial_shape(0) if node.get_output_size() else ""
        layers.append((node.get_friendly_name(), kind, str(shape)))
    return ModelDescription(
        name=model.get_friendly_name(),
        inputs=inputs,
        outputs=outputs,
        variables=describe_variables(model),
        layer_counts=dict(counts.most_common()),
        layers=tuple(layers),
        parameter_count=parameters,
        weight_bytes=dict(weight_bytes),
    )


def _type_name(output: Any) -> str:
    return str(output.get_element_type().get_type_name())


def _layout(port: Any) -> str:
    node = port.get_node()
    layout = getattr(node, "layout", None)
    return "" if layout is None or layout.empty else layout_letters(layout.to_string())
