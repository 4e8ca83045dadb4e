"""What comes of decoding one utterance.

Tests: tests/decoding/test_search.py
"""

from __future__ import annotations

from dataclasses import dataclass

from ov_asr_score.lattice.best_path import BestPath
from ov_asr_score.lattice.lattice import Lattice


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """The best path of an utterance, None where no path survived, and its lattice if it was asked for."""

    key: str
    num_frames: int
    path: BestPath | None
    lattice: Lattice | None = None
    warnings: tuple[str, ...] = ()
