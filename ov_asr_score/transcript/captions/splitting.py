"""Words in time to captions: where one ends and the next begins.

Of all ways to split that keep to the size and length of captions, the one that costs least is taken: each caption
costs 1, each split up to 1 (nothing after a sentence, less in a pause), and each second that a caption lacks to be read
ten. It is found from the end of the words on, in time proportional to their number.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ov_asr_score.settings.words.captions import CaptionOptions

_SENTENCE_END = re.compile("[.?!…。？！][\"'”’»)]*$")
_CLAUSE_END = re.compile("[,;:–，、；：][\"'”’»)]*$")
_PER_MISSING_SECOND = 10.0


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """A word for captions: ``text`` is in one line and not empty; times in seconds."""

    text: str
    start: float
    end: float
    speaker: str = ""
    ends_segment: bool = False


def split_captions(words: Sequence[SpokenWord], options: CaptionOptions) -> list[Sequence[SpokenWord]]:
    """The words in groups, one for each caption, in their order; starts must not decrease.

    A group fits the lines of a caption and its longest duration, unless it is one word; it has one speaker, and no
    pause of ``caption_pause`` seconds.
    """
    count = len(words)
    costs = [0.0] * (count + 1)  # of the best split of the words from here to the end
    ends = [0] * count  # where the first caption of that split ends
    for first in range(count - 1, -1, -1):
        costs[first] = math.inf
        for end in _possible_ends(words, first, options):
            cost = costs[end] + _caption_cost(words, first, end, options)
            if cost < costs[first]:
                costs[first], ends[first] = cost, end
    groups = []
    first = 0
    while first < count:
        groups.append(words[first : ends[first]])
        first = ends[first]
    return groups


def seconds_to_read(letters: int, options: CaptionOptions) -> float:
    """How long a caption of that many letters should stay, in seconds."""
    speed = options.caption_reading_speed
    wanted = max(options.caption_min_seconds, letters / speed if speed else 0.0)
    return min(wanted, options.caption_max_seconds)


def _possible_ends(words: Sequence[SpokenWord], first: int, options: CaptionOptions) -> Iterator[int]:
    """Where captions may end that begin with the word ``first``."""
    yield first + 1
    width, lines, letters = len(words[first].text), 1, len(words[first].text)
    most_letters = options.caption_reading_speed * options.caption_max_seconds or math.inf
    for last in range(first + 1, len(words)):
        before, word = words[last - 1], words[last]
        length = len(word.text)
        letters += length + 1
        if width + 1 + length <= options.caption_line_length:
            width += 1 + length
        else:
            width, lines = length, lines + 1
        if (
            lines > options.caption_lines
            or letters > most_letters
            or word.end - words[first].start > options.caption_max_seconds
            or word.start - before.end >= options.caption_pause
            or word.speaker != before.speaker
        ):
            return
        yield last + 1


def _caption_cost(words: Sequence[SpokenWord], first: int, end: int, options: CaptionOptions) -> float:
    if end == len(words):
        return 1.0
    last, following = words[end - 1], words[end]
    letters = sum(len(word.text) + 1 for word in words[first:end]) - 1
    available = following.start - options.caption_gap - words[first].start
    missing = max(0.0, seconds_to_read(letters, options) - available)
    if last.ends_segment or last.speaker != following.speaker or _SENTENCE_END.search(last.text):
        split = 0.0
    else:
        split = 1 / (1 + 4 * max(0.0, following.start - last.end))
        if _CLAUSE_END.search(last.text):
            split /= 3
    return 1 + split + _PER_MISSING_SECOND * missing
