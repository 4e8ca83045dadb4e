"""Which frames of its input a component needs for one frame of its output, as plain data.

Source: ``GetInputIndexes`` and ``IsComputable`` of the components of nnet3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Offsets:
    """Frames t + o: all ``required`` ones must be computable, of the ``optional`` ones those that are get used."""

    required: tuple[int, ...] = (0,)
    optional: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Period:
    """Every ``step`` frames of the period of ``length`` frames that t lies in; one computable frame is enough."""

    length: int
    step: int


@dataclass(frozen=True, slots=True)
class FrameWindow:
    """Every ``step`` frames from t - ``left`` to t + ``right``, for multiples of ``step`` only; one is enough."""

    left: int
    right: int
    step: int


@dataclass(frozen=True, slots=True)
class Nothing:
    """No input at all."""


@dataclass(frozen=True, slots=True)
class IndexBlock:
    """Frame t of index x // ``num_blocks`` (DistributeComponent)."""

    num_blocks: int


SAME_FRAME = Offsets()
"""A frame of the output needs the same frame of the input."""

Dependency: TypeAlias = Offsets | Period | FrameWindow | Nothing | IndexBlock
