"""MP4 (m4a, mov), WebM, AAC, AMR, Shorten and others, decoded by ffmpeg, which the package PyAV brings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from typing import Any

import numpy as np

from ov_asr_score.audio.audio_stream import AudioStream, Warn, check_channels, regrouped
from ov_asr_score.audio.sample_formats import FULL_SCALE, Samples
from ov_asr_score.audio.seekable_file import SeekableFile
from ov_asr_score.errors import MissingExtraError, SoundFormatError
from ov_asr_score.settings.speech.sound import SoundSettings
from ov_asr_score.text import printable_name

_MICROSECONDS = 1_000_000
_INEXACT_SECONDS = 0.1  # by which lengths may differ from what is there
# By ffmpeg's names for forms of samples, with p behind them where each channel has its own plane: offset and scale.
_FORMS = {
    "u8": (128.0, 256.0),
    "s16": (0.0, 1.0),
    "s32": (0.0, 2.0**-16),
    "s64": (0.0, 2.0**-48),
    "flt": (0.0, FULL_SCALE),
    "dbl": (0.0, FULL_SCALE),
}


def import_av(name: str, kind: str) -> Any:
    """The module ``av``. Raises MissingExtraError, which names the file ``name``, if it cannot be imported."""
    try:
        import av
        import av.error
    except ImportError as error:
        raise MissingExtraError(
            f'{name}: {kind} needs PyAV, which cannot be imported ({error}); pip install "ov-asr-score[audio-all]"'
        ) from error
    return av


@contextmanager
def open_with_av(
    file: SeekableFile,
    name: str,
    kind: str,
    av_format: str,
    settings: SoundSettings,
    warn: Warn,
    count: int | None = None,
) -> Iterator[AudioStream]:
    """The first sound in ``file``, which ffmpeg reads as ``av_format``; ``count`` is the number of frames, if known.

    Raises SoundFormatError (also while blocks are read) and MissingExtraError.
    """
    av = import_av(name, kind)
    errors = (av.error.FFmpegError, ValueError, EOFError, OSError, MemoryError)
    try:
        container = av.open(file, mode="r", format=av_format, metadata_errors="ignore")
    except errors as error:
        raise _refused(name, kind, error) from error
    with container:
        if not container.streams.audio:
            raise SoundFormatError(f"{name}: expected sound in the {kind} file, found none")
        if len(container.streams.audio) > 1:
            warn(f"{name}: has {len(container.streams.audio)} streams of sound; the first is taken")
        stream = container.streams.audio[0]
        if stream.codec_context is None:  # old versions of PyAV would crash
            raise SoundFormatError(f"{name}: expected a codec that ffmpeg decodes, found another in the {kind} file")
        frames = _frames(container, stream, name, kind, errors)
        # some codecs tell their rate and channels with the first frame only
        if (first := next(frames, None)) is None:
            raise SoundFormatError(f"{name}: expected samples, found none")
        rate, channels = int(first.sample_rate), len(first.layout.channels)
        check_channels(name, channels, settings)
        if rate <= 0:
            raise SoundFormatError(f"{name}: expected samples per second, found {rate}")
        seconds = _said_seconds(container, stream)

        def decode(num_frames: int) -> Iterator[Samples]:
            done = 0
            for block in regrouped(_pieces(chain([first], frames), name, rate, channels), num_frames):
                file.check(name)
                done += block.shape[1]
                yield block
            if count is not None and done < count:
                raise SoundFormatError(
                    f"{name}: expected {count} samples of each channel, found {done}; the file is cut or damaged"
                )
            if done < (seconds - _INEXACT_SECONDS) * rate:
                warn(f"{name}: expected {seconds:.3f} s of sound, found {done / rate:.3f} s; the file is cut")

        yield AudioStream(name, rate, channels, count, f"{kind}, {stream.codec_context.name}", decode, settings)


def _said_seconds(container: Any, stream: Any) -> float:
    """How long the file says that the sound is; 0 if it does not."""
    if stream.duration:
        return float(stream.duration * stream.time_base)
    is_alone = len(container.streams) == 1
    return float(container.duration) / _MICROSECONDS if is_alone and container.duration else 0.0


def _frames(container: Any, stream: Any, name: str, kind: str, errors: tuple[type[Exception], ...]) -> Iterator[Any]:
    done, rate = 0, 0
    try:
        for frame in container.decode(stream):
            if frame.samples:
                yield frame
                done += int(frame.samples)
                rate = int(frame.sample_rate)
    except errors as error:
        if not done:
            raise _refused(name, kind, error) from error
        place = f"sample {done} ({done / rate:.3f} s)" if rate else f"sample {done}"
        raise SoundFormatError(f"{name}: after {place}: expected {kind}, found damage: {_words(error)}") from error


def _pieces(frames: Iterator[Any], name: str, rate: int, channels: int) -> Iterator[Samples]:
    """Float32 [C, n] of each frame."""
    done = 0
    for frame in frames:
        found_rate, found_channels = int(frame.sample_rate) or rate, len(frame.layout.channels)
        if (found_rate, found_channels) != (rate, channels):
            raise SoundFormatError(
                f"{name}: after sample {done}: expected {rate} Hz and {channels} channels as before, "
                f"found {found_rate} Hz and {found_channels}"
            )
        form = frame.format.name
        offset, scale = _FORMS[form.removesuffix("p")]
        values = frame.to_ndarray()
        if not form.endswith("p"):
            values = values.reshape(-1, channels).T
        with np.errstate(over="ignore", invalid="ignore"):
            samples = ((values - offset if offset else values) * scale).astype(np.float32)
        done += samples.shape[1]
        yield np.ascontiguousarray(samples)


def _refused(name: str, kind: str, error: Exception) -> SoundFormatError:
    return SoundFormatError(f"{name}: expected {kind}, found what ffmpeg refuses: {_words(error)}")


def _words(error: Exception) -> str:
    text = printable_name(" ".join(str(getattr(error, "strerror", "") or error).split()))
    return text.rstrip(".")[:100]
