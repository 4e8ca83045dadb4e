"""The document that every view of a transcript is made from.

Times are seconds of the recording, confidences are posterior probabilities from 0 to 1, costs are negated natural
logarithms. What is not known is None, or an empty text: nothing is guessed. The fields, under their own names, are the
document's JSON (``transcript/json_form.py``; schema: docs/schemas/transcript.schema.json).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

FORMAT = "ov-asr-score-transcript"
FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True)
class Word:
    """A word with its times in seconds of the recording, and its confidence; None where unknown."""

    text: str
    start: float | None = None  # seconds from the beginning of the recording
    end: float | None = None  # seconds from the beginning of the recording
    confidence: float | None = None  # posterior probability, 0 to 1


@dataclass(frozen=True, slots=True)
class Alternative:
    """A word sequence; costs are negated log-likelihoods, the acoustic one without its scale."""

    words: tuple[Word, ...]
    confidence: float | None = None  # posterior probability of the whole word sequence, 0 to 1
    acoustic_cost: float | None = None  # without the acoustic scale
    graph_cost: float | None = None  # language model, pronunciations and transitions

    @property
    def text(self) -> str:
        """The words with spaces between."""
        return " ".join(word.text for word in self.words)


@dataclass(frozen=True, slots=True)
class Segment:
    """An utterance: part of a channel of a recording, with the best word sequence first."""

    utterance: str  # its key
    start: float | None  # seconds from the beginning of the recording
    end: float | None  # seconds from the beginning of the recording
    alternatives: tuple[Alternative, ...]  # the best first; empty: nothing was decoded
    recording: str = ""  # empty: the utterance is the recording
    channel: int = 1  # from 1 on
    speaker: str = ""  # empty: unknown
    final: bool = True  # false: more sound may still change it
    warnings: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The words of the best alternative, with spaces between."""
        return self.alternatives[0].text if self.alternatives else ""


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was said in one or several recordings."""

    segments: tuple[Segment, ...]
    id: str = ""
    model: str = ""
    language: str = ""  # tag such as en-GB; empty: unknown
    durations: Mapping[str, float] = field(default_factory=dict)
    """Seconds of each recording, by its name, where they are known."""
    warnings: tuple[str, ...] = ()
    stage_seconds: Mapping[str, float] = field(default_factory=dict)  # time that was spent, by stage of the work

    @property
    def text(self) -> str:
        """The words of all segments, with spaces between."""
        return " ".join(segment.text for segment in self.segments if segment.text)

    @property
    def duration(self) -> float | None:
        """Seconds of the recording; null where they are unknown, and for several recordings."""
        names = {recording_name(segment) for segment in self.segments} | set(self.durations)
        return self.durations.get(names.pop()) if len(names) == 1 else None


def recording_name(segment: Segment) -> str:
    """The name of the recording that a segment is of: the key of the utterance where it is a recording itself."""
    return segment.recording or segment.utterance


def best_words(segment: Segment) -> tuple[Word, ...]:
    """The words of the best alternative; none where nothing was decoded."""
    return segment.alternatives[0].words if segment.alternatives else ()
