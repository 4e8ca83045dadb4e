"""One recording of a list: where its sound is, what a command does with it, and how it is opened."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from ov_asr_score.audio.audio_stream import AudioStream
from ov_asr_score.audio.channels import check_channel
from ov_asr_score.audio.decoding import open_audio
from ov_asr_score.audio.lists.decoding_commands import DecodingCommand
from ov_asr_score.audio.sample_formats import Samples, round_to_int16
from ov_asr_score.errors import MissingExtraError, OvAsrScoreError, SoundFormatError
from ov_asr_score.kaldi_io.files.input import open_input, split_offset
from ov_asr_score.settings.speech.sound import SoundSettings
from ov_asr_score.text import shown_key

logger = logging.getLogger(__name__)

_PIECE_BYTES = 1 << 20
_WHOLE_NUMBERS = ("16-bit integers", "Signed 16 bit PCM")


@dataclass(frozen=True, slots=True)
class RecordingSource:
    """The recording ``key``: the path of its file, Kaldi's name of it, or its bytes; ``name`` stands in messages.

    ``place`` is where it is listed, for errors. ``command`` is what decodes ``sound`` there, and ``runnable`` its text,
    if running it would find the file.
    """

    key: str
    sound: Path | str | bytes
    name: str
    place: str = ""
    command: DecodingCommand | None = None
    runnable: str = ""

    @property
    def can_reopen(self) -> bool:
        """Whether it can be read again, which standard input, a command and a FIFO cannot."""
        if isinstance(self.sound, bytes):
            return True
        path = self.sound if isinstance(self.sound, Path) else Path(split_offset(self.sound)[0])
        try:
            return path.is_file()
        except (OSError, ValueError):
            return False

    def named(self, error: OvAsrScoreError) -> OvAsrScoreError:
        """``error``, beginning with the place where the recording is listed."""
        if not self.place:
            return error
        return type(error)(f"{self.place}: recording {shown_key(self.key)}: {error}", fields=error.fields)


FoundSource = RecordingSource | OvAsrScoreError
"""A recording, or why it cannot be read."""


@contextmanager
def open_recording(
    source: RecordingSource, settings: SoundSettings, *, allow_commands: bool = False
) -> Iterator[AudioStream]:
    """The sound of a recording: all its channels, or the one that its command chooses, in 16-bit integers then.

    A command that only decodes is run, if commands are allowed, where what it gives cannot be had without: no package
    is installed that decodes the file, or it leaves the delay of MP3. Raises what ``open_audio`` does, without the
    place where the recording is listed.
    """
    may_run = bool(source.runnable) and allow_commands
    with ExitStack() as stack:
        opening = open_audio(source.sound, settings, name=source.name, allow_commands=allow_commands)
        stream: AudioStream | None = None
        try:
            stream = stack.enter_context(opening)
        except MissingExtraError:
            if not may_run:
                raise
        if stream is not None and source.command and source.command.leaves_delay and stream.form.startswith("MP3"):
            if may_run:
                stack.close()
                stream = None
            else:
                logger.warning(
                    "%s: sox leaves the delay of the encoder at the beginning of MP3, about 0.1 s, which is cut off "
                    "here; where times count, allow commands",
                    source.name,
                )
        if stream is None:
            stream = stack.enter_context(open_audio(source.runnable, settings, allow_commands=True))
        elif source.command:
            stream = _as_from_command(stream, source.command.channel)
        yield stream


def held(source: RecordingSource, settings: SoundSettings, *, allow_commands: bool = False) -> RecordingSource:
    """The recording with its bytes in memory, if it could be read only once.

    Raises FileAccessError, SpecifierError (commands that are not allowed), and SoundFormatError for more bytes than
    ``max_sound_size``.
    """
    if source.can_reopen or isinstance(source.sound, bytes):
        return source
    pieces, count = [], 0
    with open_input(str(source.sound), allow_commands=allow_commands) as file:
        while piece := file.read(_PIECE_BYTES):
            pieces.append(piece)
            count += len(piece)
            if count > settings.max_sound_size:
                raise SoundFormatError(
                    f"{source.name}: expected at most {settings.max_sound_size} bytes, found more; give a plain file, "
                    "or raise max_sound_size",
                    fields=("max_sound_size",),
                )
    return replace(source, sound=b"".join(pieces))


def _as_from_command(stream: AudioStream, channel: int | None) -> AudioStream:
    """The stream as a command writes it: one channel of it, if it chooses one, and 16-bit integers.

    Kaldi reads no other samples from a command.
    """
    if channel is not None:
        check_channel(stream, channel)
    chosen = slice(None) if channel is None else slice(channel, channel + 1)
    is_rounded = any(words in stream.form for words in _WHOLE_NUMBERS)

    def as_written(blocks: Iterator[Samples]) -> Iterator[Samples]:
        for block in blocks:
            yield block[chosen] if is_rounded else round_to_int16(block[chosen])

    decode_from = stream.decode_from
    return replace(
        stream,
        channels=stream.channels if channel is None else 1,
        decode=lambda num_frames: as_written(stream.decode(num_frames)),
        decode_from=decode_from and (lambda start, num_frames: as_written(decode_from(start, num_frames))),
    )
