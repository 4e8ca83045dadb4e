"""The document that every view of a transcript is made from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Word:
    """A word with its times in seconds of the recording, and its confidence from 0 to 1; None where unknown."""

    text: str
    start: float | None = None
    end: float | None = None
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Alternative:
    """A word sequence; costs are negated log-likelihoods, the acoustic one without its scale."""

    words: tuple[Word, ...]
    confidence: float | None = None
    acoustic_cost: float | None = None
    graph_cost: float | None = None

    @property
    def text(self) -> str:
        """The words with spaces between."""
        return " ".join(word.text for word in self.words)


@dataclass(frozen=True, slots=True)
class Segment:
    """An utterance: part of a channel of a recording, with the best word sequence first; times in seconds."""

    utterance: str
    start: float
    end: float
    alternatives: tuple[Alternative, ...]  # empty: nothing was decoded
    recording: str = ""  # empty: the utterance is the recording
    channel: int = 1
    speaker: str = ""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was said in one or several recordings."""

    segments: tuple[Segment, ...]
    model: str = ""
    warnings: tuple[str, ...] = ()
