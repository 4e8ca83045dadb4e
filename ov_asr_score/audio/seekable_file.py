"""A file for libraries that move in it, from any source: the plain file itself, or a temporary copy."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

from ov_asr_score.audio.byte_source import ByteSource
from ov_asr_score.errors import SoundFormatError
from ov_asr_score.kaldi_io.files.input import access_error
from ov_asr_score.settings.speech.sound import SoundSettings

_IN_MEMORY_BYTES = 16 << 20
_PIECE_BYTES = 1 << 20


class SeekableFile:
    """Reads, moves and tells as a file does, but never raises: libraries in C would print a traceback.

    ``error`` is what the system refused; then reading gives no bytes. It has no name, from which libraries would guess.
    """

    def __init__(self, file: BinaryIO) -> None:
        """Wrap a file that is able to seek."""
        self._file = file
        self.error: Exception | None = None

    def check(self, name: str) -> None:
        """Raise FileAccessError, which names the file, if the system refused something."""
        if self.error is not None:
            raise access_error(name, self.error)

    def read(self, count: int = -1) -> bytes:
        """At most ``count`` bytes."""
        try:
            return self._file.read(count)
        except (OSError, ValueError) as error:
            self.error = error
            return b""

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move; a place that there cannot be is ignored, as ``tell`` shows."""
        try:
            return self._file.seek(offset, whence)
        except (OSError, ValueError, OverflowError):
            return self.tell()

    def tell(self) -> int:
        """The current offset."""
        try:
            return self._file.tell()
        except (OSError, ValueError) as error:
            self.error = error
            return 0


@contextmanager
def seekable_file(source: ByteSource, settings: SoundSettings) -> Iterator[SeekableFile]:
    """The rest of the source as a file, which begins at offset 0.

    A plain file that was opened at its beginning is used itself. Everything else is copied, up to 16 MB into memory,
    more into a temporary file without a name. Raises SoundFormatError beyond ``max_sound_size``, FileAccessError.
    """
    if source.size is not None and source.offset == 0:
        source.file.seek(0)
        yield SeekableFile(source.file)
        return
    with _copy(source, settings.max_sound_size) as copy:
        copy.seek(0)
        yield SeekableFile(copy)


@contextmanager
def _copy(source: ByteSource, limit: int) -> Iterator[BinaryIO]:
    copy: BinaryIO = io.BytesIO()
    count = 0
    try:
        while piece := source.read(_PIECE_BYTES):
            count += len(piece)
            if count > limit:
                raise SoundFormatError(
                    f"{source.name}: expected at most {limit} bytes, found more; give a plain file, or raise "
                    "max_sound_size",
                    fields=("max_sound_size",),
                )
            if isinstance(copy, io.BytesIO) and count > _IN_MEMORY_BYTES:
                start = copy.getvalue()
                copy = cast(BinaryIO, tempfile.TemporaryFile(buffering=0))  # noqa: SIM115
                _write(copy, start)
            _write(copy, piece)
        yield copy
    finally:
        copy.close()


def _write(file: BinaryIO, data: bytes) -> None:
    left = memoryview(data)
    try:
        while left:
            left = left[file.write(left) :]
    except OSError as error:
        raise access_error(f"a temporary file in {tempfile.gettempdir()}", error) from error
