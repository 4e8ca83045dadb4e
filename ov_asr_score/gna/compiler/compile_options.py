"""Settings and result of compiling a float model for GNA.

Tests: tests/gna/compiler/test_compilation.py
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ov_asr_score.gna.graphs.float_graph import GnaGraph
from ov_asr_score.gna.model import GnaModel


@dataclass(frozen=True, slots=True)
class CompileSettings:
    """``scale_factors`` by input name (tensor or friendly name, with or without a port suffix such as ``:0``).

    ``weight_bits`` is 8 or 16. ``pwl_max_error_percent``: None uses all segments of the device, placed for the least
    error; a number uses the fewest that keep the error of a function within this percentage of its range.
    ``num_vectors`` is the number of frames in a request of the blob.
    """

    scale_factors: Mapping[str, float] = field(default_factory=dict)
    weight_bits: int = 16
    pwl_max_error_percent: float | None = None
    num_vectors: int = 1
    memory_reuse: bool = True


@dataclass(frozen=True, slots=True)
class CompiledLayer:
    """A layer of the graph in integers: the output of operation number ``operation``.

    ``value`` is its name in the graph. Scale factors are defined by float · factor = integer; ``weight_scale`` is 0 for
    a layer without weights.
    """

    name: str
    value: str
    operation: int
    input_scale: float
    weight_scale: float
    output_scale: float


@dataclass(frozen=True, slots=True, eq=False)
class CompiledGna:
    """A model compiled for GNA with the graph it was made from; ``notes`` are remarks for the user."""

    model: GnaModel
    graph: GnaGraph
    layers: tuple[CompiledLayer, ...]
    notes: tuple[str, ...] = ()
