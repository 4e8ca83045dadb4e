"""Archives of wav files (``wav,ark:FILE``): a key, a blank and a whole wav file, one after the other.

Source: feat/wave-reader.h (``WaveHolder``). A recording of a plain file is read from there when it is needed; one that
comes through a pipe is taken into memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, cast

from ov_asr_score.audio.byte_source import ByteSource
from ov_asr_score.audio.lists.recording_source import FoundSource, RecordingSource
from ov_asr_score.audio.wav_header import WavHeader, read_wav_header
from ov_asr_score.errors import SoundFormatError, TableFormatError
from ov_asr_score.kaldi_io.files.input import split_offset
from ov_asr_score.kaldi_io.matrices.matrix import BINARY_MARK
from ov_asr_score.kaldi_io.matrices.stream import KaldiStream, open_stream
from ov_asr_score.kaldi_io.specifier import ReadSpecifier
from ov_asr_score.kaldi_io.tables.archive import read_key
from ov_asr_score.kaldi_io.tables.parts import parts_of
from ov_asr_score.text import clipped, printable_name, shown_key

_WAV_MARKS = (b"RIFF", b"RIFX", b"RF64", b"BW64")
_PIECE_BYTES = 1 << 16


class WaveArchive:
    """The recordings of one or several archives, in their order or by key."""

    def __init__(self, table: ReadSpecifier, *, allow_commands: bool = False) -> None:
        """Name the archives, which are opened later. Raises FileAccessError if a pattern fits no file."""
        self._parts = parts_of(table)
        self._allow_commands = allow_commands
        self._unread = self.sources()
        self._met: dict[str, FoundSource] = {}

    def keys(self) -> None:
        """None: the keys are known when all has been read."""

    def sources(self) -> Iterator[tuple[str, FoundSource]]:
        """Each key with its recording; where an archive is damaged, the error, and nothing else of this archive.

        Raises FileAccessError, and TableFormatError if two archives have a key.
        """
        homes: dict[str, str] = {}
        for part in self._parts:
            for key, source in _read_archive(part.filename, self._allow_commands):
                if len(self._parts) > 1 and (other := homes.setdefault(key, part.filename)) != part.filename:
                    name, before = printable_name(part.filename), printable_name(other)
                    raise TableFormatError(f"{name}: the key {shown_key(key)} is also in {before}; keys must differ")
                yield key, source

    def find(self, key: str) -> FoundSource | None:
        """The recording of a key, or the error of a damaged one; None if there is none.

        Archives are read as far as it takes. What a pipe holds before is kept in memory, as in Kaldi. Raises what
        ``sources`` does, and TableFormatError for a key that came before.
        """
        while key not in self._met:
            met, source = next(self._unread, ("", None))
            if source is None:
                return None
            if met in self._met and isinstance(source, RecordingSource):
                raise TableFormatError(f"{source.name}: the key came before; keys must differ")
            self._met.setdefault(met, source)
        return self._met[key]


def _read_archive(rxfilename: str, allow_commands: bool) -> Iterator[tuple[str, FoundSource]]:
    with open_stream(rxfilename, allow_commands=allow_commands) as stream:
        key: str | None = ""
        while True:
            try:
                key = ""
                key = read_key(stream, of_arrays=False)
                if key is None:
                    return
                source = _read_entry(stream, key, split_offset(rxfilename)[0])
            except (TableFormatError, SoundFormatError) as error:
                yield key or "", type(error)(f"{error}; nothing after it can be read")
                return
            yield key, source


def _read_entry(stream: KaldiStream, key: str, path: str) -> RecordingSource:
    """The recording at the stream's position, which is behind it then. Raises TableFormatError and SoundFormatError."""
    start = stream.offset
    if (found := stream.peek(4)) not in _WAV_MARKS:
        advice = "this looks like an archive of features" if found.startswith(BINARY_MARK) else ""
        raise stream.error("a wav file behind the key", clipped(found) if found else "the end of the file", advice)
    name = f"{stream.name}: recording {shown_key(key)}"
    source = ByteSource(cast(BinaryIO, _ArchiveBytes(stream)), name)
    source.offset = start
    if stream.size is None:
        source.keep()
    header = read_wav_header(source, lambda message: None)  # said when it is decoded
    if stream.size is None:
        source.rewind()
        count = -1 if header.data_bytes is None else header.data_offset - start + header.data_bytes
        held = RecordingSource(key, _read_bytes(source, count), name)
        _skip_pad(stream, header)
        return held
    end = stream.size if header.data_bytes is None else header.data_offset + header.data_bytes
    stream.seek(min(end, stream.size))
    _skip_pad(stream, header)
    return RecordingSource(key, f"{path}:{start}", name)


def _skip_pad(stream: KaldiStream, header: WavHeader) -> None:
    """Skip the byte that follows data of an odd size, where a program wrote it. Kaldi has no such data."""
    if (header.data_bytes or 0) % 2 and stream.peek(1) == b"\0":
        stream.read(1)


def _read_bytes(source: ByteSource, count: int) -> bytes:
    """So many bytes, fewer at the end of the file; all if it is negative."""
    if count >= 0:
        return source.read(count)
    return b"".join(iter(lambda: source.read(_PIECE_BYTES), b""))


class _ArchiveBytes:
    """What a ByteSource needs of a file: a stream that is read no further than it is asked for."""

    def __init__(self, stream: KaldiStream) -> None:
        self._stream = stream

    def read(self, count: int) -> bytes:
        return self._stream.read(len(self._stream.peek(min(count, _PIECE_BYTES))))
