"""What a runner asks of anything that computes frames in lanes: integers as the device has them, or floats."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.ports import PortInfo


class Program(Protocol):
    """A model made ready; everything that changes is in the memory that ``new_memory`` gives.

    ``inputs`` and ``outputs`` are [?, D]: any number of lanes, one frame in each.
    """

    inputs: tuple[PortInfo, ...]
    outputs: tuple[PortInfo, ...]
    is_stateful: bool

    def new_memory(self, lanes: int) -> Any:
        """Memory for ``lanes`` utterances that begin."""

    def restart(self, memory: Any, lanes: NDArray[np.bool_]) -> None:
        """Set the states of those lanes (one value for each) to zero: an utterance begins in them."""

    def run(self, memory: Any, inputs: Sequence[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
        """Outputs float32 [lanes, N] for one frame float32 [lanes, D] of each lane, one array per input."""
