"""Where captions end."""

from __future__ import annotations

import pytest

from ov_asr_score.errors import UsageError
from ov_asr_score.settings.words.captions import CaptionOptions, check_captions
from ov_asr_score.transcript.captions.splitting import SpokenWord, seconds_to_read, split_captions


def spoken(text: str, seconds: float = 0.3, pauses: dict[int, float] | None = None) -> list[SpokenWord]:
    """Words of equal length, with pauses behind some of them by place."""
    found = []
    now = 0.0
    for place, word in enumerate(text.split()):
        found.append(SpokenWord(word, now, now + seconds))
        now += seconds + (pauses or {}).get(place, 0.0)
    return found


def split(words: list[SpokenWord], **options: float) -> list[str]:
    groups = split_captions(words, CaptionOptions(**options))  # type: ignore[arg-type]
    return [" ".join(word.text for word in group) for group in groups]


def test_short_text_is_one_caption() -> None:
    assert split(spoken("turn the light on")) == ["turn the light on"]
    assert split([]) == []


def test_lines_and_their_length() -> None:
    assert split(spoken("aaaa bbbb cccc dddd eeee"), caption_line_length=9, caption_lines=1) == [
        "aaaa bbbb",
        "cccc dddd",
        "eeee",
    ]
    assert split(spoken("aaaa bbbb cccc dddd eeee"), caption_line_length=9, caption_lines=2)[0].count(" ") <= 3


def test_longest_duration() -> None:
    assert [len(caption.split()) for caption in split(spoken("a b c d e f", 1.0), caption_max_seconds=2.0)] == [2, 2, 2]
    assert split(spoken("a b", 9.0), caption_max_seconds=2.0) == ["a", "b"]


def test_splits_after_sentences() -> None:
    text = "the first one has ended here. and the second one, which is longer, goes on until it ends as well."
    assert split(spoken(text))[0] == "the first one has ended here."


def test_splits_in_pauses() -> None:
    words = spoken("a b c d", pauses={1: 1.6})
    assert split(words) == ["a b", "c d"]
    assert split(words, caption_pause=2.0) == ["a b c d"]
    text = "some words of a text that is too long for one caption, and so must be split into two or more of them"
    assert split(spoken(text, pauses={6: 0.9}))[0] == "some words of a text that is"
    assert split(spoken(text, pauses={12: 0.9}))[0].endswith("for one caption, and")


def test_speakers_have_captions_of_their_own() -> None:
    words = [SpokenWord("yes", 0.0, 0.5, "ann"), SpokenWord("no", 0.5, 1.0, "bob")]
    assert split(words) == ["yes", "no"]


def test_captions_that_can_be_read_are_preferred() -> None:
    # after the sentence there is no time to read it: both are one caption
    assert split(spoken("Oh. look at that", 0.2)) == ["Oh. look at that"]


def test_reading_time() -> None:
    options = CaptionOptions(caption_reading_speed=10, caption_min_seconds=1, caption_max_seconds=4)
    assert [seconds_to_read(letters, options) for letters in (1, 25, 90)] == [1, 2.5, 4]
    assert seconds_to_read(25, CaptionOptions(caption_reading_speed=0, caption_min_seconds=0.5)) == 0.5


def test_options_that_contradict_each_other() -> None:
    check_captions(CaptionOptions())
    with pytest.raises(
        UsageError, match=r"^caption_min_seconds: expected at most the 7 of caption_max_seconds, found 8$"
    ):
        check_captions(CaptionOptions(caption_min_seconds=8.0))
