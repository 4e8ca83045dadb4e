"""Which variable each ReadValue and Assign of a model belongs to."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from xml.etree import ElementTree

from ov_asr_score.openvino_api import ov

_KINDS = ("Assign", "ReadValue")


def variable_ids(model: ov.Model) -> dict[str, str]:
    """The id of the variable by unique name of the node.

    The bindings of 2023.3 do not tell it; the file that it writes does.
    """
    nodes = [node for node in model.get_ordered_ops() if node.get_type_name() in _KINDS]
    ids = {node.get_name(): str(node.get_attributes().get("variable_id", "")) for node in nodes}
    if all(ids.values()):
        return ids
    written = _written_ids(model)
    return {node.get_name(): written[node.get_friendly_name()] for node in nodes}


def _written_ids(model: ov.Model) -> dict[str, str]:
    """The ids by friendly name."""
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
