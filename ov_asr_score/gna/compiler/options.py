"""What a float model is compiled with for GNA."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ov_asr_score.gna.graphs.graph import GnaGraph
from ov_asr_score.gna.model import GnaModel


@dataclass(frozen=True, slots=True)
class CompileSettings:
    """``scale_factors`` by input name (tensor or friendly name, with or without a port suffix such as ``:0``).

    ``weight_bits`` 8 or 16. ``pwl_max_error_percent`` None takes as many segments as the device has, placed for the
    least error; a number takes the fewest that keep the error of a function within so much of its range.
    ``num_vectors`` frames go into a request of the blob.
    """

    scale_factors: Mapping[str, float] = field(default_factory=dict)
    weight_bits: int = 16
    pwl_max_error_percent: float | None = None
    num_vectors: int = 1
    memory_reuse: bool = True


@dataclass(frozen=True, slots=True)
class CompiledLayer:
    """Where the value of a layer of the graph is: the output of operation number ``operation``, in integers.

    ``value`` is the name in the graph; scale factors are float · factor = integer; ``weight_scale`` 0 where the layer
    has no weights.
    """

    name: str
    value: str
    operation: int
    input_scale: float
    weight_scale: float
    output_scale: float


@dataclass(frozen=True, slots=True, eq=False)
class CompiledGna:
    """A model compiled for GNA, with what it was made of; ``notes`` are worth telling."""

    model: GnaModel
    graph: GnaGraph
    layers: tuple[CompiledLayer, ...]
    notes: tuple[str, ...] = ()
