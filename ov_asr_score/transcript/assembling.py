"""Segments to transcripts, and a transcript of several recordings to one of each."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from ov_asr_score.errors import UsageError
from ov_asr_score.text import shown_key
from ov_asr_score.transcript.transcript import Segment, Transcript, recording_name


def assemble_transcript(
    segments: Iterable[Segment],
    *,
    identifier: str = "",
    model: str = "",
    language: str = "",
    durations: Mapping[str, float] | None = None,
    warnings: Sequence[str] = (),
    stage_seconds: Mapping[str, float] | None = None,
) -> Transcript:
    """The segments of a file, or of several, as one transcript: ordered by recording, time and channel.

    Recordings keep the order in which they come first; segments whose start is unknown follow the others of their
    recording. ``durations`` are the seconds of each recording, by its name.
    """
    kept = list(segments)
    places = {name: place for place, name in enumerate(dict.fromkeys(map(recording_name, kept)))}

    def order(segment: Segment) -> tuple[int, float, int]:
        start = math.inf if segment.start is None else segment.start
        return places[recording_name(segment)], start, segment.channel

    return Transcript(
        tuple(sorted(kept, key=order)),
        identifier,
        model,
        language,
        dict(durations or {}),
        tuple(warnings),
        dict(stage_seconds or {}),
    )


def split_recordings(transcript: Transcript) -> dict[str, Transcript]:
    """A transcript for each recording, by its name, in the order in which they come first.

    A recording of which only the duration is known has no segments. Warnings and stage times of the whole stay with
    each.
    """
    by_name: dict[str, list[Segment]] = {}
    for segment in transcript.segments:
        by_name.setdefault(recording_name(segment), []).append(segment)
    for name in transcript.durations:
        by_name.setdefault(name, [])
    return {
        name: replace(
            transcript,
            segments=tuple(segments),
            durations={name: transcript.durations[name]} if name in transcript.durations else {},
        )
        for name, segments in by_name.items()
    }


def only_recording(transcript: Transcript, view: str) -> str:
    """The name of the only recording; empty for a transcript of nothing. Raises UsageError if there are several.

    ``view`` is what can show one recording only, for the error.
    """
    names = list(dict.fromkeys([*map(recording_name, transcript.segments), *transcript.durations]))
    if len(names) > 1:
        shown = ", ".join(map(shown_key, names[:3])) + (", …" if len(names) > 3 else "")
        raise UsageError(
            f"{view}: expected the transcript of one recording, found {len(names):,} ({shown}); "
            "write a file for each recording"
        )
    return names[0] if names else ""
