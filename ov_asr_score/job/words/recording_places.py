"""Where utterances lie in recordings, who speaks, and the sound itself, from a data directory."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from ov_asr_score.audio.lists.data_directory import DataDirectory, load_data_directory
from ov_asr_score.audio.lists.segments import RecordingPart, read_segments
from ov_asr_score.audio.lists.sides import read_recording_sides
from ov_asr_score.audio.recordings import read_recordings
from ov_asr_score.kaldi_io import read_token_table
from ov_asr_score.report.html.wave import PageSound, page_sound
from ov_asr_score.transcript.transcript import Alternative, Segment, Word

_MOST_IN_PAGE = 32 << 20  # bytes of sound; a page with more is slow to open


@dataclass(frozen=True, slots=True)
class RecordingPlaces:
    """What a data directory says of utterances; nothing without one."""

    directory: DataDirectory | None = None
    parts: Mapping[str, RecordingPart] = field(default_factory=dict)
    speakers: Mapping[str, str] = field(default_factory=dict)
    sides: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def placed(self, segment: Segment) -> Segment:
        """The segment with its speaker, and with the times of its recording if it is a part of one.

        A segment that is one of several channels has the key of all of them as its recording.
        """
        speaker = self.speakers.get(segment.utterance, segment.speaker)
        part = self.parts.get(segment.utterance)
        channel = 1 if part is None or part.channel is None else part.channel + 1
        if part is None:
            part, channel = self.parts.get(segment.recording), segment.channel
        if part is None:
            return replace(segment, speaker=speaker)
        start, end = part.start, part.end
        if segment.start and segment.end is not None:  # a segment of the part
            start, end = part.start + segment.start, part.start + segment.end
        return replace(
            segment,
            speaker=speaker,
            recording=part.recording,
            channel=channel,
            start=start,
            end=end if end >= 0 else None if segment.end is None else start + segment.end,
            alternatives=tuple(_moved(each, part.start) for each in segment.alternatives),
        )

    def sounds(self, names: Container[str], *, allow_commands: bool = False) -> dict[str, PageSound]:
        """The sound of the recordings with these ``names``, for pages; none without a data directory.

        Sound is in the page itself until that is large: other recordings have their waves only. Raises what reading
        sound raises.
        """
        found: dict[str, PageSound] = {}
        if self.directory is None:
            return found
        size = 0
        for recording in read_recordings(f"wav,scp:{self.directory.wav_scp}", allow_commands=allow_commands):
            if recording.key not in names:
                continue
            pieces = [np.clip(np.rint(piece), -32768, 32767).astype(np.int16) for piece in recording.pieces()]
            samples = np.concatenate(pieces) if pieces else np.zeros(0, np.int16)
            size += samples.nbytes
            source = None if size <= _MOST_IN_PAGE else ""
            found[recording.key] = page_sound(samples[:, None], recording.rate, source=source)
        return found


def load_places(folder: str, *, allow_commands: bool = False) -> RecordingPlaces:
    """What the data directory says; nothing for an empty name. Raises FileAccessError, TableFormatError."""
    if not folder:
        return RecordingPlaces()
    directory = load_data_directory(folder)
    parts = {}
    if directory.segments:
        parts = {part.key: part for part in read_segments(directory.segments, allow_commands=allow_commands)}
    speakers = read_token_table(directory.utt2spk, allow_commands=allow_commands) if directory.utt2spk else {}
    sides = {}
    if directory.sides:
        sides = {name: (side.file, side.side) for name, side in read_recording_sides(directory.sides).items()}
    return RecordingPlaces(directory, parts, speakers, sides)


def _moved(alternative: Alternative, seconds: float) -> Alternative:
    return replace(alternative, words=tuple(_later(word, seconds) for word in alternative.words))


def _later(word: Word, seconds: float) -> Word:
    if word.start is None or word.end is None:
        return word
    return replace(word, start=word.start + seconds, end=word.end + seconds)
