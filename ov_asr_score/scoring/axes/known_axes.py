"""What is known of the axes of a model before anything is tried.

Tests: tests/scoring/axes/test_settling.py
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from ov_asr_score.openvino_api import ov
from ov_asr_score.ov_model.axis_names import AxisNames
from ov_asr_score.ov_model.filled_inputs.fillings import FillingPlan
from ov_asr_score.ports import PortInfo


@dataclass(frozen=True, slots=True)
class KnownAxes:
    """What is said of the axes of a model's ports, letters by name; see :mod:`ov_asr_score.scoring.axes.letters`.

    ``given`` by the user, for inputs and outputs; ``names`` of axes are those of an ONNX file. ``per_utterance`` are
    inputs whose tables have rows that stand for many frames, of which the middle one is the vector of an utterance.
    ``shift`` is the number of frames from one request of a fixed length to the next, 0 where nobody says it.
    """

    given: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, AxisNames] = field(default_factory=dict)
    per_utterance: frozenset[str] = frozenset()
    shift: int = 0


NOTHING_KNOWN = KnownAxes()


@dataclass(frozen=True, slots=True)
class WantedOutput:
    """An output that is scored: its number in the model, its name, and the entry that is chosen of a further axis."""

    number: int
    name: str
    chosen: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class UnsettledModel:
    """A model whose axes are not settled yet: ``inputs`` that have tables, all ``outputs``, and those that are scored.

    The other inputs are filled in by ``plan``.
    """

    model: ov.Model
    inputs: Sequence[PortInfo]
    outputs: Sequence[PortInfo]
    wanted: Sequence[WantedOutput]
    known: KnownAxes
    plan: FillingPlan


@dataclass(frozen=True, slots=True)
class FedInput:
    """An input with what a table gives it, and its possible letters."""

    info: PortInfo
    value: NDArray[Any] | None
    width: int | None
    readings: tuple[str, ...]
    said: str
