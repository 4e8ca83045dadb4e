"""A Kaldi network as plain data: components with their fields, nodes that join them, descriptors that feed the nodes.

All three generations come as nodes: the chains of nnet1 and nnet2 are written as component nodes that follow each
other from the input node ``input`` to the output node ``output``. Nothing here computes.

Tests: tests/kaldi_model/test_loading.py, tests/kaldi_model/test_descriptors.py
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.kaldi_model.dependency import SAME_FRAME, Dependency

Generation: TypeAlias = Literal[1, 2, 3]
# What is wider, or farther away in frames (200 s), is damage: it must neither fill the memory nor take for ever.
WIDEST_LAYER = 1 << 20
FARTHEST_FRAME = 20_000

FloatArray: TypeAlias = NDArray[np.float32]
IntArray: TypeAlias = NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class Component:
    """One component: ``fields`` maps Kaldi's tokens without their brackets (``LinearParams``) to values.

    ``type`` is the name that today's Kaldi writes, whatever older spelling stands in the file. Matrices are float32
    [rows, columns], vectors float32 [D], integer vectors int32 [D]. ``offset`` is the byte of the file where the
    component begins. Components inside a component (CompositeComponent, ParallelComponent) are in ``nested``: one
    chain for a composite, one chain per parallel branch. ``reads`` are the frames of the input that a frame of the
    output needs; it is entered when the fields have been checked, see ``validation.check_network``.
    """

    name: str
    type: str
    fields: Mapping[str, FieldValue]
    offset: int
    nested: tuple[tuple[Component, ...], ...] = ()
    reads: Dependency = SAME_FRAME


FieldValue: TypeAlias = bool | int | float | str | FloatArray | IntArray | tuple[FloatArray, ...] | tuple[IntArray, ...]


@dataclass(frozen=True, slots=True)
class NodeRef:
    """The output of a node."""

    name: str


@dataclass(frozen=True, slots=True)
class Append:
    """Its parts side by side."""

    parts: tuple[Descriptor, ...]


@dataclass(frozen=True, slots=True)
class Sum:
    """The sum of its parts, which have the same width."""

    parts: tuple[Descriptor, ...]


@dataclass(frozen=True, slots=True)
class Offset:
    """What ``source`` has at frame t + ``t`` (and index x + ``x``)."""

    source: Descriptor
    t: int
    x: int = 0


@dataclass(frozen=True, slots=True)
class Scale:
    """``factor`` times ``source``."""

    factor: float
    source: Descriptor


@dataclass(frozen=True, slots=True)
class Const:
    """``dim`` times ``value``."""

    value: float
    dim: int


@dataclass(frozen=True, slots=True)
class IfDefined:
    """``source`` where it can be computed, else zero."""

    source: Descriptor


@dataclass(frozen=True, slots=True)
class Failover:
    """``first`` where it can be computed, else ``second``."""

    first: Descriptor
    second: Descriptor


@dataclass(frozen=True, slots=True)
class Switch:
    """Part number t modulo the number of parts."""

    parts: tuple[Descriptor, ...]


@dataclass(frozen=True, slots=True)
class Round:
    """``source`` at t rounded down to a multiple of ``modulus``."""

    source: Descriptor
    modulus: int


@dataclass(frozen=True, slots=True)
class ReplaceIndex:
    """``source`` with its index ``variable`` set to ``value``."""

    source: Descriptor
    variable: Literal["t", "x"]
    value: int


Descriptor: TypeAlias = (
    NodeRef | Append | Sum | Offset | Scale | Const | IfDefined | Failover | Switch | Round | ReplaceIndex
)


@dataclass(frozen=True, slots=True)
class InputNode:
    """Where features or i-vectors come in."""

    name: str
    dim: int


@dataclass(frozen=True, slots=True)
class ComponentNode:
    """A component applied to what ``input`` describes."""

    name: str
    component: str
    input: Descriptor


@dataclass(frozen=True, slots=True)
class DimRangeNode:
    """``dim`` columns of the node ``source`` from column ``offset`` on."""

    name: str
    source: str
    offset: int
    dim: int


@dataclass(frozen=True, slots=True)
class OutputNode:
    """Where scores come out."""

    name: str
    input: Descriptor
    objective: Literal["linear", "quadratic"] = "linear"


Node: TypeAlias = InputNode | ComponentNode | DimRangeNode | OutputNode


@dataclass(frozen=True, slots=True, eq=False)
class KaldiNetwork:
    """A whole network. ``priors`` [pdfs] are those kept in an acoustic model (nnet2, nnet3 .mdl), None if it has none.

    ``stored_contexts`` are the left and right context written in an nnet3 .mdl, which Kaldi itself computes anew.
    ``is_acoustic_model`` says that a transition model stood in front, ``num_pdfs`` its number of pdfs (0: none).
    ``source`` names the file in messages.
    """

    generation: Generation
    nodes: tuple[Node, ...]
    components: Mapping[str, Component]
    source: str
    priors: FloatArray | None = None
    stored_contexts: tuple[int, int] | None = None
    is_acoustic_model: bool = False
    num_pdfs: int = 0
    binary: bool = True
    node_offsets: Mapping[str, int] = field(default_factory=dict)

    def node(self, name: str) -> Node | None:
        """The node of that name, None if there is none."""
        return next((node for node in self.nodes if node.name == name), None)

    @property
    def inputs(self) -> tuple[InputNode, ...]:
        """The input nodes, in the order of the file."""
        return tuple(node for node in self.nodes if isinstance(node, InputNode))

    @property
    def outputs(self) -> tuple[OutputNode, ...]:
        """The output nodes, in the order of the file."""
        return tuple(node for node in self.nodes if isinstance(node, OutputNode))
