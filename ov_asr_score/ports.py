"""What the outside of a model looks like, in plain data that needs no runtime."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PortInfo:
    """One input or output of a model.

    ``shape`` holds ``None`` for a free dimension, and is itself ``None`` when even the rank is free.
    ``names`` are all tensor names; ``name`` is the one that users see (first tensor name, else the layer's name).
    ``layer`` is the friendly name of the node and ``port`` the number of its output.
    """

    name: str
    layer: str
    port: int
    names: tuple[str, ...]
    shape: tuple[int | None, ...] | None
    element_type: str
    layout: str


def shape_text(shape: Sequence[int | None] | None) -> str:
    """``[1,?,40]`` for a shape with a free second dimension."""
    if shape is None:
        return "[…]"
    return "[" + ",".join("?" if length is None else str(length) for length in shape) + "]"
