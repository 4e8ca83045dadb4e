"""The record of a component type: everything that the converter asks about it.

Each ``layers/<family>.py`` holds the records of its types in ``LAYERS``; ``registry.py`` finds them. A type that means
something else in another generation of Kaldi's networks has a second record.

Tests: tests/convert/layers/test_registry.py
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.convert.frames.grids import Grid
from ov_asr_score.convert.tensors.tensor_iterator import StepBody
from ov_asr_score.kaldi_model.network import (
    Component,
    ComponentNode,
    Descriptor,
    FloatArray,
    Generation,
    KaldiNetwork,
    Node,
)
from ov_asr_score.openvino_api import ov

Exact: TypeAlias = NDArray[np.float64]

AffineForm: TypeAlias = tuple[FloatArray, FloatArray]
"""W [M, K] and b [M] of y = W x + b, float32."""

ScaleOffsetForm: TypeAlias = tuple[FloatArray, FloatArray]
"""s [D] and o [D] of y = s x + o, float32."""

ExactScaleOffset: TypeAlias = tuple[Exact, Exact]
"""The same in float64, before it is rounded."""


@dataclass(frozen=True, slots=True, eq=False)
class NodeValue:
    """What a node computes: frames [B, N, D] on ``grid``; without a grid one vector [B, 1, D] for all frames."""

    output: ov.Output
    grid: Grid | None


class GraphOverTime(Protocol):
    """The graph under construction, as far as layers need it that read other frames than their own."""

    @property
    def network(self) -> KaldiNetwork:
        """The network that is built."""

    @property
    def images(self) -> dict[str, ov.Output]:
        """Convolutions, and layers behind them, as images; see tensors/images.py."""

    def evaluate(self, descriptor: Descriptor, x: int, grid: Grid) -> NodeValue:
        """The value of a descriptor on ``grid``, or the one vector that it has for all frames."""

    def evaluate_frames(self, descriptor: Descriptor, x: int, grid: Grid) -> ov.Output:
        """The frames [B, N, D] of a descriptor on ``grid``."""

    def computable(self, descriptor: Descriptor, x: int, grid: Grid) -> ov.Output:
        """1 for each frame of ``grid`` at which a descriptor can be computed, else 0: float32 [B, N, 1]."""

    def grid_up_to_the_end(self, descriptor: Descriptor, x: int, window: Grid) -> Grid | None:
        """The frames of the fixed grid ``window`` at which a descriptor can be computed, and those behind it.

        None where a request gives more than one row of scores.
        """


@dataclass(frozen=True, slots=True, eq=False)
class Recurrence:
    """A recurrent layer of nnet1: ``outside`` [B, T, K] is the part of its sums that comes from its input.

    ``step`` takes one frame [B, 1, K] of it and the states [B, 1, S] of ``sizes`` S, and gives the new states and the
    output. States are zero before the first frame.
    """

    name: str
    outside: ov.Output
    sizes: tuple[int, ...]
    step: StepBody


@dataclass(frozen=True, slots=True, eq=False)
class Lowered:
    """``nodes`` and ``components`` that replace a component node whose splicing has become descriptors."""

    nodes: Sequence[Node]
    components: Mapping[str, Component]


FrameConverter: TypeAlias = Callable[[Component, "ov.Output"], "ov.Output"]
"""Component and its input [B, T, D] (float32, B and T may be dynamic) -> its output [B, T, D']."""

TimeConverter: TypeAlias = Callable[[GraphOverTime, Component, Descriptor, int, Grid], NodeValue]
"""Graph, component, descriptor of its input, index x, and the grid of its output -> its output."""

ChainBuilder: TypeAlias = Callable[[Sequence[Component], "ov.Output"], "ov.Output"]
"""Components that follow each other and the input [B, T, D] of the first -> the output of the last."""

NestedConverter: TypeAlias = Callable[[Component, "ov.Output", ChainBuilder], "ov.Output"]
"""Component, its input [B, T, D], and what builds the chains inside of it -> its output [B, T, D']."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Layer:
    """How components of one type become operations. Properties that do not apply to a type are None or False."""

    name: str
    """The type, as today's Kaldi writes it."""
    generations: tuple[Generation, ...] = (3,)

    # One of these builds the component (``lowered`` and ``constant`` may stand beside it).
    over_frames: FrameConverter | None = None
    """Each frame of the output depends on the same frame of the input alone; of nnet1 also on others."""
    over_time: TimeConverter | None = None
    """The output depends on other frames of the input as well (nnet2, nnet3)."""
    over_chains: NestedConverter | None = None
    """The component holds networks of its own (nnet1)."""
    parts: Callable[[Component], Sequence[Component]] | None = None
    """The components, one after the other, that are converted instead of it. Raises ModelFormatError."""
    lowered: Callable[[ComponentNode, Component], Lowered] | None = None
    """Its splicing as descriptors. Raises ModelFormatError."""
    constant: Callable[[Component], FloatArray] | None = None
    """Its output [D] for every frame, whether its input can be computed or not. Raises ModelFormatError."""

    # What it computes, for folding it into its neighbours.
    matrix: Callable[[Component], AffineForm] | None = None
    """The full matrix that is all it computes. Layers whose matrix is mostly zeros (blocks, sums, permutations) have
    None here, as they are faster than the matrix. Raises ModelFormatError."""
    scale_offset: Callable[[Component], ExactScaleOffset] | None = None
    """The factor and the offset of each column that are all it computes. Raises ModelFormatError, UnsupportedModelError
    (batch normalization without statistics)."""
    scaled: Callable[[Component, Exact, Exact], Component | None] | None = None
    """The component and scales and offsets [D] behind it as one component; None where there is none."""
    taken_columns: Callable[[Component], NDArray[np.int64]] | None = None
    """The input column of each output column (nnet1)."""
    input_products: tuple[tuple[str, str], ...] = ()
    """Fields of matrix and bias whose product with the input comes before anything else (nnet1)."""

    problem: Callable[[Component], str | None] | None = None
    """Why it cannot be scored with the values that it has in the file; None if it can."""
    nested_problem: Callable[[Component], str | None] | None = None
    """The same for a component inside of another one."""

    # How it stands in a chain of nnet1.
    frame_offsets: Callable[[Component], list[int]] | None = None
    """The frames t + offset that it puts side by side."""
    recurrence: Callable[[Component, ov.Output], Recurrence] | None = None
    """How it depends on earlier frames, if it depends on no later ones."""
    branches: Callable[[Component, ov.Output], list[ov.Output]] | None = None
    """The share of its input that each network inside takes, if their outputs stand side by side."""
    needs_utterance: bool = False
    """It must see the whole utterance."""
    is_removable_softmax: bool = False
    """``--no-softmax`` takes it off the end of a network."""
    is_training_only: bool = False
    """It changes nothing when a network is scored."""

    @property
    def is_framewise(self) -> bool:
        """Whether it is built from its input tensor alone, so that it may be inside of a composite or a recurrence."""
        return self.over_frames is not None or self.parts is not None
