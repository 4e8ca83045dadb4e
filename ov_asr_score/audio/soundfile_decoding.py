"""FLAC, Ogg (Vorbis, Opus), MP3, AIFF and others, decoded by libsndfile, which the package soundfile brings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ov_asr_score.audio.audio_stream import AudioStream, Warn, check_channels, check_length
from ov_asr_score.audio.mpeg_messages import held_back
from ov_asr_score.audio.sample_formats import FULL_SCALE, Samples
from ov_asr_score.audio.seekable_file import SeekableFile
from ov_asr_score.errors import MissingExtraError, SoundFormatError
from ov_asr_score.settings.speech.sound import SoundSettings
from ov_asr_score.text import printable_name

_UNKNOWN_LENGTH = 1 << 62
# What is decoded at once: the place of damage is known that well.
_PIECE_FRAMES = 4096
# Formats that say how many samples there are, and are damaged if there are fewer.
_COUNTED = ("FLAC",)
# Formats in which libsndfile moves to a sample, and decodes the same from there.
_MOVABLE = ("FLAC",)
# In what libsndfile tells of a header: sizes that the file does not have.
_CUT = re.compile(r"(\d+) \(should be (\d+)\)|truncated file")
_STREAM_SIZE = 0x7FFFF000


def import_soundfile(name: str, kind: str) -> Any:
    """The module ``soundfile``. Raises MissingExtraError, which names the file ``name``, if it cannot be imported."""
    try:
        import soundfile
    except (ImportError, OSError) as error:  # OSError: without libsndfile
        raise MissingExtraError(
            f'{name}: {kind} needs soundfile, which cannot be imported ({error}); pip install "ov-asr-score[audio]"'
        ) from error
    return soundfile


@contextmanager
def open_with_soundfile(
    file: SeekableFile, name: str, kind: str, settings: SoundSettings, warn: Warn
) -> Iterator[AudioStream]:
    """The sound in ``file``. Raises SoundFormatError (also while blocks are read) and MissingExtraError."""
    soundfile = import_soundfile(name, kind)
    with held_back(kind):
        try:
            sound = soundfile.SoundFile(file)
        except (RuntimeError, TypeError, ValueError) as error:
            file.check(name)
            raise SoundFormatError(f"{name}: expected {kind}, {_said(error)}") from error
    # Else soundfile moves to where it is after each piece: that takes time, and changes the samples of MP3.
    sound.seekable = lambda: False
    try:
        channels, rate = int(sound.channels), int(sound.samplerate)
        check_channels(name, channels, settings)
        if rate <= 0:
            raise SoundFormatError(f"{name}: expected samples per second, found {rate}")
        length = int(sound.frames) if 0 <= sound.frames < _UNKNOWN_LENGTH else None
        if length is not None:
            check_length(name, length, rate, settings)
        if _is_cut(sound.extra_info):
            warn(f"{name}: expected more samples than the file holds; it is cut")

        def decode(num_frames: int, done: int = 0) -> Iterator[Samples]:
            is_whole = True
            while True:
                block, damage = _read(sound, num_frames, name, kind, done)
                file.check(name)
                if damage and is_whole:
                    is_whole = False
                    warn(f"{name}: near sample {done} ({done / rate:.3f} s): left out damaged data: {damage[0][:80]}")
                done += block.shape[1]
                if block.shape[1]:
                    yield block
                if block.shape[1] < num_frames:
                    break
            if length is not None and done != length:
                found = f"{name}: expected {length} samples of each channel, found {done}"
                if sound.format in _COUNTED:
                    raise SoundFormatError(f"{found}; the file is cut or damaged")
                warn(found)

        def decode_from(start: int, num_frames: int) -> Iterator[Samples]:
            _move(sound, start, file, name, kind)
            yield from decode(num_frames, start)

        form = f"{kind}, {sound.subtype_info}"
        moves = decode_from if sound.format in _MOVABLE else None
        yield AudioStream(name, rate, channels, length, form, decode, settings, moves)
    finally:
        sound.close()


def _move(sound: Any, start: int, file: SeekableFile, name: str, kind: str) -> None:
    """Go to sample ``start`` of each channel. Raises SoundFormatError."""
    with held_back(kind):
        try:
            sound.seek(start)
        except (RuntimeError, ValueError) as error:
            file.check(name)
            place = f"sample {start} ({start / sound.samplerate:.3f} s)"
            raise SoundFormatError(f"{name}: at {place}: expected {kind}, {_said(error)}") from error


def _read(sound: Any, num_frames: int, name: str, kind: str, done: int) -> tuple[Samples, list[str]]:
    """The next samples [C, n], ``done`` of them before; and what was said about damage."""
    block = np.empty((num_frames, int(sound.channels)), np.float32)
    count = 0
    with held_back(kind) as damage:
        while count < num_frames:
            wanted = min(_PIECE_FRAMES, num_frames - count)
            try:
                piece = sound.read(wanted, out=block[count : count + wanted])
            except (RuntimeError, ValueError) as error:
                place = f"sample {done + count} ({(done + count) / sound.samplerate:.3f} s)"
                raise SoundFormatError(f"{name}: after {place}: expected {kind}, {_said(error)}") from error
            count += len(piece)
            if len(piece) < wanted:
                break
    return np.ascontiguousarray(block[:count].T) * np.float32(FULL_SCALE), damage


def _is_cut(log: str) -> bool:
    sizes = [match for match in _CUT.finditer(log) if match[1] is None or int(match[1]) < _STREAM_SIZE]
    return any(match[1] is None or int(match[1]) > int(match[2]) for match in sizes)


def _said(error: Exception) -> str:
    return f"found damage: libsndfile says {_words(error)!r}"


def _words(error: Exception) -> str:
    text = printable_name(" ".join(str(getattr(error, "error_string", "") or error).split()))
    if "does not exist" in text:  # said of some that do not begin as they should
        return "what is not recognised"
    return text.removeprefix("Error : ").rstrip(".")[:100]
