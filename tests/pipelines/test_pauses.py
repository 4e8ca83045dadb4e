"""Segments between pauses."""

from __future__ import annotations

from ov_asr_score.pipelines.pauses import cut_at_pauses
from ov_asr_score.transcript.transcript import Alternative, Segment, Transcript, Word

WORDS = (Word("one", 0.5, 0.75), Word("two", 1.0, 1.5), Word("three", 2.0, 2.25), Word("four", 2.25, 3.0))


def segment(*words: Word) -> Segment:
    return Segment("u", 0.0, 5.0, (Alternative(words, acoustic_cost=3.0), Alternative(words[:1])))


def cut(*segments: Segment) -> tuple[Segment, ...]:
    return cut_at_pauses(Transcript(segments)).segments


def test_a_pause_of_half_a_second_ends_a_segment() -> None:
    first, second = cut(segment(*WORDS))
    assert (first.text, first.start, first.end) == ("one two", 0.5, 1.5)
    assert (second.text, second.start, second.end) == ("three four", 2.0, 3.0)
    assert (second.utterance, second.recording) == ("u-1", "u")
    assert second.alternatives == (Alternative(WORDS[2:]),)


def test_without_pauses_alternatives_stay() -> None:
    whole = segment(*WORDS[:2])
    assert cut(whole)[0].alternatives == whole.alternatives
    assert (cut(whole)[0].start, cut(whole)[0].end) == (0.5, 1.5)


def test_silence_and_words_without_times_stay_as_they_are() -> None:
    silence, untimed = Segment("u", 0.0, 5.0, ()), segment(Word("one"), Word("two", 1.0, 1.5))
    assert cut(silence, untimed) == (silence, untimed)
