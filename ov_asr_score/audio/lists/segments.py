"""Kaldi's files ``segments``: lines ``utterance recording start end [channel]``, in seconds, and what they cut out.

Source: featbin/extract-segments.cc.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ov_asr_score.errors import SoundFormatError, TableFormatError
from ov_asr_score.kaldi_io.tables.sequential import OnSkip
from ov_asr_score.kaldi_io.tables.word_lines import WordLine, word_lines
from ov_asr_score.text import clipped, shown_key

_REAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?inf(inity)?", re.ASCII | re.IGNORECASE)
_CHANNEL = re.compile(r"\+?\d{1,9}", re.ASCII)


@dataclass(frozen=True, slots=True)
class RecordingPart:
    """A part of a recording, in seconds; ``end`` is -1 for the end of the recording.

    ``channel`` counts from 0; None where the line does not say it. ``place`` is the line, for errors.
    """

    key: str
    recording: str
    start: float
    end: float
    channel: int | None
    place: str


@dataclass(frozen=True, slots=True)
class SegmentLimits:
    """Segments shorter than ``min_segment_length`` seconds, and those that end more than ``max_overshoot`` seconds
    behind the recording, are refused.
    """

    min_segment_length: float = 0.1
    max_overshoot: float = 0.5


def read_segments(
    rxfilename: str, *, allow_commands: bool = False, on_skip: OnSkip | None = None
) -> Iterator[RecordingPart]:
    """The segments of a file in their order, one at a time.

    ``on_skip`` gets the segments whose line is wrong; without it they are errors: TableFormatError with the number of
    the line. Raises FileAccessError.
    """
    for line in word_lines(rxfilename, allow_commands=allow_commands):
        try:
            segment = parse_segment(line)
        except TableFormatError as error:
            if on_skip is None:
                raise
            on_skip(line.words[0], error)
            continue
        yield segment


def parse_segment(line: WordLine) -> RecordingPart:
    """The segment of a line. Raises TableFormatError."""
    if len(line.words) not in (4, 5):
        raise TableFormatError(
            f"{line.place}: expected a segment, its recording, start and end in seconds, and perhaps a channel, found "
            f"{len(line.words)} word{'s' if len(line.words) > 1 else ''} in {line.shown}"
        )
    key, recording, first, last = line.words[:4]
    place = f"{line.place}: segment {shown_key(key)}"
    start, end = _seconds(first, "start", place), _seconds(last, "end", place)
    if start < 0 or (end != -1 and end <= start):
        raise TableFormatError(f"{place}: expected 0 <= start < end, or end -1, found start {first} and end {last}")
    channel = line.words[4] if len(line.words) == 5 else ""
    if channel and not (_CHANNEL.fullmatch(channel)):
        raise TableFormatError(f"{place}: expected a channel counted from 0, found {clipped(channel)}")
    return RecordingPart(key, recording, start, end, int(channel) if channel else None, place)


def segment_samples(segment: RecordingPart, rate: float, num_samples: int, limits: SegmentLimits) -> tuple[int, int]:
    """The first sample of a segment, and the one behind its last, in a recording of ``num_samples`` at ``rate`` Hz.

    Rounded as in Kaldi, which computes the length of the recording in single precision. Raises SoundFormatError for a
    segment that does not lie in the recording or is too short.
    """
    length = np.float32(num_samples) / np.float32(rate)
    if segment.start > float(length):
        raise _misplaced(segment, f"a start within the {length:g} seconds of the recording, found {segment.start:g}")
    if segment.end > float(length + np.float32(limits.max_overshoot)):
        raise _misplaced(
            segment,
            f"an end within the {length:g} seconds of the recording (and max_overshoot, {limits.max_overshoot:g} "
            f"seconds), found {segment.end:g}",
            "max_overshoot",
        )
    end = float(length) if segment.end < 0 or segment.end > float(length) else segment.end
    least = float(np.float32(limits.min_segment_length))  # 0.1 is 0.100000001 there: 0.1 to 0.2 is too short
    if end - segment.start < least:
        raise _misplaced(
            segment,
            f"at least {least:.9g} seconds (min_segment_length), found {end - segment.start:.9g}: from "
            f"{segment.start:g} to {end:g}",
            "min_segment_length",
        )
    first, stop = (int(seconds * float(rate) + 0.5) for seconds in (segment.start, end))
    stop = min(stop, num_samples)
    if first >= stop:
        raise _misplaced(segment, f"at least one sample, found none from {segment.start:g} to {end:g} seconds")
    return first, stop


def _seconds(word: str, what: str, place: str) -> float:
    if not _REAL.fullmatch(word):
        raise TableFormatError(f"{place}: expected a number of seconds as its {what}, found {clipped(word)}")
    return float(word)


def _misplaced(segment: RecordingPart, expected: str, *fields: str) -> SoundFormatError:
    return SoundFormatError(f"{segment.place}: expected {expected}", fields=fields)
