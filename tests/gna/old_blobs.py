"""Blobs in the older and newer forms of the format, written field by field after Intel's headers."""

from __future__ import annotations

import struct

from ov_asr_score.gna.format.blob import write_blob
from ov_asr_score.gna.model import GnaEndpoint, GnaModel, GnaTransposition

MINORS = range(1, 10)

PLUGIN_2023 = ("OpenVINO Runtime\n    Version : 2023.0.0\n    Build   : 2023.0.0-10926-b4452d56304\n", "3.5.0.1906")
"""What the plugin of OpenVINO 2023 writes about itself: several lines, the last with its end."""


def blob_of_version(
    model: GnaModel,
    minor: int,
    *,
    group: int = 1,
    versions: tuple[str, ...] = ("2023.3.0", "3.5.0.2116"),
    lost_turnings: int = 0,
) -> bytes:
    """The model in version 2.``minor``; since 2.8 as writers since 2022.2 have it, their ``versions`` at the end.

    ``lost_turnings`` is the number of transposed inputs in the header of a 2.9 blob, which holds none.
    """
    names = minor >= 3
    is_turned = 5 <= minor <= 8
    parts = [_header(model, minor, group, lost_turnings)]
    parts += [_text(endpoint.name) for endpoint in model.inputs if names]
    parts += [_turning(turning) for turning in (*model.turned_inputs, *model.turned_outputs) if is_turned]
    parts += [_endpoint(endpoint, minor) for endpoint in model.inputs]
    parts += [_text(endpoint.name) for endpoint in model.outputs if names]
    parts += [_endpoint(endpoint, minor) for endpoint in model.outputs]
    parts.append(_operations(model))
    parts.append(struct.pack("<I", len(model.states)))
    for state in model.states:
        parts.append(struct.pack("<QI", state.offset, state.num_bytes))
        if minor >= 6:
            parts += [_text(state.name), struct.pack("<f", state.scale_factor)]
    parts.append(model.memory)
    if minor >= 8:
        parts += map(_text, versions)
    return b"".join(parts)


def _header(model: GnaModel, minor: int, group: int, lost_turnings: int) -> bytes:
    rows, columns, is_turned, output_rows, output_columns, is_output_turned = model.rotation
    rest = struct.pack("<QQIII", len(model.memory), len(model.operations), group, rows, columns)
    if minor >= 2:
        rest += struct.pack("<B", is_turned)
    rest += struct.pack("<II", len(model.inputs), len(model.outputs))
    if minor >= 4:
        rest += struct.pack("<IIB", output_rows, output_columns, is_output_turned)
    if minor >= 9:
        rest += struct.pack("<II", lost_turnings, lost_turnings)
    elif minor >= 5:
        rest += struct.pack("<II", len(model.turned_inputs), len(model.turned_outputs))
    return struct.pack("<4sIHI", b"GNAM", 14 + len(rest), 2, minor) + rest


def _turning(turning: GnaTransposition) -> bytes:
    name = turning.name.encode() + (b"\0" if turning.ends_in_nul else b"")
    parts = b"".join(struct.pack("<B7xQQ", *part) for part in turning.parts)
    return struct.pack("<I", len(name)) + name + struct.pack("<I", len(turning.parts)) + parts


def _endpoint(endpoint: GnaEndpoint, minor: int) -> bytes:
    start = struct.pack(
        "<f4xQIIQ",
        endpoint.scale_factor,
        0x7F00DEADBEEF,
        endpoint.element_bytes,
        endpoint.num_elements,
        endpoint.offset,
    )
    if minor < 7:
        return start + struct.pack("<I4x", endpoint.orientation)
    slots = [*endpoint.shape, *[0] * (8 - len(endpoint.shape))]
    start += struct.pack("<9IBB", len(endpoint.shape), *slots, endpoint.layout, endpoint.precision)
    if minor == 7:
        return start + struct.pack("<2xI4x", endpoint.orientation)
    names = b"".join(map(_text, endpoint.tensor_names))
    start += struct.pack("<BxI4x", len(endpoint.tensor_names), endpoint.orientation) + names
    if minor < 9:
        return start
    if endpoint.processing is None:
        return start + _text("")
    xml, constants = endpoint.processing.xml + b"\0", endpoint.processing.constants
    return start + struct.pack("<I", len(xml)) + xml + struct.pack("<Q", len(constants)) + constants


def _operations(model: GnaModel) -> bytes:
    """The operations, which are the same in all versions."""
    newest = write_blob(model)
    tail = len(model.memory) + 4 + sum(20 + len(state.name.encode()) + 1 for state in model.states)
    tail += sum(4 + len(version.encode()) + 1 for version in model.made_with)
    size = sum(
        12 + 64 * len(operation.operands) + sum(4 + len(parameter) for parameter in operation.parameters)
        for operation in model.operations
    )
    return newest[len(newest) - tail - size : len(newest) - tail]


def _text(text: str) -> bytes:
    return struct.pack("<I", len(text.encode()) + 1) + text.encode() + b"\0"
