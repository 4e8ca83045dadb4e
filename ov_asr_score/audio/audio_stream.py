"""Sound as the rest of the package takes it: blocks of samples that are finite, and no more than allowed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.audio.byte_source import ByteSource
from ov_asr_score.audio.sample_formats import FORMATS, Samples, samples_of
from ov_asr_score.errors import SoundFormatError
from ov_asr_score.finite import is_finite
from ov_asr_score.settings.speech.sound import SoundSettings

BLOCK_FRAMES = 1 << 16
"""Frames (samples of all channels at one time) in a block, unless another number is asked for."""

Warn = Callable[[str], None]
Decode = Callable[[int], Iterator[Samples]]
DecodeFrom = Callable[[int, int], Iterator[Samples]]


@dataclass(frozen=True, slots=True)
class Audio:
    """A recording as a whole: samples [C, N] on the scale of 16-bit integers, ``rate`` of them per second."""

    samples: Samples
    rate: int


@dataclass(frozen=True, slots=True)
class AudioStream:
    """A recording that is decoded while it is read: ``rate`` in Hz, ``length`` in frames, None if it is not known.

    ``form`` says what it is (``FLAC, 16-bit integers``). The length is what the file says: damage may show later.
    ``decode_from`` decodes from a frame on, the first argument, however much was read; None where that cannot be, or
    would change the samples.
    """

    name: str
    rate: int
    channels: int
    length: int | None
    form: str
    decode: Decode = field(repr=False)
    settings: SoundSettings = field(repr=False, default_factory=SoundSettings)
    decode_from: DecodeFrom | None = field(repr=False, default=None)

    def blocks(self, num_frames: int = BLOCK_FRAMES, *, start: int | None = None) -> Iterator[Samples]:
        """Blocks of float32 [C, n], all with ``num_frames`` frames but the last; they can be read once.

        From frame ``start`` on they can be read whenever they are asked for, if ``decode_from`` is there.

        Raises SoundFormatError (damage, NaN and infinity with their place, more than the limits allow, no samples at
        all) and FileAccessError.
        """
        first = start or 0
        decoded = self.decode(num_frames)
        if start is not None and self.decode_from is not None:
            decoded = self.decode_from(start, num_frames)
        for block in decoded:
            self._check_finite(block, first)
            first += block.shape[1]
            check_length(self.name, first, self.rate, self.settings)
            yield block
        if first == (start or 0) == 0:
            raise SoundFormatError(f"{self.name}: expected samples, found none")

    def _check_finite(self, block: Samples, first: int) -> None:
        if is_finite(block):
            return
        bad = ~np.isfinite(block)
        place = int(np.argmax(bad.any(axis=0)))
        channel = int(np.argmax(bad[:, place]))
        value = float(block[channel, place])
        where = f"sample {first + place} ({(first + place) / self.rate:.3f} s)"
        where += f" of channel {channel}" if self.channels > 1 else ""
        found = "NaN" if np.isnan(value) else f"{value:g}, or a number beyond the range of float32"
        raise SoundFormatError(f"{self.name}: {where}: expected a number, found {found}")


def check_length(name: str, num_frames: int, rate: int, settings: SoundSettings) -> None:
    """Raise SoundFormatError if that many frames last longer than ``max_sound_seconds``."""
    if num_frames > settings.max_sound_seconds * rate:
        raise SoundFormatError(
            f"{name}: expected at most {settings.max_sound_seconds:g} s of sound, found more; raise max_sound_seconds",
            fields=("max_sound_seconds",),
        )


def check_channels(name: str, channels: int, settings: SoundSettings) -> None:
    """Raise SoundFormatError if there are more channels than ``max_channels``."""
    if channels > settings.max_channels:
        raise SoundFormatError(
            f"{name}: expected at most {settings.max_channels} channels, found {channels}; raise max_channels",
            fields=("max_channels",),
        )


def sample_blocks(source: ByteSource, encoding: str, channels: int, data_bytes: int | None, warn: Warn) -> Decode:
    """What decodes uncompressed samples from where the source stands: ``data_bytes`` of them, or up to the end.

    Data that end before are a warning, as in Kaldi (feat/wave-reader.cc, WaveData::Read), and so is a rest of a frame.
    """
    return lambda num_frames: _decoded(source, encoding, channels, data_bytes, warn, num_frames)


def sample_blocks_from(
    source: ByteSource, encoding: str, channels: int, data_bytes: int | None, warn: Warn
) -> DecodeFrom | None:
    """As ``sample_blocks``, from any frame on; None unless the source is a plain file."""
    first_byte = source.offset

    def decode_from(start: int, num_frames: int) -> Iterator[Samples]:
        done = start * FORMATS[encoding].width * channels
        source.seek(first_byte + done)
        return _decoded(source, encoding, channels, data_bytes, warn, num_frames, done)

    return None if source.size is None else decode_from


def _decoded(
    source: ByteSource,
    encoding: str,
    channels: int,
    data_bytes: int | None,
    warn: Warn,
    num_frames: int,
    done: int = 0,
) -> Iterator[Samples]:
    """Blocks of samples, ``done`` bytes of which are before the place where the source stands."""
    frame_bytes = FORMATS[encoding].width * channels
    whole_bytes = None if data_bytes is None else data_bytes - data_bytes % frame_bytes
    while whole_bytes is None or done < whole_bytes:
        wanted = num_frames * frame_bytes
        wanted = wanted if whole_bytes is None else min(wanted, whole_bytes - done)
        data = source.read(wanted)
        done += len(data)
        if len(data) >= frame_bytes:
            yield samples_of(data, encoding, channels)
        if len(data) < wanted:
            break
    if whole_bytes is not None and done < whole_bytes:
        warn(f"{source.name}: expected {whole_bytes} bytes of samples, found {done}; the file is cut")
    elif done % frame_bytes:
        warn(f"{source.name}: expected whole samples, found {done % frame_bytes} of {frame_bytes} bytes at the end")


def regrouped(pieces: Iterable[Samples], num_frames: int) -> Iterator[Samples]:
    """The same samples in blocks of ``num_frames`` frames, the last one with what is left."""
    waiting: list[NDArray[np.float32]] = []
    count = 0
    for piece in pieces:
        waiting.append(piece)
        count += piece.shape[1]
        if count >= num_frames:
            joined = np.concatenate(waiting, axis=1) if len(waiting) > 1 else waiting[0]
            for first in range(0, count - num_frames + 1, num_frames):
                yield np.ascontiguousarray(joined[:, first : first + num_frames])
            count %= num_frames
            waiting = [joined[:, joined.shape[1] - count :]] if count else []
    if count:
        yield np.ascontiguousarray(np.concatenate(waiting, axis=1))
