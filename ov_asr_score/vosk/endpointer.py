"""When vosk's recognizers take an utterance for ended: the model's rules with delays of the caller's.

Source: vosk-api, src/recognizer.cc (``SetEndpointerMode``, ``SetEndpointerDelays``).
"""

from __future__ import annotations

from dataclasses import replace
from enum import Enum

from ov_asr_score.settings.recognition.endpointing import EndpointOptions, EndpointRule


class EndpointerMode(Enum):
    """How long a recognizer waits for the next word."""

    DEFAULT = 0
    SHORT = 1
    LONG = 2
    VERY_LONG = 3


_SCALES = {
    EndpointerMode.DEFAULT: 1.0,
    EndpointerMode.SHORT: 0.75,
    EndpointerMode.LONG: 1.5,
    EndpointerMode.VERY_LONG: 4.0,
}


def with_mode(options: EndpointOptions, mode: EndpointerMode) -> EndpointOptions:
    """The rules, of which those after words wait shorter or longer."""
    scale = _SCALES[mode]
    return replace(
        options,
        rule2=_after(options.rule2, options.rule2.min_trailing_silence * scale),
        rule3=_after(options.rule3, options.rule3.min_trailing_silence * scale),
        rule4=_after(options.rule4, options.rule4.min_trailing_silence * scale),
    )


def with_delays(options: EndpointOptions, before_words: float, after_words: float, longest: float) -> EndpointOptions:
    """The rules with seconds of silence before the first word and after words, and seconds of an utterance at most."""
    return replace(
        options,
        rule1=_after(options.rule1, before_words),
        rule2=_after(options.rule2, after_words),
        rule3=_after(options.rule3, after_words + 0.5),
        rule4=_after(options.rule4, after_words + 1.0),
        rule5=replace(options.rule5, min_utterance_length=longest),
    )


def _after(rule: EndpointRule, seconds: float) -> EndpointRule:
    return replace(rule, min_trailing_silence=seconds)
