"""Texts of utterances in the formats that programs for word errors read: Kaldi's text, trn, and stm with ctm.

Lines come as pairs of their place, for errors, and their words; comments are those of NIST's tools, ``;; …``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Literal, TypeAlias, get_args

from ov_asr_score.errors import TableFormatError
from ov_asr_score.text import clipped

TextFormat: TypeAlias = Literal["text", "trn", "stm", "ctm", "json"]
Lines: TypeAlias = Iterable[tuple[str, Sequence[str]]]

TEXT_FORMATS: tuple[TextFormat, ...] = get_args(TextFormat)

_IGNORED_SEGMENT = "IGNORE_TIME_SEGMENT_IN_SCORING"


@dataclass(frozen=True, slots=True)
class UtteranceText:
    """What was said in an utterance, and by whom if the file tells."""

    key: str
    words: tuple[str, ...]
    speaker: str = ""


@dataclass(frozen=True, slots=True)
class StmSegment:
    """A line of an stm file: a part of a channel of a recording, in seconds; ``is_ignored``: it is not scored."""

    recording: str
    channel: str
    speaker: str
    start: float
    end: float
    words: tuple[str, ...]
    is_ignored: bool


@dataclass(frozen=True, slots=True)
class CtmWord:
    """A line of a ctm file: a word in a channel of a recording, in seconds."""

    recording: str
    channel: str
    start: float
    duration: float
    text: str


def parse_kaldi_text(lines: Lines) -> dict[str, UtteranceText]:
    """The utterances of Kaldi's text by key, which comes before the words. Raises TableFormatError for one twice."""
    return _by_key((place, UtteranceText(key, tuple(words))) for place, (key, *words) in lines)


def parse_trn(lines: Lines) -> dict[str, UtteranceText]:
    """The utterances of a trn file by key, which follows the words in parentheses. Raises TableFormatError."""
    return _by_key((place, _trn_text(place, line)) for place, line in _without_comments(lines))


def _trn_text(place: str, line: Sequence[str]) -> UtteranceText:
    *words, key = line
    if len(key) < 3 or key[0] != "(" or key[-1] != ")":
        raise TableFormatError(f"{place}: expected the key in parentheses at the end, found {clipped(key)}")
    _check_no_alternatives(words, place)
    return UtteranceText(key[1:-1], tuple(words))


def _by_key(texts: Iterable[tuple[str, UtteranceText]]) -> dict[str, UtteranceText]:
    found: dict[str, UtteranceText] = {}
    for place, text in texts:
        if text.key in found:
            raise TableFormatError(f"{place}: key {clipped(text.key)} came before")
        found[text.key] = text
    return found


def parse_stm(lines: Lines) -> Iterator[StmSegment]:
    """The segments of an stm file: ``recording channel speaker start end [<labels>] words``.

    Raises TableFormatError.
    """
    for place, line in _without_comments(lines):
        if len(line) < 5:
            raise TableFormatError(
                f"{place}: expected recording, channel, speaker, start and end, found {clipped(' '.join(line))}"
            )
        recording, channel, speaker, first, last, *words = line
        start, end = _seconds(first, place), _seconds(last, place)
        if end < start:
            raise TableFormatError(f"{place}: expected an end from {first} seconds on, found {last}")
        if words and words[0].startswith("<") and words[0].endswith(">"):
            del words[0]
        _check_no_alternatives(words, place)
        is_ignored = bool(words) and words[0].upper() == _IGNORED_SEGMENT
        yield StmSegment(recording, channel, speaker, start, end, tuple(words), is_ignored)


def parse_ctm(lines: Lines) -> Iterator[CtmWord]:
    """The words of a ctm file: ``recording channel start duration word [confidence]``. Raises TableFormatError."""
    for place, line in _without_comments(lines):
        if any(word.upper() in ("<ALT>", "<ALT_BEGIN>", "<ALT_END>") for word in line[2:]):
            raise TableFormatError(f"{place}: expected a word, found alternatives; keep one of them")
        if len(line) < 5:
            raise TableFormatError(
                f"{place}: expected recording, channel, start, duration and word, found {clipped(' '.join(line))}"
            )
        recording, channel, start, duration, text = line[:5]
        yield CtmWord(recording, channel, _seconds(start, place), _seconds(duration, place), text)


def stm_texts(segments: Sequence[StmSegment], name: str) -> dict[str, UtteranceText]:
    """The texts of the segments that are scored, by the keys of ``stm_keys``.

    Raises TableFormatError, which calls the file ``name``, for a segment that is there twice.
    """
    keyed = zip(stm_keys(segments), segments, strict=True)
    return _by_key(
        (name, UtteranceText(key, segment.words, segment.speaker)) for key, segment in keyed if not segment.is_ignored
    )


def stm_keys(segments: Sequence[StmSegment]) -> list[str]:
    """A key for each segment: its recording where it has no other one, else with channel and times in milliseconds."""
    counts = Counter(segment.recording for segment in segments)
    return [
        segment.recording
        if counts[segment.recording] == 1
        else f"{segment.recording}-{segment.channel}-{_milliseconds(segment.start)}-{_milliseconds(segment.end)}"
        for segment in segments
    ]


def ctm_texts(words: Iterable[CtmWord]) -> dict[str, UtteranceText]:
    """The words of each recording in order of time; of each channel, ``recording-channel``, where it has several."""
    by_channel: dict[tuple[str, str], list[CtmWord]] = {}
    for word in words:
        by_channel.setdefault((word.recording, word.channel), []).append(word)
    counts = Counter(recording for recording, _ in by_channel)
    keys = {pair: pair[0] if counts[pair[0]] == 1 else "-".join(pair) for pair in by_channel}
    return {keys[pair]: UtteranceText(keys[pair], _in_order(found)) for pair, found in by_channel.items()}


def ctm_texts_in(segments: Sequence[StmSegment], words: Iterable[CtmWord]) -> tuple[dict[str, UtteranceText], int]:
    """The words in each segment that is scored, in order of time, and how many words are in no segment at all.

    A word is in the first segment of its recording and channel that its middle is in, both ends included.
    """
    by_channel: dict[tuple[str, str], list[int]] = {}
    for index, segment in enumerate(segments):
        by_channel.setdefault((segment.recording, _channel(segment.channel)), []).append(index)
    found: list[list[CtmWord]] = [[] for _ in segments]
    outside = 0
    for word in words:
        middle = word.start + word.duration / 2
        candidates = by_channel.get((word.recording, _channel(word.channel)), ())
        place = next((index for index in candidates if segments[index].start <= middle <= segments[index].end), None)
        if place is None:
            outside += 1
        else:
            found[place].append(word)
    texts = {
        key: UtteranceText(key, _in_order(said))
        for key, segment, said in zip(stm_keys(segments), segments, found, strict=True)
        if not segment.is_ignored
    }
    return texts, outside


def _in_order(words: Iterable[CtmWord]) -> tuple[str, ...]:
    return tuple(word.text for word in sorted(words, key=lambda word: word.start))


def _channel(name: str) -> str:
    """The channel as a number: NIST's files call the first two A and B."""
    return {"A": "1", "B": "2"}.get(name.upper(), name)


def _milliseconds(seconds: float) -> str:
    return f"{round(seconds * 1000):07d}"


def _without_comments(lines: Lines) -> Iterator[tuple[str, Sequence[str]]]:
    return ((place, words) for place, words in lines if not words[0].startswith(";;"))


def _check_no_alternatives(words: Sequence[str], place: str) -> None:
    if "{" in words:
        raise TableFormatError(f"{place}: expected words, found alternatives in braces; keep one of them")


def _seconds(text: str, place: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not (isfinite(seconds) and seconds >= 0):
        raise TableFormatError(f"{place}: expected seconds, found {clipped(text)}")
    return seconds
