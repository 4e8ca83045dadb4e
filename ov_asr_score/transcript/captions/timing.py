"""Groups of words to captions with times, in whole milliseconds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ov_asr_score.settings.words.captions import CaptionOptions
from ov_asr_score.transcript.captions.line_breaks import broken_lines
from ov_asr_score.transcript.captions.splitting import SpokenWord, seconds_to_read

_SHORTEST = 200  # milliseconds that can be seen at all


@dataclass(frozen=True, slots=True)
class Caption:
    """Lines of text with the times at which they appear and disappear, in milliseconds of the recording."""

    start: int
    end: int
    lines: tuple[str, ...]
    speaker: str = ""


def time_captions(groups: Sequence[Sequence[SpokenWord]], options: CaptionOptions) -> list[Caption]:
    """A caption for each group of words, in their order, with ``caption_gap`` between.

    A caption begins with its first word, never before it. It ends with its last word, or when it can be read, but
    neither later than ``caption_max_seconds`` after its start, nor so late that the next one would begin more than
    ``caption_max_delay`` after its first word; where words are at one place, captions are late nevertheless.
    """
    gap, most, delay = (
        _milliseconds(seconds)
        for seconds in (options.caption_gap, options.caption_max_seconds, options.caption_max_delay)
    )
    captions: list[Caption] = []
    free_from = 0
    for number, words in enumerate(groups):
        lines = broken_lines([word.text for word in words], options.caption_line_length)
        wanted = _milliseconds(seconds_to_read(sum(map(len, lines)) + len(lines) - 1, options))
        start = max(_first_millisecond(words), free_from)
        spoken_until = _milliseconds(max(word.end for word in words))
        latest = start + most
        if number + 1 < len(groups):
            following = _first_millisecond(groups[number + 1])
            spoken_until = min(spoken_until, following - gap)
            latest = min(latest, following + delay - gap)
        end = min(max(spoken_until, start + wanted), latest)
        end = max(end, start + max(1, min(wanted, _SHORTEST)))
        captions.append(Caption(start, end, lines, words[0].speaker))
        free_from = end + gap
    return captions


def _first_millisecond(words: Sequence[SpokenWord]) -> int:
    """The first whole millisecond in which the first word is spoken."""
    return math.ceil(round(words[0].start * 1000, 6))  # 0.58 s is 580 ms, though 0.58 * 1000 is a little more


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
