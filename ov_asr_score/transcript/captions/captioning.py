"""A transcript to captions."""

from __future__ import annotations

import re

from ov_asr_score.settings.words.captions import CaptionOptions, check_captions
from ov_asr_score.transcript.assembling import only_recording
from ov_asr_score.transcript.captions.splitting import SpokenWord, split_captions
from ov_asr_score.transcript.captions.timing import Caption, time_captions
from ov_asr_score.transcript.timed_words import timed_words
from ov_asr_score.transcript.transcript import Transcript

# What ends a line in files of captions, or is nothing that can be shown; no-break spaces stay
_BREAKS = re.compile("[\0-\x20\x7f-\x9f\u2028\u2029]+")


def make_captions(transcript: Transcript, options: CaptionOptions, view: str) -> list[Caption]:
    """The captions of a recording, by their start.

    Each channel is split and timed on its own, so that captions of several channels may be shown at one time. ``view``
    is the format, for errors. Raises UsageError for several recordings, words without times, and options that
    contradict each other.
    """
    check_captions(options)
    only_recording(transcript, view)
    channels: dict[int, list[SpokenWord]] = {}
    for segment in transcript.segments:
        words = timed_words(segment, view)
        spoken = channels.setdefault(segment.channel, [])
        for place, word in enumerate(words, start=1):
            if text := in_one_line(word.text):
                spoken.append(SpokenWord(text, word.start, word.end, segment.speaker, place == len(words)))
    captions = [
        (number, caption)
        for number, spoken in sorted(channels.items())
        for caption in time_captions(split_captions(sorted(spoken, key=lambda word: word.start), options), options)
    ]
    return [caption for _, caption in sorted(captions, key=lambda each: (each[1].start, each[0]))]


def in_one_line(text: str) -> str:
    """The text with a space for line breaks and control characters, without spaces around."""
    return _BREAKS.sub(" ", text).strip(" ")


def clock(milliseconds: int, point: str) -> str:
    """``01:02:03,456``, with ``point`` in the place of the comma."""
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{point}{rest:03}"
