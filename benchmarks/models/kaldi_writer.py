"""Writes networks of nnet3 in Kaldi's binary form, so that benchmark models can be generated from a seed."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Value = int | float | bool | NDArray[np.float32] | list[int] | tuple[float, float] | tuple[int, int] | None
"""A tuple stands for two numbers behind one token, None for nothing."""

Fields = list[tuple[str, Value]]
"""Tokens, each with its value."""


@dataclass
class NetworkWriter:
    """Config lines and components of a network, in the order in which they are added."""

    lines: list[str] = field(default_factory=list)
    components: list[tuple[str, str, Fields]] = field(default_factory=list)

    def input(self, name: str, dim: int) -> str:
        """Add an input node; its name."""
        self.lines.append(f"input-node name={name} dim={dim}")
        return name

    def component(self, name: str, kind: str, source: str, fields: Fields) -> str:
        """Add a component and its node; the name of both."""
        self.components.append((name, kind, fields))
        self.lines.append(f"component-node name={name} component={name} input={source}")
        return name

    def output(self, name: str, source: str) -> None:
        """Add an output node."""
        self.lines.append(f"output-node name={name} input={source} objective=linear")

    def write(self, path: Path) -> None:
        """Write the network to ``path`` in Kaldi's raw binary form."""
        with path.open("wb") as file:
            file.write(b"\0B<Nnet3> \n" + "\n".join(self.lines).encode() + b"\n\n")
            file.write(b"<NumComponents> " + _value(len(self.components)))
            for name, kind, fields in self.components:
                file.write(f"<ComponentName> {name} <{kind}> ".encode())
                for token, value in fields:
                    file.write(f"<{token}> ".encode() + _value(value))
                file.write(f"</{kind}> ".encode())
            file.write(b"</Nnet3> ")


def _value(value: Value) -> bytes:
    if value is None:
        return b""
    if isinstance(value, bool):
        return b"T" if value else b"F"
    if isinstance(value, int):
        return b"\4" + struct.pack("<i", value)
    if isinstance(value, float):
        return b"\4" + struct.pack("<f", value)
    if isinstance(value, tuple):
        return _value(value[0]) + _value(value[1])
    if isinstance(value, list):
        return b"\4" + struct.pack("<i", len(value)) + np.array(value, "<i4").tobytes()
    token = b"FV " if value.ndim == 1 else b"FM "
    sizes = b"".join(b"\4" + struct.pack("<i", size) for size in value.shape)
    return token + sizes + np.ascontiguousarray(value, "<f4").tobytes()
