"""Recordings from lists, archives, files and data directories, one after the other: what utterances are computed from.

Of each recording one channel is given, the mean of all, or one utterance for each; of a recording with segments these.
Only pieces are in memory, and a recording is decoded once for all its segments where they stand in the order of time.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Literal, Protocol

from ov_asr_score.audio.lists.data_directory import load_data_directory
from ov_asr_score.audio.lists.open_recording import OpenRecording
from ov_asr_score.audio.lists.recording_source import FoundSource
from ov_asr_score.audio.lists.segments import RecordingPart, SegmentLimits, read_segments, segment_samples
from ov_asr_score.audio.lists.sound_files import SoundFiles
from ov_asr_score.audio.lists.sound_specifier import SoundSpecifier, parse_sound_specifier
from ov_asr_score.audio.lists.speakers import read_speakers
from ov_asr_score.audio.lists.wave_archive import WaveArchive
from ov_asr_score.audio.lists.wave_script import WaveScript
from ov_asr_score.audio.sample_formats import Samples
from ov_asr_score.errors import FileAccessError, OvAsrScoreError, SoundFormatError, SpecifierError, TableFormatError
from ov_asr_score.kaldi_io.specifier import ReadSpecifier
from ov_asr_score.kaldi_io.tables.sequential import OnSkip, log_skipped
from ov_asr_score.kaldi_io.tables.sharding import keys_in_shard
from ov_asr_score.kaldi_io.tables.word_lines import word_lines
from ov_asr_score.settings.path_map import NO_PATH_MAP, PathMap
from ov_asr_score.settings.shard import Shard
from ov_asr_score.settings.speech.sound import SoundSettings
from ov_asr_score.text import shown_key

logger = logging.getLogger(__name__)

DEFAULT_SETTINGS = SoundSettings()
SKIPPED_ERRORS = (FileAccessError, TableFormatError, SoundFormatError)
"""What is wrong with one recording; other errors, such as a command that is not allowed, stop the reading."""


@dataclass(frozen=True, slots=True)
class Recording:
    """What is to become an utterance: ``length`` samples (None: not known before the end), ``rate`` of them per second.

    ``speaker`` is empty if it is not known. ``channel`` counts from 0, or is ``mix``. ``base`` is the key of what this
    is one of several channels of, empty for all else.
    """

    key: str
    speaker: str
    rate: int
    length: int | None
    channel: int | Literal["mix"] = field(repr=False, default=0)
    read: Callable[[], Iterator[Samples]] = field(repr=False, default=lambda: iter(()))
    base: str = field(repr=False, default="")

    def pieces(self) -> Iterator[Samples]:
        """The samples, float32 [n] on the scale of 16-bit integers, before the next recording is asked for.

        Raises what is wrong with this recording (SKIPPED_ERRORS), which names it; the next one can be read all the
        same.
        """
        return self.read()


def read_recordings(
    source: str | Sequence[str],
    settings: SoundSettings = DEFAULT_SETTINGS,
    *,
    utt2spk: str = "",
    spk2utt: str = "",
    path_map: PathMap = NO_PATH_MAP,
    allow_commands: bool = False,
    on_skip: OnSkip | None = None,
    shard: Shard | None = None,
) -> Iterator[Recording]:
    """The recordings of a source (see sound_specifier.py), or of several sound files, in their order.

    With segments the keys are theirs; a data directory has segments and speakers of its own, unless others are given.
    With the channel ``all`` the keys of a recording with several channels are ``KEY-0``, ``KEY-1`` and so on.
    ``on_skip`` is called for what cannot be read, and the next one follows; without it the error is raised. With the
    option ``p`` it is logged. ``shard``: only that part of the list.

    Raises SpecifierError, and FileAccessError and TableFormatError of lists, at once; SKIPPED_ERRORS of a recording,
    and MissingExtraError and SpecifierError (commands that are not allowed) on the way.
    """
    inputs = _found_inputs(source, settings, path_map)
    if on_skip is None and any(each.permissive for each in inputs.specifiers):
        on_skip = log_skipped
    if not (utt2spk or spk2utt):
        utt2spk, spk2utt = inputs.utt2spk, inputs.spk2utt
    reader = _RecordingReader(
        name=inputs.name,
        sounds=_sound_list(inputs.specifiers, allow_commands),
        settings=replace(settings, segments=inputs.segments),
        speakers=read_speakers(utt2spk, spk2utt, allow_commands=allow_commands),
        allow_commands=allow_commands,
        on_skip=on_skip,
        shard=shard,
    )
    return reader.segments() if inputs.segments else reader.whole()


def estimate_recordings(
    source: str | Sequence[str], settings: SoundSettings = DEFAULT_SETTINGS, *, path_map: PathMap = NO_PATH_MAP
) -> int | None:
    """The number of recordings that ``read_recordings`` will give, None if that is known only when they are read.

    Also None for lists that cannot be read, whose errors the reader reports. Channels are not counted.
    """
    try:
        inputs = _found_inputs(source, settings, path_map)
        if inputs.segments:
            return sum(1 for _ in word_lines(inputs.segments)) if Path(inputs.segments).is_file() else None
        if any(each.table is not None and not Path(each.filename).is_file() for each in inputs.specifiers):
            return None
        keys = _sound_list(inputs.specifiers, allow_commands=False).keys()
    except OvAsrScoreError:
        return None
    return None if keys is None else len(keys)


@dataclass(frozen=True, slots=True)
class _Inputs:
    """Sources, and the files that belong to them."""

    name: str
    specifiers: list[SoundSpecifier]
    segments: str
    utt2spk: str = ""
    spk2utt: str = ""


def _found_inputs(source: str | Sequence[str], settings: SoundSettings, path_map: PathMap) -> _Inputs:
    texts = [source] if isinstance(source, str) else list(source)
    specifiers = [parse_sound_specifier(text, path_map) for text in texts]
    if len(specifiers) != 1 and any(each.form != "files" for each in specifiers):
        raise SpecifierError(f"{texts[0]!r} and {len(texts) - 1} more: expected one source, or sound files only")
    name = ", ".join(texts[:3])
    if not specifiers or specifiers[0].form != "directory":
        return _Inputs(name, specifiers, settings.segments)
    found = load_data_directory(specifiers[0].filename)
    table = ReadSpecifier("scp", found.wav_scp, original=found.wav_scp, path_map=path_map)
    specifiers = [SoundSpecifier("scp", found.wav_scp, table)]
    return _Inputs(name, specifiers, settings.segments or found.segments, found.utt2spk, found.spk2utt)


class _SoundList(Protocol):
    def keys(self) -> list[str] | None: ...

    def sources(self) -> Iterator[tuple[str, FoundSource]]: ...

    def find(self, key: str) -> FoundSource | None: ...


def _sound_list(specifiers: Sequence[SoundSpecifier], allow_commands: bool) -> _SoundList:
    table = specifiers[0].table if specifiers else None
    if table is None:
        return SoundFiles([each.filename for each in specifiers])
    if table.form == "scp":
        return WaveScript(table, allow_commands=allow_commands)
    return WaveArchive(table, allow_commands=allow_commands)


@dataclass(frozen=True, slots=True)
class _RecordingReader:
    """What ``read_recordings`` reads."""

    name: str
    sounds: _SoundList
    settings: SoundSettings
    speakers: Mapping[str, str]
    allow_commands: bool
    on_skip: OnSkip | None
    shard: Shard | None

    def whole(self) -> Iterator[Recording]:
        """Every recording from its beginning to its end."""
        keys = self.sounds.keys() if self.shard is not None else None
        wanted = keys_in_shard(keys, self.shard) if keys is not None and self.shard is not None else None
        told_of_channels = False
        for position, (key, source) in enumerate(self.sounds.sources()):
            if wanted is not None and not wanted[position]:
                continue
            if wanted is None and self.shard is not None and not self.shard.has_turn(position):
                continue
            try:
                recording = self._opened(source)
            except SKIPPED_ERRORS as error:
                self._failed(key, error)
                continue
            with recording:
                try:
                    channels = self._channels(key, recording)
                except SoundFormatError as error:
                    self._failed(key, error)
                    continue
                if self.settings.channel is None and recording.channels > 1 and not told_of_channels:
                    told_of_channels = True
                    logger.warning(
                        "%s: has %d channels, of which the first is taken, as of others that follow (said once)",
                        recording.source.name,
                        recording.channels,
                    )
                for name, channel in channels:
                    yield self._recording(name, key, recording, channel, 0, None)

    def segments(self) -> Iterator[Recording]:
        """Every segment, in the order of their list."""
        segments = read_segments(self.settings.segments, allow_commands=self.allow_commands, on_skip=self.on_skip)
        limits = SegmentLimits(self.settings.min_segment_length, self.settings.max_overshoot)
        if self.shard is not None:
            listed = list(segments)
            wanted = keys_in_shard([segment.key for segment in listed], self.shard)
            segments = iter([segment for segment, is_in in zip(listed, wanted, strict=True) if is_in])
        name, found = "", None  # the recording of the last segment, or why it cannot be read
        try:
            for segment in segments:
                if found is None or name != segment.recording:
                    if isinstance(found, OpenRecording):
                        found.close()
                    name, found = segment.recording, self._found(segment)
                try:
                    if not isinstance(found, OpenRecording):
                        raise type(found)(f"{segment.place}: {found}", fields=found.fields)
                    channels = self._channels(segment.key, found, segment)
                    first, stop = segment_samples(segment, found.rate, found.counted(), limits)
                except SKIPPED_ERRORS as error:
                    self._failed(segment.key, error)
                    continue
                for key, channel in channels:
                    yield self._recording(key, segment.key, found, channel, first, stop)
        finally:
            if isinstance(found, OpenRecording):
                found.close()

    def _found(self, segment: RecordingPart) -> OpenRecording | OvAsrScoreError:
        source = self.sounds.find(segment.recording)
        if source is None:
            return TableFormatError(f"no recording {shown_key(segment.recording)} in {self.name}")
        try:
            return self._opened(source)
        except SKIPPED_ERRORS as error:
            return error

    def _opened(self, source: FoundSource) -> OpenRecording:
        if isinstance(source, OvAsrScoreError):
            raise source
        in_parts = bool(self.settings.segments) or self.settings.channel == "all"
        return OpenRecording(source, self.settings, in_parts=in_parts, allow_commands=self.allow_commands)

    def _channels(
        self, key: str, recording: OpenRecording, segment: RecordingPart | None = None
    ) -> list[tuple[str, int | Literal["mix"]]]:
        """The channels of a recording that are wanted, each with its key. Raises SoundFormatError.

        A channel in the line of a segment comes first. As in extract-segments, one must be chosen of several there.
        """
        chosen = segment.channel if segment is not None and segment.channel is not None else self.settings.channel
        if chosen == "mix":
            return [(key, "mix")]
        if chosen == "all" and recording.channels > 1:
            return [(f"{key}-{channel}", channel) for channel in range(recording.channels)]
        if chosen is None and segment is not None and recording.channels > 1:
            raise SoundFormatError(
                f"{segment.place}: expected a channel in the line, as the recording has {recording.channels}; write it "
                "there, or choose one for all (channel)",
                fields=("channel",),
            )
        channel = chosen if isinstance(chosen, int) else 0
        try:
            recording.check_channel(channel)
        except SoundFormatError as error:
            raise SoundFormatError(f"{segment.place}: {error}" if segment is not None else str(error)) from error
        return [(key, channel)]

    def _recording(
        self, key: str, base: str, opened: OpenRecording, channel: int | Literal["mix"], first: int, stop: int | None
    ) -> Recording:
        """The part of a recording, which is named ``key``, or ``base`` among the speakers."""
        length = opened.length if stop is None else stop - first
        # what a file says of its length may be more than is there
        until = None if stop == opened.length else stop
        speaker = self.speakers.get(key) or self.speakers.get(base, "")
        read = partial(opened.pieces, channel, first, until)
        return Recording(key, speaker, opened.rate, length, channel, read, "" if key == base else base)

    def _failed(self, key: str, error: OvAsrScoreError) -> None:
        """Skip what cannot be read, or raise the error."""
        if self.on_skip is None:
            raise error
        self.on_skip(key, error)
