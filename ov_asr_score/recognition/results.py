"""What a session gives: what is said so far, and what was said.

Tests: tests/recognition/test_live_session.py
"""

from __future__ import annotations

from dataclasses import dataclass

from ov_asr_score.transcript.transcript import Segment, Word, best_words


@dataclass(frozen=True, slots=True)
class Partial:
    """The words of the utterance that is being said; more sound may still change them.

    ``start`` is where the utterance begins, ``end`` how far the search is, in seconds from the beginning of the
    stream. Words have times only if the session was asked for them.
    """

    words: tuple[Word, ...]
    start: float
    end: float

    @property
    def text(self) -> str:
        """The words with spaces between; empty: none yet."""
        return " ".join(word.text for word in self.words)


@dataclass(frozen=True, slots=True)
class Final:
    """An utterance that is over: its words do not change any more. Times are seconds from the beginning of the stream.

    ``endpoint_rule`` is the number of the rule of Kaldi that ended it, 1 to 5, None at the end of the sound.
    """

    segment: Segment
    endpoint_rule: int | None = None

    @property
    def words(self) -> tuple[Word, ...]:
        """The words of the best alternative; none for silence."""
        return best_words(self.segment)

    @property
    def text(self) -> str:
        """The words with spaces between; empty for silence."""
        return self.segment.text
