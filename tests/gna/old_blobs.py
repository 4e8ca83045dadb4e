"""Blobs in the older and newer forms of the format, written field by field after Intel's headers."""

from __future__ import annotations

import struct

from ov_asr_score.gna.format.blob import write_blob
from ov_asr_score.gna.model import GnaEndpoint, GnaModel

MINORS = range(1, 10)


def blob_of_version(model: GnaModel, minor: int, *, group: int = 1) -> bytes:
    """The model in version 2.``minor``; in 2.8 as writers since 2022.2 have it, their versions at the end."""
    names = minor >= 3
    parts = [_header(model, minor, group)]
    parts += [_text(endpoint.name) for endpoint in model.inputs if names]
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
        parts += [_text("2023.3.0"), _text("3.5.0.2116")]
    return b"".join(parts)


def _header(model: GnaModel, minor: int, group: int) -> bytes:
    rest = struct.pack("<QQIII", len(model.memory), len(model.operations), group, 0, 0)
    if minor >= 2:
        rest += b"\0"
    rest += struct.pack("<II", len(model.inputs), len(model.outputs))
    if minor >= 4:
        rest += struct.pack("<IIB", 0, 0, 0)
    if minor >= 5:
        rest += struct.pack("<II", 0, 0)
    return struct.pack("<4sIHI", b"GNAM", 14 + len(rest), 2, minor) + rest


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
    start += struct.pack("<9IBB", len(endpoint.shape), *slots, 193, 10)
    if minor == 7:
        return start + struct.pack("<2xI4x", endpoint.orientation)
    names = b"".join(map(_text, endpoint.tensor_names))
    start += struct.pack("<BxI4x", len(endpoint.tensor_names), endpoint.orientation) + names
    return start + (_text("") if minor >= 9 else b"")


def _operations(model: GnaModel) -> bytes:
    """The operations, which are the same in all versions."""
    newest = write_blob(model)
    tail = len(model.memory) + 4 + sum(20 + len(state.name.encode()) + 1 for state in model.states)
    size = sum(
        12 + 64 * len(operation.operands) + sum(4 + len(parameter) for parameter in operation.parameters)
        for operation in model.operations
    )
    return newest[len(newest) - tail - size : len(newest) - tail]


def _text(text: str) -> bytes:
    return struct.pack("<I", len(text.encode()) + 1) + text.encode() + b"\0"
