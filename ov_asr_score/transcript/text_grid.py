"""Praat's TextGrid in its long form: for each channel, a tier of segments and one of words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ov_asr_score.transcript.assembling import only_recording
from ov_asr_score.transcript.captions.captioning import in_one_line
from ov_asr_score.transcript.timed_words import segment_times, timed_words
from ov_asr_score.transcript.transcript import Segment, Transcript

VIEW = "TextGrid"
_SHORTEST = 0.001  # seconds: Praat has no intervals without length


class LabelledInterval(NamedTuple):
    """A part of a tier, in seconds; the text of a gap is empty."""

    start: float
    end: float
    text: str


def text_grid(transcript: Transcript) -> str:
    """The segments and words of a recording as tiers that cover all of it, without gaps and overlaps.

    It is as long as the recording, or as what was said if that is not known, or longer. What overlaps within a channel
    begins where the interval before ends. Raises UsageError for several recordings, and where times are unknown.
    """
    only_recording(transcript, VIEW)
    channels: dict[int, list[Segment]] = {}
    for segment in transcript.segments:
        channels.setdefault(segment.channel, []).append(segment)
    tiers: dict[str, list[LabelledInterval]] = {}
    for channel, segments in sorted(channels.items()):
        name = f" {channel}" if len(channels) > 1 else ""
        tiers[f"segments{name}"] = _apart(
            LabelledInterval(*segment_times(segment, VIEW), in_one_line(segment.text)) for segment in segments
        )
        tiers[f"words{name}"] = _apart(
            LabelledInterval(word.start, word.end, in_one_line(word.text))
            for segment in segments
            for word in timed_words(segment, VIEW)
        )
    ends = [intervals[-1].end for intervals in tiers.values() if intervals]
    end = max(round(transcript.duration or 0.0, 6), *ends, _SHORTEST)
    lines = [
        'File type = "ooTextFile"',
        'Object class = "TextGrid"',
        "",
        "xmin = 0",
        f"xmax = {_number(end)}",
        "tiers? <exists>" if tiers else "tiers? <absent>",
    ]
    if tiers:
        lines += [f"size = {len(tiers)}", "item []:"]
    for number, (name, intervals) in enumerate(tiers.items(), start=1):
        lines += _tier(number, name, list(_filled(intervals, end)))
    return "\n".join(lines) + "\n"


def _apart(intervals: Iterable[LabelledInterval]) -> list[LabelledInterval]:
    """The intervals in order, each with some length, and none before the one before it ends."""
    found: list[LabelledInterval] = []
    for start, end, text in sorted(intervals, key=lambda interval: interval.start):
        begin = round(max(start, found[-1].end if found else 0.0), 6)
        found.append(LabelledInterval(begin, round(max(end, begin + _SHORTEST), 6), text))
    return found


def _filled(intervals: Iterable[LabelledInterval], end: float) -> Iterator[LabelledInterval]:
    now = 0.0
    for interval in intervals:
        if interval.start > now:
            yield LabelledInterval(now, interval.start, "")
        yield interval
        now = interval.end
    if end > now:
        yield LabelledInterval(now, end, "")


def _tier(number: int, name: str, intervals: list[LabelledInterval]) -> Iterator[str]:
    yield f"    item [{number}]:"
    yield '        class = "IntervalTier"'
    yield f"        name = {_quoted(name)}"
    yield "        xmin = 0"
    yield f"        xmax = {_number(intervals[-1].end)}"
    yield f"        intervals: size = {len(intervals)}"
    for place, (start, end, text) in enumerate(intervals, start=1):
        yield f"        intervals [{place}]:"
        yield f"            xmin = {_number(start)}"
        yield f"            xmax = {_number(end)}"
        yield f"            text = {_quoted(text)}"


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _number(seconds: float) -> str:
    return f"{seconds:.6f}".rstrip("0").rstrip(".")
