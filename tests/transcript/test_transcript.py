"""What follows from a transcript's fields."""

from __future__ import annotations

from dataclasses import replace

from ov_asr_score.transcript.transcript import Segment, Transcript, best_words, recording_name
from tests.transcript.samples import call, lights, segment


def test_text_is_that_of_the_best_alternatives() -> None:
    assert lights().text == "turn the light on"
    assert lights().segments[0].alternatives[1].text == "turn the lights on"
    assert call().text == 'grüß gott R&D "hier" ja, <unk> --> <b>'


def test_nothing_decoded() -> None:
    empty = Segment("utt", None, None, ())
    assert (empty.text, best_words(empty)) == ("", ())
    assert (Transcript(()).text, Transcript(()).duration) == ("", None)


def test_duration_is_that_of_the_only_recording() -> None:
    assert lights().duration == 2.0
    assert replace(lights(), durations={}).duration is None
    assert replace(lights(), durations={"lights": 2.0, "other": 1.0}).duration is None
    assert Transcript((), durations={"silence": 3.0}).duration == 3.0


def test_an_utterance_without_recording_is_one() -> None:
    assert recording_name(segment("a", utterance="u", recording="r")) == "r"
    assert recording_name(segment("a", utterance="u")) == "u"
