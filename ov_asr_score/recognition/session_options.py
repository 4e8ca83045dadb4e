"""What may be asked of a session.

Tests: tests/recognition/test_live_session.py
"""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real
from typing import Literal

from ov_asr_score.errors import UsageError
from ov_asr_score.frontend.live_state import FrontendState

Confidence = Literal["none", "best-path", "mbr"]


@dataclass(frozen=True, slots=True)
class SessionOptions:
    """``words``: times of words in finals, ``partial_words`` in partial results; ``alternatives`` in finals at most.

    ``confidence`` is that of each word in finals: of the best path's, or of those with minimum Bayes risk, which take
    their place. It and alternatives need lattices, whose search takes longer. ``endpoints``: an utterance ends where
    Kaldi's rules say so, else at the end of the sound. ``float_full_scale`` is what `SampleReader` says. A session that
    gets nothing for ``idle_seconds``, or more sound than ``max_seconds``, ends itself; None: never.
    Raises UsageError for numbers that cannot be.
    """

    words: bool = False
    partial_words: bool = False
    alternatives: int = 1
    confidence: Confidence = "none"
    endpoints: bool = True
    float_full_scale: float = 1.0
    idle_seconds: float | None = None
    max_seconds: float | None = None

    def __post_init__(self) -> None:
        """Check the numbers."""
        if not isinstance(self.alternatives, int) or self.alternatives < 1:
            found = self.alternatives
            raise UsageError(f"alternatives: expected 1 or more, found {found!r}", fields=("alternatives",))
        if self.confidence not in ("none", "best-path", "mbr"):
            raise UsageError(
                f"confidence: expected none, best-path or mbr, found {self.confidence!r}", fields=("confidence",)
            )
        for name in ("idle_seconds", "max_seconds", "float_full_scale"):
            value = getattr(self, name)
            if value is not None and not (isinstance(value, Real) and float(value) > 0):
                raise UsageError(f"{name}: expected a number above 0, found {value!r}", fields=(name,))

    @property
    def needs_lattices(self) -> bool:
        """Whether the best path alone does not do."""
        return self.alternatives > 1 or self.confidence != "none"


def check_state(state: object) -> None:
    """Raise UsageError for anything else than the state of a speaker, or None."""
    if state is not None and not isinstance(state, FrontendState):
        found = type(state).__name__
        advice = "FrontendState.from_json makes one of its text"
        raise UsageError(f"state: expected a FrontendState, found {found}; {advice}", fields=("state",))
