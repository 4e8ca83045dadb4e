"""What the engine asks of anything that computes scores: an OpenVINO model, or an emulator.

Tests: tests/scoring/requests/test_openvino_runner.py, tests/gna/test_gna_runner.py
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.ports import PortInfo
from ov_asr_score.profiling import LayerTime

Float32Array = NDArray[np.float32]


class Runner(Protocol):
    """A model with ``num_slots`` infer requests that may be under way at the same time.

    A slot is bound to input arrays once; what they hold when ``start`` is called is what is scored.
    """

    inputs: Sequence[PortInfo]
    outputs: Sequence[PortInfo]
    num_slots: int

    def bind(self, slot: int, arrays: Sequence[Float32Array]) -> None:
        """Use ``arrays`` (C-contiguous, one per input, in the order of ``inputs``) for this slot from now on."""

    def start(self, slot: int) -> None:
        """Begin to score what the bound arrays hold; they must not change before ``finish``."""

    def finish(self, slot: int) -> float:
        """Wait for the slot and give the seconds that it computed."""

    def run(self, slot: int) -> None:
        """Score what the bound arrays hold and wait for it: ``start`` and ``finish`` in one, where nothing overlaps."""

    def results(self, slot: int) -> Sequence[Float32Array]:
        """Outputs of the last finished run, in the order of ``outputs``; valid until the slot is started again."""

    def reset_state(self, slot: int) -> None:
        """Set all variables of the slot to their initial values."""

    def renew(self) -> None:
        """Compile the model anew, where a failure may have spoilt it; no slot is under way, all stay bound."""

    def layer_records(self, slot: int) -> Iterable[Any]:
        """Per-layer records of the last finished run, as ``profiling`` reads them."""


class DeviceRunner(Runner, Protocol):
    """A Runner that counts its runs and keeps the times of its layers."""

    num_runs: int

    def forget_layer_times(self) -> None:
        """Leave the runs up to now, those of a trial, out of ``averaged_layer_times``."""

    def averaged_layer_times(self) -> list[LayerTime]:
        """Layer times of all runs since ``forget_layer_times``; none where ``layer_records`` gives those of each."""


@runtime_checkable
class WatchedRunner(Protocol):
    """A Runner that wants to know what its requests hold."""

    def tell(self, slot: int, utterances: int, frames: int) -> None:
        """The slot's next request holds ``frames`` frames of so many utterances."""
