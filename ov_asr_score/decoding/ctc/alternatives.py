"""What comes of decoding an utterance of a CTC model.

Tests: tests/decoding/ctc/test_ctc_decoder.py
"""

from __future__ import annotations

from dataclasses import dataclass

from ov_asr_score.decoding.ctc.token_spans import CtcWord, TokenSpans


@dataclass(frozen=True, slots=True, eq=False)
class CtcAlternative:
    """A word sequence, with the frames of its best alignment.

    Costs are negated natural logarithms: ``acoustic_cost`` of the probability of these words (of the best alignment,
    or of all label sequences that a prefix search found for them), ``graph_cost`` of what the language model or the
    graph makes of them (0 without one). ``posterior`` is the share of the word sequence among all that were found.
    """

    words: tuple[CtcWord, ...]
    tokens: TokenSpans
    acoustic_cost: float
    graph_cost: float
    posterior: float


@dataclass(frozen=True, slots=True, eq=False)
class CtcDecoded:
    """The word sequences of an utterance of ``num_frames`` rows of scores, best first; none if no path survived.

    ``seconds`` is the processor time of the search.
    """

    key: str
    num_frames: int
    alternatives: tuple[CtcAlternative, ...]
    warnings: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def best(self) -> CtcAlternative | None:
        """The best word sequence."""
        return self.alternatives[0] if self.alternatives else None
