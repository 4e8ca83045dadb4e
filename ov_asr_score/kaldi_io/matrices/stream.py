"""A binary file that keeps track of its offset, so that every error can say where.

Reads the smallest values of Kaldi's formats (base/io-funcs.cc): tokens, and numbers with their size in front.
"""

from __future__ import annotations

import gzip
import io
import mmap
import os
import re
import stat
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import TableFormatError
from ov_asr_score.kaldi_io.files.input import access_error, open_input, split_offset
from ov_asr_score.text import clipped, printable_name

LOOK_AHEAD_BYTES = 64
START_BYTES = 4096
TEXT_PIECE_BYTES = 1 << 16
PIECE_BYTES = 16 << 20
FEWEST_MAPPED_BYTES = 1 << 18
BLANK = re.compile(rb"\s")
LINE_END = re.compile(rb"\n")


class KaldiStream:
    """A binary file read forwards, at byte ``offset``; ``name`` and ``context`` go into its errors.

    ``size`` is the size in bytes of a plain file, which is seekable; ``None`` for pipes and gzip. ``context`` says
    what is being read, such as ``utterance 'utt2'``.
    """

    def __init__(self, file: BinaryIO, name: str) -> None:
        """Start at the current position of ``file``."""
        self.name = printable_name(name)
        self.context = ""
        self.may_hold_numbers = False  # objects of one number; see matrix.py
        self.wants_matrices = False  # numbers in one line of brackets are a row; see text_format.py
        self.start = b""  # the first bytes, from which errors tell what else the file is
        self.size = plain_file_size(file)
        self.offset = self.start_offset = file.tell() if self.size is not None else 0
        self._file = file
        # Bytes that were read ahead, and how many of them were consumed.
        self._ahead = b""
        self._used = 0

    def peek(self, count: int) -> bytes:
        """The next ``count`` bytes, fewer at the end of the file, without consuming them."""
        while len(self._ahead) - self._used < count and self._read_ahead(count):
            pass
        return self._ahead[self._used : self._used + count]

    def read(self, count: int) -> bytes:
        """Exactly ``count`` bytes. Raises TableFormatError if the file ends before."""
        if self._used + count <= len(self._ahead):
            data = self._ahead[self._used : self._used + count]
            self._used += count
            self.offset += count
            return data
        return self.read_bytes(count).tobytes()

    def read_bytes(self, count: int) -> NDArray[np.uint8]:
        """Exactly ``count`` bytes as a writable array [count]. Raises TableFormatError if the file ends before.

        Never allocates more than the file holds (in a pipe: one piece more than arrived), whatever a header says.
        """
        self.check_left(count)
        if self.size is not None or count <= PIECE_BYTES:
            data = np.empty(count, np.uint8)
            self._fill(data.data)
            return data
        pieces = [self.read_bytes(min(PIECE_BYTES, count - done)) for done in range(0, count, PIECE_BYTES)]
        return np.concatenate(pieces)

    def map_bytes(self, count: int) -> NDArray[np.uint8]:
        """Exactly ``count`` bytes as `read_bytes` gives them, of plain files as pages of the file where they are many.

        Such pages take no memory of the process, and all processes share them. What is written to them stays in the
        array. A file that is cut while its array is in use ends the program: replace files, do not write into them.
        """
        self.check_left(count)
        if self.size is not None and count >= FEWEST_MAPPED_BYTES and not isinstance(self._file, io.BytesIO):
            skipped = self.offset % mmap.ALLOCATIONGRANULARITY
            try:
                pages = mmap.mmap(
                    self._file.fileno(), skipped + count, access=mmap.ACCESS_COPY, offset=self.offset - skipped
                )
            except (OSError, ValueError):  # a file system that cannot, or a file that was cut
                return self.read_bytes(count)
            self.seek(self.offset + count)
            return np.frombuffer(pages, np.uint8, count, skipped)
        return self.read_bytes(count)

    def read_before(self, stop: re.Pattern[bytes], limit: int | None = None) -> bytes:
        """Bytes before the first match of ``stop`` (one byte long), or all up to the end of the file or ``limit``.

        In a pipe it takes what has arrived, and never waits for more than it needs.
        """
        pieces: list[bytes] = []
        length = 0
        while (limit is None or length < limit) and (
            self._used < len(self._ahead) or self._read_ahead(TEXT_PIECE_BYTES)
        ):
            match = stop.search(self._ahead, self._used)
            wanted = (match.start() if match else len(self._ahead)) - self._used
            pieces.append(self.read(wanted if limit is None else min(wanted, limit - length)))
            length += len(pieces[-1])
            if match:
                break
        return b"".join(pieces)

    def read_line(self) -> bytes:
        """Bytes up to the next line break, which is consumed too, or up to the end of the file."""
        line = self.read_before(LINE_END)
        self.read(len(self.peek(1)))
        return line

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """Offset and bytes of each line up to the end of the file, without line breaks.

        Nothing else may be read from the stream meanwhile: it is ahead of the line.
        """
        start, rest = self.offset, b""
        while piece := self.read(len(self.peek(TEXT_PIECE_BYTES))):
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                yield start, line
                start += len(line) + 1
        if rest:
            yield start, rest

    def read_all(self) -> bytes:
        """All bytes up to the end of the file."""
        return b"".join(iter(lambda: self.read(len(self.peek(TEXT_PIECE_BYTES))), b""))

    def read_token(self, limit: int = 256) -> str:
        """Text up to the next blank, which is consumed too. Raises TableFormatError without one in ``limit`` bytes."""
        token = self.read_before(BLANK, limit)
        if not self.peek(1).isspace():
            raise self.error("a token and a blank", clipped(token + self.peek(1)))
        self.read(1)
        return token.decode("utf-8", "surrogateescape")

    def read_int32(self) -> int:
        """A number written as a byte 4 and a little-endian int32. Raises TableFormatError."""
        return int(self._read_sized("<i")[0])

    def read_float(self) -> float:
        """A number written as a byte 4 and a float32, or as a byte 8 and a float64. Raises TableFormatError."""
        return float(self._read_sized("<d" if self.peek(1) == b"\x08" else "<f")[0])

    def skip(self, count: int) -> None:
        """Skip ``count`` bytes. Raises TableFormatError if the file ends before."""
        self.check_left(count)
        if self._used + count <= len(self._ahead):
            self.read(count)
        elif self.size is not None:
            self.seek(self.offset + count)
        else:
            for done in range(0, count, PIECE_BYTES):
                self.read_bytes(min(PIECE_BYTES, count - done))

    def seek(self, offset: int) -> None:
        """Move to an absolute offset of a plain file. Raises TableFormatError beyond its end, and for other files."""
        if self.size is None or offset > self.size:
            raise self.error(
                f"at least {offset} bytes", f"{self.size} bytes", "the offset lies beyond the end of the file"
            )
        self._file.seek(offset)
        self._ahead, self._used = b"", 0
        self.offset = offset

    def error(self, expected: str, found: str, advice: str = "", *, offset: int | None = None) -> TableFormatError:
        """An error that names the file, the context and the byte: ``offset``, or the current one."""
        place = self.place(self.offset if offset is None else offset)
        return TableFormatError(f"{place}: expected {expected}, found {found}" + (f"; {advice}" if advice else ""))

    def place(self, offset: int) -> str:
        """The file, what is being read, and the byte."""
        return f"{self.name}:{f' {self.context}' if self.context else ''} at byte {offset}"

    def check_left(self, count: int) -> None:
        """Raise TableFormatError if fewer than ``count`` bytes are known to be left."""
        if self.size is not None and count > self.size - self.offset:
            raise self._truncated(count, max(self.size - self.offset, 0))

    def _truncated(self, count: int, left: int) -> TableFormatError:
        return self.error(f"{count} bytes", str(left), "the file is truncated or its header is damaged")

    def _read_sized(self, layout: str) -> tuple[float, ...]:
        size = struct.calcsize(layout)
        head = self.peek(1)
        if head != bytes([size]):
            raise self.error(f"a byte {size} before a number", clipped(head) if head else "the end of the file")
        return struct.unpack_from(layout, self.read(1 + size), 1)

    def _fill(self, target: memoryview) -> None:
        ahead = self._ahead[self._used : self._used + len(target)]
        done = len(ahead)
        target[:done] = ahead
        while done < len(target):
            with self._explained_errors():
                # Reads straight into the array: no second copy of a large matrix.
                count = self._file.readinto(target[done:])  # type: ignore[attr-defined]
            if not count:
                raise self._truncated(len(target), done)
            done += count
        self._used += len(ahead)
        self.offset += len(target)

    def _read_ahead(self, count: int) -> bool:
        with self._explained_errors():
            # read1() returns what has arrived; read() would wait for a slow pipe to deliver all of it.
            least = LOOK_AHEAD_BYTES if self.start else START_BYTES
            piece: bytes = self._file.read1(max(count, least))  # type: ignore[attr-defined]
        self.start = self.start or piece[:START_BYTES]
        self._ahead, self._used = self._ahead[self._used :] + piece, 0
        return bool(piece)

    @contextmanager
    def _explained_errors(self) -> Iterator[None]:
        try:
            yield
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise self.error("whole gzip data", str(error)[:60], "the compressed file is damaged") from error
        except OSError as error:
            raise access_error(self.name, error) from error


@contextmanager
def open_stream(rxfilename: str, *, allow_commands: bool = False) -> Iterator[KaldiStream]:
    """Stream over an rxfilename, closed at the end of the ``with``; forms and errors as for ``open_input``."""
    with open_input(rxfilename, allow_commands=allow_commands) as file:
        stream = KaldiStream(file, rxfilename if rxfilename.endswith("|") else split_offset(rxfilename)[0])
        if stream.size is not None and stream.offset > stream.size:
            raise stream.error(
                f"at least {stream.offset} bytes", str(stream.size), "the offset lies beyond the end of the file"
            )
        yield stream


def plain_file_size(file: BinaryIO) -> int | None:
    """Size in bytes of a seekable file, ``None`` for pipes, terminals and decompressed data."""
    if isinstance(file, io.BytesIO):
        return file.getbuffer().nbytes
    raw = getattr(file, "raw", None)
    if not isinstance(raw, io.FileIO):
        return None
    status = os.fstat(raw.fileno())
    return status.st_size if stat.S_ISREG(status.st_mode) else None
