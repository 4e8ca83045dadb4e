"""Sound from standard input, a pipe or a device, piece by piece while it comes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

import numpy as np

from ov_asr_score.audio.audio_stream import Warn
from ov_asr_score.audio.byte_source import ByteSource
from ov_asr_score.audio.channels import one_channel
from ov_asr_score.audio.sample_formats import FORMATS, Samples, samples_of
from ov_asr_score.audio.sound_kinds import WAV, sound_kind
from ov_asr_score.audio.sound_queue import SoundQueue
from ov_asr_score.audio.wav_header import read_wav_header
from ov_asr_score.errors import SoundFormatError, UsageError
from ov_asr_score.kaldi_io.files.input import access_error
from ov_asr_score.settings.recognition.listen_sound import ListenSound

_START_BYTES = 12
_STDIN = 0
_ENDLESS_BYTES = 0x7FFF0000  # from here on, headers of WAV mean sound whose length was not known, as those of sox


@dataclass(frozen=True, slots=True, eq=False)
class SoundStream:
    """Sound that comes in: ``rate`` samples per second, of one channel, on the scale of 16-bit integers."""

    name: str
    rate: int
    queue: SoundQueue


def open_stream_file(path: str) -> BinaryIO:
    """The file without a buffer, which gives what is there; ``-`` is standard input. Raises FileAccessError."""
    try:
        if path == "-":
            return open(_STDIN, "rb", buffering=0, closefd=False)
        return Path(path).open("rb", buffering=0)
    except OSError as error:
        raise access_error(path, error) from error


def open_sound_stream(
    file: BinaryIO, name: str, sound: ListenSound, *, model_rate: int, piece_seconds: float, warn: Warn
) -> SoundStream:
    """The sound in ``file``, in pieces of ``piece_seconds``, which a thread reads while it comes.

    A header of WAV says what follows; without one ``sound`` does. Waits for the first bytes. Raises SoundFormatError
    (no sound, a codec, sound of another kind) and UsageError (no such channel).
    """
    source = ByteSource(file, "standard input" if name == "-" else name)
    start = source.peek(_START_BYTES)
    if not start:
        raise SoundFormatError(f"{source.name}: expected samples, found none")
    kind = sound_kind(start, "")
    encoding: str = sound.raw_format
    channels, data_bytes = sound.channels, None
    rate = sound.rate or model_rate
    if kind == WAV:
        header = read_wav_header(source, warn)
        if not header.encoding:
            raise source.error("uncompressed samples", header.codec, 0, "decode the sound before, as ffmpeg does")
        encoding, channels, rate, data_bytes = header.encoding, header.channels, header.rate, header.data_bytes
        if sound.rate not in (None, rate):
            warn(f"{source.name}: the header says {rate} Hz, which counts")
    elif kind is not None and start[:3].isalnum():
        raise SoundFormatError(
            f"{source.name}: expected samples or WAV, found {kind.name}; decode it before: ffmpeg gives both"
        )
    elif kind is not None:  # samples may begin as frames of MP3 and AAC do
        warn(f"{source.name}: is taken for samples, and begins as {kind.name} does; ffmpeg decodes that")
    elif start.startswith(b"RIFF") and len(start) < _START_BYTES:
        raise source.error("a header of WAV", f"the first {len(start)} bytes of one", 0, "the sound is cut")
    channel = checked_channel(source.name, sound.channel, channels, warn)
    queue = SoundQueue(most_waiting=16)
    frames = max(1, round(piece_seconds * rate))
    pieces = _pieces(source, encoding, channels, data_bytes, frames, warn)
    threading.Thread(target=_read, args=(pieces, channel, queue), daemon=True).start()
    return SoundStream(source.name, rate, queue)


def checked_channel(name: str, channel: int | Literal["mix"] | None, channels: int, warn: Warn) -> int | Literal["mix"]:
    """The channel to take of so many: the first if none is named, with a warning. Raises UsageError: no such one."""
    if channel is None:
        if channels > 1:
            warn(f"{name}: of {channels} channels the first is taken")
        return 0
    if channel != "mix" and channel >= channels:
        raise UsageError(f"channel {channel}: expected one of {channels}, counted from 0", fields=("channel",))
    return channel


def _read(pieces: Iterator[Samples], channel: int | Literal["mix"], queue: SoundQueue) -> None:
    try:
        for piece in pieces:
            queue.put(one_channel(piece, channel))
    except Exception as error:
        queue.end(error)
    else:
        queue.end()


def _pieces(
    source: ByteSource, encoding: str, channels: int, data_bytes: int | None, frames: int, warn: Warn
) -> Iterator[Samples]:
    """Pieces of float32 [C, frames], the last one with what is left."""
    frame_bytes = FORMATS[encoding].width * channels
    whole_bytes = _ENDLESS_BYTES if data_bytes is None else data_bytes - data_bytes % frame_bytes
    left = np.inf if data_bytes is None else whole_bytes
    while left > 0:
        wanted = int(min(frames * frame_bytes, left))
        data = source.read(wanted)
        left -= len(data)
        if len(data) >= frame_bytes:
            yield samples_of(data, encoding, channels)
        if len(data) < wanted:
            if whole_bytes < _ENDLESS_BYTES:
                found = whole_bytes - int(left)
                warn(f"{source.name}: expected {whole_bytes} bytes of samples, found {found}; the sound is cut")
            if rest := len(data) % frame_bytes:
                warn(f"{source.name}: expected whole samples, found {rest} of {frame_bytes} bytes at the end")
            return
