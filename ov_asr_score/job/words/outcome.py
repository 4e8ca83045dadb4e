"""What a run keeps of an utterance that was decoded, whatever decoded it.

Tests: tests/job/test_decode.py
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.lattice.lattice import CompactLattice, Lattice
from ov_asr_score.transcript.transcript import Segment


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """An utterance of T rows of scores; ``best`` has the words that were found to be the best, ``spoken`` those with
    times and confidences, which may be others. Without alternatives there are no words, and warnings say why.
    """

    best: Segment
    spoken: Segment
    num_frames: int  # T
    is_partial: bool = False
    alignment: NDArray[np.int32] | None = None  # [T], or [P] or [P, 2] for P phones
    lattice: Lattice | CompactLattice | None = None
    graph_cost: float = 0.0
    acoustic_cost: float = 0.0  # with its scale
    seconds: float = 0.0  # processor time

    @property
    def key(self) -> str:
        """The key of the utterance."""
        return self.best.utterance

    @property
    def has_words(self) -> bool:
        """Whether a word sequence was found, if only an empty one."""
        return bool(self.best.alternatives)


@dataclass(frozen=True, slots=True, eq=False)
class FoundUtterance:
    """What came of an utterance of ``num_frames`` frames of features, or of each part of a recording that was cut."""

    key: str
    outcomes: tuple[Outcome, ...]
    num_frames: int
