"""Times that views need, and what is said where there are none."""

from __future__ import annotations

import math

import pytest

from ov_asr_score.cli.naming import in_option_names
from ov_asr_score.errors import UsageError
from ov_asr_score.transcript.timed_words import TimedWord, segment_times, timed_words
from ov_asr_score.transcript.transcript import Alternative, Segment, Word
from tests.transcript.samples import lights


def test_words_with_times() -> None:
    assert timed_words(lights().segments[0], "srt")[0] == TimedWord("turn", 0.31, 0.58, 0.97)
    assert timed_words(Segment("u", None, None, ()), "srt") == []


@pytest.mark.parametrize("times", [(None, 1.0), (1.0, None), (math.nan, 1.0), (0.0, math.inf)])
def test_words_without_times(times: tuple[float | None, float | None]) -> None:
    broken = Segment("u", 0.0, 2.0, (Alternative((Word("so", 0.0, 1.0), Word("x\ny", *times))),))
    with pytest.raises(UsageError) as caught:
        timed_words(broken, "srt")
    assert in_option_names(caught.value, {}) == (
        "srt: utterance 'u': expected times for the word 'x\\ny', found none; give --word-boundary or --align-lexicon"
    )


def test_segments_without_times() -> None:
    assert segment_times(lights().segments[0], "stm") == (0.0, 2.0)
    with pytest.raises(
        UsageError, match=r"^stm: utterance 'u': expected its start and end in the recording, found none"
    ):
        segment_times(Segment("u", 0.0, None, ()), "stm")
