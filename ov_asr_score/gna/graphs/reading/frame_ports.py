"""Reshapes a model to one frame, and names its ports and variables.

Tests: tests/gna/graphs/reading/test_model_reader.py
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.openvino_api import RUNTIME_ERRORS, first_cause, ov


def for_one_frame(model: ov.Model, source: str) -> ov.Model:
    """A copy of ``model`` with the shapes of one frame: all free dimensions except the last one become 1.

    Raises UnsupportedModelError if the shapes do not determine what a frame is, or if one frame gives no scores.
    """
    static = model.clone()
    shapes = {}
    for number, port in enumerate(static.inputs):
        shape = port.get_partial_shape()
        name = port_name(port)
        if shape.rank.is_dynamic or not len(shape) or shape[len(shape) - 1].is_dynamic:
            raise UnsupportedModelError(f"{source}: input '{name}' {shape}: expected a fixed number of features")
        sizes = [1 if size.is_dynamic else size.get_length() for size in shape]
        if len(sizes) == 2 and not static.get_sinks():
            sizes[0] = 1
        shapes[number] = ov.PartialShape(sizes)
    try:
        static.reshape(shapes)
    except RUNTIME_ERRORS as error:
        raise UnsupportedModelError(f"{source}: cannot be reshaped to one frame: {first_cause(error)}") from error
    for port in static.outputs:
        if any(size.is_static and size.get_length() == 0 for size in port.get_partial_shape()):
            raise UnsupportedModelError(
                f"{source}: one frame gives no values of output '{port_name(port)}', but GNA computes one frame at a "
                "time: expected a model for one frame, with variables for its memory (Kaldi models: time=frame)",
                fields=("time",),
            )
    return static


def port_name(port: Any) -> str:
    """The first tensor name of an input or output, or the name of its layer if it has none."""
    return min(port.get_names(), default=str(port.get_node().get_friendly_name()))


_KINDS = ("Assign", "ReadValue")


def variable_ids(model: ov.Model) -> dict[str, str]:
    """Ids of variables by the unique name of their nodes.

    The bindings of 2023.3 do not expose them; there they are read from a serialized model.
    """
    nodes = [node for node in model.get_ordered_ops() if node.get_type_name() in _KINDS]
    ids = {node.get_name(): str(node.get_attributes().get("variable_id", "")) for node in nodes}
    if all(ids.values()):
        return ids
    written = _written_ids(model)
    return {node.get_name(): written[node.get_friendly_name()] for node in nodes}


def _written_ids(model: ov.Model) -> dict[str, str]:
    """Ids of variables by friendly name, from a serialized model."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.xml"
        ov.serialize(model, str(path), os.devnull)
        layers = [*ElementTree.parse(path).getroot().iterfind("./layers/layer")]
    ids = {}
    for layer in layers:
        data = layer.find("data")
        if layer.get("type") in _KINDS and data is not None:
            ids[layer.get("name", "")] = data.get("variable_id", "")
    return ids
