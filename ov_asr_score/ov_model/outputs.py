"""Find outputs and inputs of a model by the names that users know, and make inner layers outputs."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from ov_asr_score.errors import UnknownNameError
from ov_asr_score.openvino_api import ov
from ov_asr_score.ov_model.model_description import describe_ports
from ov_asr_score.ports import PortInfo
from ov_asr_score.text import suggestion

_ENTRY = re.compile(r"(?P<name>.+)\[(?P<entry>[0-9]{1,6})\]", re.DOTALL)


def find_port(ports: Sequence[PortInfo], name: str) -> int | None:
    """Index of the port that ``name`` means: tensor name, ``layer:port``, or layer name; None when there is none.

    A layer's name alone means none of its ports when it has several here.
    """
    # the old samples write `tensor:0` for inputs and outputs of the model itself
    old_name = name.removesuffix(":0")
    of_layer = [port for port in ports if port.layer == name]
    for index, port in enumerate(ports):
        if name in (port.name, *port.names):
            return index
    for index, port in enumerate(ports):
        if name == f"{port.layer}:{port.port}" or (name == port.layer and port.port == 0 and len(of_layer) == 1):
            return index
    for index, port in enumerate(ports):
        if old_name in port.names:
            return index
    return None


def port_index(ports: Sequence[PortInfo], name: str, kind: str = "input") -> int:
    """Index of the port that ``name`` means, as :func:`find_port` finds it. Raises UnknownNameError."""
    index = find_port(ports, name)
    if index is None:
        raise UnknownNameError(f"the model has no {kind} '{name}'{suggestion(name, port_names(ports))}")
    return index


def port_names(ports: Sequence[PortInfo]) -> list[str]:
    """Every name by which :func:`find_port` finds a port, for suggestions."""
    return [name for port in ports for name in (port.name, *port.names, port.layer)]


def split_entry(name: str, is_name: Callable[[str], bool]) -> tuple[str, int | None]:
    """``y`` and 1 for ``y[1]``, entry 1 of a further axis of output ``y``; the name alone where that is one itself."""
    match = _ENTRY.fullmatch(name)
    if match is None or is_name(name):
        return name, None
    return match["name"], int(match["entry"])


def layer_names(model: ov.Model) -> list[str]:
    """Every name that :func:`add_output` takes: layers, ``layer:port`` and tensors, constants left out."""
    names = []
    for node in model.get_ordered_ops():
        if node.get_type_name() != "Constant":
            layer = node.get_friendly_name()
            names.append(layer)
            for output in node.outputs():
                names += [f"{layer}:{output.get_index()}", *output.get_names()]
    return names


def add_output(model: ov.Model, name: str) -> int:
    """Index of the model output called ``name``; an inner layer is made an output first.

    ``name`` is a tensor name, a layer's friendly name (with several outputs: ``layer:port``), in this order.
    An output that has no tensor name gets ``name`` as its own. Raises UnknownNameError with near names.
    """
    _, outputs = describe_ports(model)
    known = find_port(outputs, name)
    if known is not None:
        return known
    output = _find_inner_output(model, name)
    if not output.get_names():
        output.get_tensor().set_names({name})
    model.add_outputs(output)
    return len(model.outputs) - 1


def with_outputs(model: ov.Model, numbers: Sequence[int]) -> ov.Model:
    """A copy of ``model`` that has only the outputs of those numbers, in its own order."""
    changed = model.clone()
    for number, result in enumerate(list(changed.get_results())):
        if number not in numbers:
            changed.remove_result(result)
    return changed


def _find_inner_output(model: ov.Model, name: str) -> Any:
    nodes = [node for node in model.get_ordered_ops() if node.get_type_name() not in ("Constant", "Result")]
    for node in nodes:
        for output in node.outputs():
            if name in output.get_names():
                return output
    by_name = {node.get_friendly_name(): node for node in nodes}
    if name in by_name:
        node = by_name[name]
        if node.get_output_size() == 1:
            return node.output(0)
        last = node.get_output_size() - 1
        raise UnknownNameError(f"layer '{name}' has {last + 1} outputs; say which: '{name}:0' … '{name}:{last}'")
    stem, colon, number = name.rpartition(":")
    if colon and stem in by_name and number.isdigit():
        node = by_name[stem]
        if int(number) < node.get_output_size():
            return node.output(int(number))
        count = node.get_output_size()
        raise UnknownNameError(
            f"layer '{stem}' has {count} output{'s' if count > 1 else ''}, there is no port {number}"
        )
    tensor_names = [tensor for node in nodes for output in node.outputs() for tensor in output.get_names()]
    raise UnknownNameError(f"the model has no layer or tensor '{name}'{suggestion(name, [*by_name, *tensor_names])}")
