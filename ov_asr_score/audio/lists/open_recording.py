"""A recording from which parts are taken in any order, decoded forwards as far as the order allows.

Segments of a long recording mostly stand in the order of their times, and overlap now and then. What was decoded last
is kept, so that it is decoded once, in flat memory.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import chain
from types import TracebackType
from typing import Literal

from ov_asr_score.audio.audio_stream import AudioStream
from ov_asr_score.audio.channels import check_channel, one_channel
from ov_asr_score.audio.lists.recording_source import RecordingSource, held, open_recording
from ov_asr_score.audio.sample_formats import Samples
from ov_asr_score.errors import OvAsrScoreError, SoundFormatError
from ov_asr_score.settings.speech.sound import SoundSettings

KEPT_BYTES = 32 << 20
"""Samples that were decoded last: about nine minutes of one channel at 16 kHz."""

_MOST_LEFT_OUT = 1 << 19  # frames that are rather decoded than left out: the place is found in a file faster than them


class OpenRecording:
    """The sound of one recording while its ``with`` lasts; ``rate`` in Hz, ``length`` in frames, None if not known.

    Its errors name the place where the recording is listed.
    """

    def __init__(
        self,
        source: RecordingSource,
        settings: SoundSettings,
        *,
        in_parts: bool,
        allow_commands: bool = False,
        kept_bytes: int = KEPT_BYTES,
    ) -> None:
        """Open the sound. With ``in_parts`` it is read more than once, and the last ``kept_bytes`` stay in memory."""
        self.source = source
        self._settings, self._allow_commands = settings, allow_commands
        self._in_parts, self._most_kept = in_parts, kept_bytes
        self._resources = ExitStack()
        self._kept: deque[tuple[int, Samples]] = deque()
        self._kept_bytes = 0
        try:
            if in_parts:
                self.source = held(source, settings, allow_commands=allow_commands)
            self._open()
        except OvAsrScoreError as error:
            raise source.named(error) from error
        self.rate, self.channels, self.length = self._stream.rate, self._stream.channels, self._stream.length

    def check_channel(self, channel: int) -> None:
        """Raise SoundFormatError if there is no such channel, counted from 0."""
        try:
            check_channel(self._stream, channel)
        except SoundFormatError as error:
            raise self.source.named(error) from error

    def counted(self) -> int:
        """The number of frames; the sound is decoded to its end if the file does not say it.

        Raises SoundFormatError and FileAccessError.
        """
        if self.length is None:
            try:
                for _ in self._decoded():
                    pass
            except OvAsrScoreError as error:
                raise self.source.named(error) from error
            self.length = self._next
        return self.length

    def pieces(self, channel: int | Literal["mix"], first: int = 0, stop: int | None = None) -> Iterator[Samples]:
        """Samples ``first`` to ``stop`` (None: to the end) of a channel, or the mean of all: pieces of float32 [n].

        Only the last iterator that was asked for may be used. Raises SoundFormatError (damage, an end before ``stop``)
        and FileAccessError; ValueError when the recording is closed.
        """
        if self._is_closed:
            raise ValueError("the samples of a recording must be read before the next recording is asked for")
        try:
            yield from self._pieces(channel, first, stop)
        except OvAsrScoreError as error:
            raise self.source.named(error) from error

    def close(self) -> None:
        """Close the file."""
        self._is_closed = True
        self._resources.close()
        self._kept.clear()

    def __enter__(self) -> OpenRecording:
        """The recording itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self.close()

    def _open(self) -> None:
        self.close()
        opening = open_recording(self.source, self._settings, allow_commands=self._allow_commands)
        self._stream: AudioStream = self._resources.enter_context(opening)
        self._blocks = self._stream.blocks()
        self._next = self._kept_bytes = 0
        self._is_closed = False

    def _pieces(self, channel: int | Literal["mix"], first: int, stop: int | None) -> Iterator[Samples]:
        self._approach(first)
        done = first
        for start, block in chain(tuple(self._kept), self._decoded()):
            end = start + block.shape[1]
            if end <= done:
                continue
            part = one_channel(block[:, done - start : None if stop is None else stop - start], channel)
            done += len(part)
            yield part.copy() if self._in_parts else part
            if done == stop:
                return
        if stop is not None:
            raise SoundFormatError(
                f"{self._stream.name}: expected {stop} samples of each channel, found {self._next}; is the file cut?"
            )

    def _approach(self, first: int) -> None:
        """Go back, or leave out a stretch that is not asked for, so that frame ``first`` is kept or will be decoded."""
        is_behind = first < (self._kept[0][0] if self._kept else self._next)
        is_far = first > self._next + _MOST_LEFT_OUT
        if self._stream.decode_from is not None and (is_behind or is_far):
            self._blocks = self._stream.blocks(start=first)
            self._kept.clear()
            self._next, self._kept_bytes = first, 0
        elif is_behind:
            self._open()

    def _decoded(self) -> Iterator[tuple[int, Samples]]:
        """The next blocks and the number of the first frame in each."""
        for block in self._blocks:
            start = self._next
            self._next += block.shape[1]
            if self._in_parts:
                self._kept.append((start, block))
                self._kept_bytes += block.nbytes
                while self._kept_bytes > self._most_kept and len(self._kept) > 1:
                    self._kept_bytes -= self._kept.popleft()[1].nbytes
            yield start, block
