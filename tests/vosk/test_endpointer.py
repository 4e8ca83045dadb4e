"""Delays of endpoints as vosk's recognizers set them."""

from __future__ import annotations

from ov_asr_score.settings.recognition.endpointing import EndpointOptions
from ov_asr_score.vosk.endpointer import EndpointerMode, with_delays, with_mode

RULES = EndpointOptions()


def silences(options: EndpointOptions) -> list[float]:
    return [rule.min_trailing_silence for rule in options.rules]


def test_modes_scale_what_follows_words() -> None:
    assert silences(with_mode(RULES, EndpointerMode.DEFAULT)) == [5.0, 0.5, 1.0, 2.0, 0.0]
    assert silences(with_mode(RULES, EndpointerMode.SHORT)) == [5.0, 0.375, 0.75, 1.5, 0.0]
    assert silences(with_mode(RULES, EndpointerMode.LONG)) == [5.0, 0.75, 1.5, 3.0, 0.0]
    assert silences(with_mode(RULES, EndpointerMode.VERY_LONG)) == [5.0, 2.0, 4.0, 8.0, 0.0]


def test_delays_are_seconds() -> None:
    changed = with_delays(RULES, 0.5, 0.25, 10.0)
    assert silences(changed) == [0.5, 0.25, 0.75, 1.25, 0.0]
    assert changed.rule5.min_utterance_length == 10.0
    assert changed.rule3.max_relative_cost == RULES.rule3.max_relative_cost
