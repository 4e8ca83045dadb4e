"""A binary file that is read forwards, looks ahead, and knows its offset; it may be unable to seek."""

from __future__ import annotations

import gzip
import io
import os
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from ov_asr_score.errors import SoundFormatError
from ov_asr_score.kaldi_io.files.input import access_error
from ov_asr_score.text import printable_name

_PIECE_BYTES = 1 << 16
_MOST_KEPT_BYTES = 16 << 20


class ByteSource:
    """The bytes of ``file`` from where it stands; ``name`` goes into errors.

    ``offset`` is the byte that is read next, counted from the beginning of a plain file, from here in others. ``size``
    is the size of a plain file (or of bytes in memory), which can be read again; None of a pipe, and of a file that
    is decompressed on the way. Of ``file`` only ``read`` is needed.
    """

    def __init__(self, file: BinaryIO, name: str) -> None:
        """Start at the current position of ``file``."""
        self.name = printable_name(name)
        self.file = file
        self.size = _plain_size(file)
        self.start_offset = self.offset = 0 if self.size is None else file.tell()
        self._ahead = b""  # what was read before it was asked for
        self._kept: list[bytes] | None = None  # what was read of a pipe since keep()
        self._kept_offset = self.offset

    def peek(self, count: int) -> bytes:
        """The next ``count`` bytes, fewer at the end of the file, without consuming them."""
        if len(self._ahead) < count:
            self._ahead += self._read_file(count - len(self._ahead))
        return self._ahead[:count]

    def read(self, count: int) -> bytes:
        """The next ``count`` bytes; fewer only at the end of the file. Waits for them in a pipe."""
        data, self._ahead = self._ahead[:count], self._ahead[count:]
        if len(data) < count:
            rest = self._read_file(count - len(data))
            data = data + rest if data else rest
        self.offset += len(data)
        if self._kept is not None and self.size is None:
            self._kept.append(data)
            if self.offset - self._kept_offset > _MOST_KEPT_BYTES:
                self._kept = None
        return data

    def take(self, count: int, what: str) -> bytes:
        """Exactly ``count`` bytes of ``what``. Raises SoundFormatError if the file ends before."""
        place = self.offset
        data = self.read(count)
        if len(data) < count:
            raise self.error(f"{count} bytes of {what}", f"{len(data)}, where the file ends", place)
        return data

    def skip(self, count: int, what: str) -> None:
        """Skip ``count`` bytes of ``what``. Raises SoundFormatError if the file ends before."""
        place, left = self.offset, count
        if self.size is not None:
            if count > self.size - place:
                raise self.error(f"{count} bytes of {what}", f"{max(self.size - place, 0)}, where the file ends")
            self.seek(place + count)
            return
        while left:
            piece = len(self.read(min(left, _PIECE_BYTES)))
            if not piece:
                raise self.error(f"{count} bytes of {what}", f"{count - left}, where the file ends", place)
            left -= piece

    def seek(self, offset: int) -> None:
        """Move to a byte of a plain file, counted from its beginning."""
        with self._explained_errors():
            self.file.seek(offset)
        self.offset, self._ahead = offset, b""

    def keep(self) -> None:
        """Remember what is read from now on, for ``rewind``."""
        self._kept, self._kept_offset = [], self.offset

    def forget(self) -> None:
        """Remember no more."""
        self._kept = None

    def rewind(self) -> None:
        """Go back to where ``keep`` was called. Raises SoundFormatError if that is too far back in a pipe."""
        if self.size is not None:
            self.seek(self._kept_offset)
        elif self._kept is None:
            raise self.error(f"a header of at most {_MOST_KEPT_BYTES} bytes in a pipe", "more", self._kept_offset)
        else:
            self._ahead = b"".join(self._kept) + self._ahead
        self._kept, self.offset = None, self._kept_offset

    def error(self, expected: str, found: str, offset: int | None = None, advice: str = "") -> SoundFormatError:
        """An error that names the file and the byte: ``offset``, or the current one."""
        place = self.offset if offset is None else offset
        return SoundFormatError(
            f"{self.name}: at byte {place}: expected {expected}, found {found}" + (f"; {advice}" if advice else "")
        )

    def _read_file(self, count: int) -> bytes:
        """``count`` bytes of the file, fewer at its end, however few it gives at once."""
        pieces = []
        with self._explained_errors():
            while count > 0 and (piece := self._checked(self.file.read(count))):
                pieces.append(piece)
                count -= len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _checked(self, piece: object) -> bytes:
        if piece is None:
            raise SoundFormatError(f"{self.name}: expected a file that waits for its data, found one that does not")
        if not isinstance(piece, (bytes, bytearray, memoryview)):
            raise SoundFormatError(f"{self.name}: expected a file opened in binary mode, found one opened as text")
        return bytes(piece)

    @contextmanager
    def _explained_errors(self) -> Iterator[None]:
        try:
            yield
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise self.error("whole compressed data", str(error)[:60]) from error
        except OSError as error:
            raise access_error(self.name, error) from error
        except ValueError as error:  # the file is closed
            raise SoundFormatError(f"{self.name}: cannot be read: {str(error)[:60]}") from error


def _plain_size(file: BinaryIO) -> int | None:
    if isinstance(file, io.BytesIO) and not file.closed:
        return file.getbuffer().nbytes
    raw = file if isinstance(file, io.FileIO) else getattr(file, "raw", None)
    if not isinstance(raw, io.FileIO) or raw.closed:
        return None
    status = os.fstat(raw.fileno())
    return status.st_size if stat.S_ISREG(status.st_mode) else None
