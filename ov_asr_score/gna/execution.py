"""The protocol of a program that computes frames in lanes: in the device's integers, or in floats.

Tests: tests/gna/test_gna_runner.py
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.ports import PortInfo


class Program(Protocol):
    """A model prepared to run; everything that changes is in the memory that ``new_memory`` returns.

    ``inputs`` and ``outputs`` are [?, D]: any number of lanes, with one frame in each.
    """

    inputs: tuple[PortInfo, ...]
    outputs: tuple[PortInfo, ...]
    is_stateful: bool

    def new_memory(self, lanes: int) -> Any:
        """Memory for ``lanes`` utterances, each at its beginning."""

    def restart(self, memory: Any, lanes: NDArray[np.bool_]) -> None:
        """Reset the states of the lanes where the mask ``lanes`` [lanes] is true: a new utterance begins in them."""

    def run(self, memory: Any, inputs: Sequence[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
        """The outputs, float32 [lanes, N], for one frame of each lane: float32 [lanes, D] for each input."""
