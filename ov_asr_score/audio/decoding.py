"""Sound of any kind and source to samples: the entrance of this room.

Uncompressed sound (wav, SPHERE, without a header) is decoded here while it is read, so that pipes work and memory stays
flat. All else is left to soundfile or PyAV, which need a file to move in.
"""

from __future__ import annotations

import gzip
import io
import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np

from ov_asr_score.audio.audio_stream import (
    Audio,
    AudioStream,
    Warn,
    check_channels,
    check_length,
    sample_blocks,
    sample_blocks_from,
)
from ov_asr_score.audio.av_decoding import open_with_av
from ov_asr_score.audio.byte_source import ByteSource
from ov_asr_score.audio.ogg_pages import check_ogg
from ov_asr_score.audio.sample_formats import FORMATS
from ov_asr_score.audio.seekable_file import seekable_file
from ov_asr_score.audio.sound_kinds import OGG, SHORT_START_BYTES, SPHERE, START_BYTES, WAV, SoundKind, sound_kind
from ov_asr_score.audio.soundfile_decoding import open_with_soundfile
from ov_asr_score.audio.sphere import read_sphere_header
from ov_asr_score.audio.wav_header import read_wav_header
from ov_asr_score.errors import MissingExtraError, OvAsrScoreError, SoundFormatError
from ov_asr_score.kaldi_io.files.input import GZIP_MAGIC, open_input, open_path
from ov_asr_score.kaldi_io.foreign import describe_start
from ov_asr_score.settings.speech.sound import SoundSettings, check_sound

logger = logging.getLogger(__name__)

Source = str | Path | bytes | BinaryIO
"""Kaldi's name of a file (a path, ``path:offset``, ``-``, ``command |``), a path, the bytes of a file, or a file."""

DEFAULT_SETTINGS = SoundSettings()
_DESCRIBED_BYTES = 4096


@contextmanager
def open_audio(
    source: Source,
    settings: SoundSettings = DEFAULT_SETTINGS,
    *,
    name: str = "",
    allow_commands: bool = False,
    warn: Warn = logger.warning,
) -> Iterator[AudioStream]:
    """The sound in ``source``, to be read while the ``with`` lasts; a file that was given stays open.

    ``name`` stands in messages, if not the name of the file. ``warn`` is called with what does not stop the reading,
    such as a cut wav file (a warning in Kaldi, too). Raises SoundFormatError, which names the file and the place,
    FileAccessError, SpecifierError (commands that are not allowed), UsageError (settings that contradict each other)
    and MissingExtraError (a package that is not installed).
    """
    check_sound(settings)
    with ExitStack() as stack:
        shown, file = _opened(stack, source, allow_commands)
        yield stack.enter_context(open_source(ByteSource(file, name or shown), settings, warn=warn))


def read_audio(
    source: Source,
    settings: SoundSettings = DEFAULT_SETTINGS,
    *,
    name: str = "",
    allow_commands: bool = False,
    warn: Warn = logger.warning,
) -> Audio:
    """All samples in ``source``: float32 [C, N]. Raises what ``open_audio`` does.

    SoundFormatError also for samples that take more than ``max_sound_size`` bytes.
    """
    with open_audio(source, settings, name=name, allow_commands=allow_commands, warn=warn) as stream:
        blocks, count = [], 0
        for block in stream.blocks():
            count += block.nbytes
            if count > settings.max_sound_size:
                raise SoundFormatError(
                    f"{stream.name}: expected samples that take at most {settings.max_sound_size} bytes, found more; "
                    "read the file block by block, or raise max_sound_size",
                    fields=("max_sound_size",),
                )
            blocks.append(block)
        return Audio(blocks[0] if len(blocks) == 1 else np.concatenate(blocks, axis=1), stream.rate)


@contextmanager
def open_source(
    source: ByteSource, settings: SoundSettings = DEFAULT_SETTINGS, *, warn: Warn = logger.warning
) -> Iterator[AudioStream]:
    """As ``open_audio``, of a source that is open. Of a wav file no more is read than it says: another may follow."""
    start = source.peek(SHORT_START_BYTES)
    if start.startswith(GZIP_MAGIC):
        with gzip.GzipFile(fileobj=cast(BinaryIO, _SourceFile(source))) as unpacked:
            inner = ByteSource(cast(BinaryIO, unpacked), source.name)
            with open_source(inner, settings, warn=warn) as stream:
                yield stream
        return
    kind = sound_kind(start, "")
    if settings.raw_format is not None:
        if kind is not None and kind in (WAV, SPHERE):
            raise SoundFormatError(
                f"{source.name}: expected sound without a header, found {kind.name}; leave out raw_format",
                fields=("raw_format",),
            )
        yield _raw_stream(source, settings, warn)
        return
    kind = kind or sound_kind(source.peek(START_BYTES), source.name)
    if kind is None:
        raise _not_sound(source)
    if kind == WAV:
        context = _open_wav(source, settings, warn)
    elif kind == SPHERE:
        context = _open_sphere(source, settings, warn)
    else:
        context = _open_by_library(source, kind, settings, warn)
    with context as stream:
        yield stream


class _SourceFile(io.RawIOBase):
    """What gzip needs of a file."""

    def __init__(self, source: ByteSource) -> None:
        self._source = source

    def readable(self) -> bool:
        return True

    def read(self, count: int = -1) -> bytes:
        return self._source.read(count)


def _opened(stack: ExitStack, source: Source, allow_commands: bool) -> tuple[str, BinaryIO]:
    if isinstance(source, bytes):
        return "bytes", io.BytesIO(source)
    if isinstance(source, Path):
        return str(source), stack.enter_context(open_path(str(source)))
    if isinstance(source, str):
        return source, stack.enter_context(open_input(source, allow_commands=allow_commands))
    return str(getattr(source, "name", "") or "a file object"), source


def _not_sound(source: ByteSource) -> SoundFormatError:
    start = source.peek(_DESCRIBED_BYTES + 1)
    what = describe_start(start[:_DESCRIBED_BYTES], source.name, "a sound file", whole=len(start) <= _DESCRIBED_BYTES)
    if not what:
        what = f"expected a sound file, found bytes that begin with {start[:8].hex(' ')}; if it is sound without a "
        what += "header, say so with raw_format"
        return SoundFormatError(f"{source.name}: {what}", fields=("raw_format",))
    return SoundFormatError(f"{source.name}: {what}")


def _raw_stream(source: ByteSource, settings: SoundSettings, warn: Warn) -> AudioStream:
    encoding, rate = settings.raw_format or "", settings.raw_rate or 0
    return _uncompressed(source, encoding, rate, settings.raw_channels, None, "no header", settings, warn)


@contextmanager
def _open_wav(source: ByteSource, settings: SoundSettings, warn: Warn) -> Iterator[AudioStream]:
    source.keep()
    header = read_wav_header(source, warn)
    if header.encoding:
        source.forget()
        yield _uncompressed(
            source, header.encoding, header.rate, header.channels, header.data_bytes, WAV.name, settings, warn
        )
        return
    left = None if source.size is None else source.size - source.offset
    if left is not None and header.data_bytes is not None and left < header.data_bytes:
        warn(f"{source.name}: expected {header.data_bytes} bytes of {header.codec}, found {left}; the file is cut")
    source.rewind()
    with _open_by_library(source, WAV, settings, warn) as stream:
        yield stream


@contextmanager
def _open_sphere(source: ByteSource, settings: SoundSettings, warn: Warn) -> Iterator[AudioStream]:
    source.keep()
    header = read_sphere_header(source)
    if header.encoding:
        source.forget()
        stream = _uncompressed(source, header.encoding, header.rate, header.channels, None, SPHERE.name, settings, warn)
        if None not in (header.count, stream.length) and header.count != stream.length:
            warn(
                f"{source.name}: expected {header.count} samples of each channel, found {stream.length}, all are taken"
            )
        yield stream
        return
    advice = "convert the file: sph2pipe -f wav"
    if header.coding.partition(",")[0] != "pcm":
        raise source.error("samples coded as pcm where shorten is used", header.coding, source.start_offset, advice)
    source.rewind()
    with seekable_file(source, settings) as file, ExitStack() as stack:
        try:
            context = open_with_av(file, source.name, "Shorten", SPHERE.av_format, settings, warn, header.count)
            stream = stack.enter_context(context)
        except MissingExtraError as error:
            raise MissingExtraError(f"{error}, or {advice}") from error
        yield stream


def _uncompressed(
    source: ByteSource,
    encoding: str,
    rate: int,
    channels: int,
    data_bytes: int | None,
    kind: str,
    settings: SoundSettings,
    warn: Warn,
) -> AudioStream:
    check_channels(source.name, channels, settings)
    left = None if source.size is None else max(source.size - source.offset, 0)
    known = [count for count in (left, data_bytes) if count is not None]
    form = FORMATS[encoding]
    length = min(known) // (form.width * channels) if known else None
    if length is not None:
        check_length(source.name, length, rate, settings)
    decode = sample_blocks(source, encoding, channels, data_bytes, warn)
    decode_from = sample_blocks_from(source, encoding, channels, data_bytes, warn)
    words = f"{kind}, {form.words}"
    return AudioStream(source.name, rate, channels, length, words, decode, settings, decode_from)


@contextmanager
def _open_by_library(source: ByteSource, kind: SoundKind, settings: SoundSettings, warn: Warn) -> Iterator[AudioStream]:
    """By the first library that takes the file; if none does, the error is that of the first one."""
    with seekable_file(source, settings) as file, ExitStack() as stack:
        decoders = kind.decoders
        if kind == OGG and check_ogg(file, source.name, warn).is_chained:
            decoders = ("av",)  # libsndfile reads the first recording only
        refusal: OvAsrScoreError | None = None
        for decoder in decoders:
            if decoder == "own":
                continue
            file.seek(0)
            try:
                if decoder == "soundfile":
                    context = open_with_soundfile(file, source.name, kind.name, settings, warn)
                else:
                    context = open_with_av(file, source.name, kind.name, kind.av_format, settings, warn)
                stream = stack.enter_context(context)
            except (SoundFormatError, MissingExtraError) as error:
                refusal = refusal or error
                continue
            if refusal is not None and "malformed" in str(refusal):  # not only a codec that libsndfile lacks
                warn(f"{refusal}; read by ffmpeg as far as it goes")
            yield stream
            return
        raise refusal or _not_sound(source)
