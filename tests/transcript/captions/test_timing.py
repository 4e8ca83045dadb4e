"""Times of captions: what the options promise, on random speech."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from ov_asr_score.settings.words.captions import CaptionOptions
from ov_asr_score.transcript.captions.splitting import SpokenWord, seconds_to_read, split_captions
from ov_asr_score.transcript.captions.timing import Caption, time_captions
from ov_asr_score.transcript.timed_words import timed_words
from tests.transcript.captions.test_splitting import spoken
from tests.transcript.samples import timed_segments


def timed(words: list[SpokenWord], **options: float) -> list[tuple[int, int, tuple[str, ...]]]:
    chosen = CaptionOptions(**options)  # type: ignore[arg-type]
    made = time_captions(split_captions(words, chosen), chosen)
    return [(caption.start, caption.end, caption.lines) for caption in made]


def test_as_long_as_it_is_spoken() -> None:
    assert timed(spoken("turn the light on", 0.58)) == [(0, 2320, ("turn the light on",))]


def test_short_captions_stay() -> None:
    assert timed([SpokenWord("so", 0.5804, 0.7)]) == [(581, 1581, ("so",))]
    assert timed([SpokenWord("so", 0.58, 0.7)], caption_min_seconds=0, caption_reading_speed=2) == [
        (580, 1580, ("so",))
    ]


def test_no_longer_than_the_longest() -> None:
    assert timed([SpokenWord("so", 0.0, 9.0)]) == [(0, 7000, ("so",))]


def test_gap_before_the_next() -> None:
    made = timed(spoken("a b", 1.0, {0: 0.0}), caption_max_seconds=1.0)
    assert [(start, end) for start, end, _ in made] == [(0, 1000), (1080, 2080)]
    made = timed(spoken("a b", 1.0), caption_max_seconds=1.0, caption_min_seconds=0)
    assert [(start, end) for start, end, _ in made] == [(0, 920), (1000, 2000)]


def test_delay_is_limited() -> None:
    options = {"caption_reading_speed": 1, "caption_min_seconds": 0, "caption_line_length": 5, "caption_lines": 1}
    made = timed(spoken("aaaaa bbbbb ccccc", 1.0), **options, caption_max_delay=0.5, caption_gap=0)
    assert [(start, end) for start, end, _ in made] == [(0, 1500), (1500, 2500), (2500, 7500)]


CHOICES = st.builds(
    CaptionOptions,
    caption_line_length=st.sampled_from([1, 8, 20, 42]),
    caption_lines=st.sampled_from([1, 2, 3]),
    caption_reading_speed=st.sampled_from([0.0, 5.0, 20.0]),
    caption_min_seconds=st.sampled_from([0.0, 0.5, 1.0]),
    caption_max_seconds=st.sampled_from([1.0, 7.0]),
    caption_gap=st.sampled_from([0.0, 0.08, 0.5]),
    caption_pause=st.sampled_from([0.0, 0.6, 1.5, 100.0]),
    caption_max_delay=st.sampled_from([0.0, 0.25, 2.0]),
)


@settings(deadline=None)
@given(timed_segments(start=0.125), CHOICES)
def test_captions_keep_what_options_promise(segment, options: CaptionOptions) -> None:  # type: ignore[no-untyped-def]
    words = [SpokenWord(word.text, word.start, word.end) for word in timed_words(segment, "srt")]
    groups = split_captions(words, options)
    captions = time_captions(groups, options)
    assert [word for group in groups for word in group] == words
    for group, caption in zip(groups, captions, strict=True):
        check_size(group, caption, options)
        assert caption.start >= group[0].start * 1000 - 1e-6
        assert 0 < caption.end - caption.start <= options.caption_max_seconds * 1000
    for (before, after), group in zip(pairwise(captions), groups[1:], strict=True):
        assert after.start - before.end >= options.caption_gap * 1000
        # it stays long enough, or as long as the next one can wait
        wanted = seconds_to_read(len(" ".join(before.lines)), options) * 1000
        latest = group[0].start * 1000 + options.caption_max_delay * 1000
        assert before.end - before.start >= wanted - 1 or after.start >= latest - 1


def check_size(group, caption: Caption, options: CaptionOptions) -> None:  # type: ignore[no-untyped-def]
    texts = [word.text for word in group]
    assert " ".join(caption.lines) == " ".join(texts)
    assert len(caption.lines) <= options.caption_lines
    for line in caption.lines:
        assert len(line) <= options.caption_line_length or line in texts
