"""Inputs and outputs of a model as plain data that needs no runtime."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PortInfo:
    """One input or output of a model.

    ``shape`` has ``None`` for a dynamic dimension, and is ``None`` if the rank is dynamic. ``names`` are all tensor
    names; ``name`` is the one shown to users (the first tensor name, or the name of the layer). ``layer`` is the
    friendly name of the node and ``port`` the index of its output.
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
