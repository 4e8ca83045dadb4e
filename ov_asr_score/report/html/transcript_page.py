"""The page of a transcript: words under the wave, coloured by confidence; a click lets them be heard."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TextIO

from ov_asr_score.report.html import page
from ov_asr_score.report.html.page import KeyFigure, escape
from ov_asr_score.report.html.wave import PageSound, wave_picture
from ov_asr_score.transcript.assembling import split_recordings
from ov_asr_score.transcript.transcript import Alternative, Segment, Transcript, Word, best_words

_PIXELS_PER_SECOND = 100
_ROW_SECONDS = 10.0
_LETTER_SECONDS = 0.075  # a letter of a word on the scale of the wave, about, and what is around a word
_AROUND_SECONDS = 0.16
_LANES = 4
_UNSURE = 0.3  # confidences up to this are all shown red


def transcript_page(transcript: Transcript, sounds: Mapping[str, PageSound] | None = None, title: str = "") -> str:
    """The page as text, see :func:`write_transcript_page`."""
    file = io.StringIO()
    write_transcript_page(file, transcript, sounds, title)
    return file.getvalue()


def write_transcript_page(
    file: TextIO, transcript: Transcript, sounds: Mapping[str, PageSound] | None = None, title: str = ""
) -> None:
    """Write the page of a transcript to an open text file: a section for each recording. Passes OSError on.

    ``sounds`` are those of recordings, by their names. The page is one file: no part of it comes from elsewhere, but
    the sound of a :class:`PageSound` that is a path. Segments without times are shown as text.
    """
    sounds = sounds or {}
    recordings = split_recordings(transcript)
    shown = title or (next(iter(recordings)) if len(recordings) == 1 else f"{len(recordings):,} recordings")
    page.write_document(
        file,
        f"Transcript: {shown}",
        _page_parts(transcript, recordings, sounds, shown),
        ["page", "transcript_page"],
        # a page that is opened from a disk has no 'self'
        media_sources="data: 'self' file:" if any(sound.source for sound in sounds.values()) else "",
    )


def _page_parts(
    transcript: Transcript, recordings: Mapping[str, Transcript], sounds: Mapping[str, PageSound], title: str
) -> Iterator[str]:
    warnings = page.lines("note", transcript.warnings)
    yield f'<header>\n<p class="subject">Transcript</p>\n<h1>{escape(title)}</h1>\n{warnings}</header>\n'
    yield page.key_figures(list(_figures(transcript)))
    if any(word.confidence is not None for segment in transcript.segments for word in best_words(segment)):
        steps = "".join(f'<b class="w" style="--c:{step / 5:g}">{step / 5 * 0.7 + 0.3:.0%}</b> ' for step in range(6))
        yield f'<p class="legend">Confidence {steps}</p>\n'
    for name, recording in recordings.items():
        sound = sounds.get(name)
        heading = f"<h2>{escape(name)}</h2>\n" if len(recordings) > 1 or name != title else ""
        yield f'<section class="recording">\n{heading}{_player(sound)}'
        for segment in recording.segments:
            yield _segment(segment, sound)
        yield "</section>\n"


def _figures(transcript: Transcript) -> Iterator[KeyFigure]:
    words = [word for segment in transcript.segments for word in best_words(segment)]
    known = [word.confidence for word in words if word.confidence is not None]
    yield KeyFigure("words", f"{len(words):,}", f"{len(transcript.segments):,} segments")
    if known:
        unsure = sum(confidence < 0.5 for confidence in known)
        yield KeyFigure("mean confidence", f"{sum(known) / len(known):.1%}", f"{unsure:,} words below 50%")
    if transcript.durations:
        yield KeyFigure("sound", _clock(sum(transcript.durations.values())), "minutes and seconds")
    for name, value in (("model", transcript.model), ("language", transcript.language)):
        if value:
            yield KeyFigure(name, value)


def _player(sound: PageSound | None) -> str:
    if sound is None or not sound.source:
        return ""
    return f'<audio controls preload="metadata" src="{escape(sound.address)}"></audio>\n'


def _segment(segment: Segment, sound: PageSound | None) -> str:
    is_heard = sound is not None and bool(sound.source)
    words = best_words(segment)
    timed = [(word, word.start, word.end) for word in words if word.start is not None and word.end is not None]
    if len(timed) == len(words) and timed:
        body = "".join(_row(row, segment, sound, is_heard) for row in _rows(timed, segment))
    elif words:
        body = '<p class="plain">' + " ".join(_word(word, is_heard=False) for word in words) + "</p>\n"
    else:
        body = '<p class="plain nothing">nothing was decoded</p>\n'
    others = "".join(_other(number, each) for number, each in enumerate(segment.alternatives[1:], start=2))
    if others:
        heads = "".join(f"<th>{head}</th>" for head in ("", "words", "confidence", "acoustic cost", "graph cost"))
        table = f"<table><thead><tr>{heads}</tr></thead><tbody>{others}</tbody></table>"
        count = len(segment.alternatives) - 1
        summary = f"{count:,} {'alternative' if count == 1 else 'alternatives'}"
        others = f"<details><summary>{summary}</summary>{table}</details>\n"
    return f"<article>\n{_heading(segment)}{body}{others}{page.lines('note', segment.warnings)}</article>\n"


def _heading(segment: Segment) -> str:
    times = " – ".join("?" if time is None else _clock(time) for time in (segment.start, segment.end))
    facts = [
        times if segment.start is not None or segment.end is not None else "",
        segment.speaker,
        f"channel {segment.channel}" if segment.channel > 1 else "",
        "" if segment.final else "not final",
    ]
    shown = " · ".join(escape(fact) for fact in facts if fact)
    return f"<h3>{escape(segment.utterance)} <small>{shown}</small></h3>\n"


def _other(number: int, alternative: Alternative) -> str:
    numbers = (alternative.confidence, alternative.acoustic_cost, alternative.graph_cost)
    cells = "".join(f'<td class="n">{"" if each is None else page.number(each)}</td>' for each in numbers)
    return f'<tr><td class="n">{number}</td><td>{escape(alternative.text)}</td>{cells}</tr>'


@dataclass(frozen=True, slots=True)
class _Row:
    """Words in a part of time that fits on the page."""

    start: float
    end: float
    words: Sequence[tuple[Word, float, float]]


def _rows(words: Sequence[tuple[Word, float, float]], segment: Segment) -> Iterator[_Row]:
    """Rows of up to ten seconds, longer only for a longer word; a long pause between two rows is left out."""
    begin = words[0][1] if segment.start is None else min(segment.start, words[0][1])
    first = 0
    start = max(begin, words[0][2] - _ROW_SECONDS)
    for place, (_, word_start, word_end) in enumerate(words):
        if place > first and word_end > start + _ROW_SECONDS:
            yield _Row(start, _row_end(start, words[first:place], word_start), words[first:place])
            first, start = place, word_start
    last = max(end for *_, end in words[first:])
    yield _Row(start, _row_end(start, words[first:], max(last, segment.end or last)), words[first:])


def _row_end(start: float, words: Sequence[tuple[Word, float, float]], following: float) -> float:
    last = max(end for *_, end in words)
    return max(last, min(following, start + _ROW_SECONDS), start + 0.01)


def _row(row: _Row, segment: Segment, sound: PageSound | None, is_heard: bool) -> str:
    width = max(1, round((row.end - row.start) * _PIXELS_PER_SECOND))
    picture = wave_picture(sound, segment.channel, row.start, row.end, width) if sound else ""
    lanes = [-1.0] * _LANES  # up to where each is taken
    marks, labels = [], []
    for word, start, end in row.words:
        lane = next((number for number, taken in enumerate(lanes) if taken <= start), lanes.index(min(lanes)))
        needed = len(word.text) * _LETTER_SECONDS + _AROUND_SECONDS
        lanes[lane] = start + max(needed, end - start)
        left = (start - row.start) * _PIXELS_PER_SECOND
        length = max((end - start) * _PIXELS_PER_SECOND, 2)
        marks.append(f'<i style="left:{left:.1f}px;width:{length:.1f}px{_confidence(word)}"></i>')
        labels.append(_word(word, is_heard=is_heard, place=f"left:{left:.1f}px;min-width:{length:.1f}px;--lane:{lane}"))
    used = max(1, sum(taken >= 0 for taken in lanes))
    heard = ' class="wave heard"' if is_heard else ' class="wave"'
    return (
        f'<div class="scroll" tabindex="0"><div class="row" data-s="{row.start:.3f}" data-e="{row.end:.3f}" '
        f'style="width:{width}px"><div{heard}>{"".join(marks)}{picture}</div>\n'
        f'<p class="words" style="--lanes:{used}">{" ".join(labels)}</p></div></div>\n'
    )


def _word(word: Word, *, is_heard: bool, place: str = "") -> str:
    confidence = "" if word.confidence is None else f", confidence {word.confidence:.2f}"
    times = "" if word.start is None or word.end is None else f"{word.start:.2f}–{word.end:.2f} s"
    known = ' class="w"' if word.confidence is None else ' class="w known"'
    style = f"{place}{_confidence(word)}".lstrip(";")
    more = f' style="{style}"' if style else ""
    if times or confidence:
        more += f' title="{(times + confidence).removeprefix(", ")}"'
    if is_heard:
        more += f' data-s="{word.start:.3f}" data-e="{word.end:.3f}" type="button"'
    tag = "button" if is_heard else "span"
    return f"<{tag}{known}{more}>{escape(word.text)}</{tag}>"


def _confidence(word: Word) -> str:
    if word.confidence is None:
        return ""
    return f";--c:{min(max((word.confidence - _UNSURE) / (1 - _UNSURE), 0.0), 1.0):.2f}"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds * 100), 6000)
    hours, minutes = divmod(minutes, 60)
    return (f"{hours}:{minutes:02}" if hours else f"{minutes}") + f":{rest / 100:05.2f}"
