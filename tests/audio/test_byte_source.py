from __future__ import annotations

import errno
import gzip
import io
import os
from pathlib import Path
from typing import BinaryIO, cast

import pytest

from ov_asr_score.audio.byte_source import ByteSource
from ov_asr_score.errors import FileAccessError, SoundFormatError


class Drops(io.RawIOBase):
    """Gives one byte at a time, as a slow pipe may."""

    def __init__(self, data: bytes) -> None:
        self.data = io.BytesIO(data)

    def read(self, count: int = -1) -> bytes:
        return self.data.read(min(count, 1))


class Broken(io.RawIOBase):
    def read(self, count: int = -1) -> bytes:
        raise OSError(errno.EIO, os.strerror(errno.EIO))


class NothingYet(io.RawIOBase):
    def read(self, count: int = -1) -> bytes | None:
        return None


def drops(data: bytes) -> BinaryIO:
    return cast(BinaryIO, Drops(data))


@pytest.mark.parametrize("open_bytes", [io.BytesIO, drops])
def test_reads_looks_ahead_and_goes_back(open_bytes: type) -> None:
    source = ByteSource(open_bytes(bytes(range(20))), "x")
    assert source.peek(3) == bytes([0, 1, 2]) and source.offset == 0
    assert source.read(2) == bytes([0, 1])
    source.keep()
    assert source.peek(4) == source.take(4, "it") == bytes([2, 3, 4, 5])
    source.skip(10, "it")
    assert source.offset == 16
    source.rewind()
    assert source.offset == 2
    assert source.read(100) == bytes(range(2, 20))
    assert source.offset == 20 and source.read(1) == b"" and source.peek(1) == b""


def test_size_and_offset_of_plain_files(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(bytes(10))
    for buffering in (-1, 0):
        with path.open("rb", buffering=buffering) as file:
            file.seek(4)
            source = ByteSource(file, "x")
            assert (source.size, source.start_offset, source.offset) == (10, 4, 4)
            assert len(source.read(100)) == 6 and source.offset == 10
    assert ByteSource(drops(b""), "x").size is None
    packed = gzip.GzipFile(fileobj=io.BytesIO(gzip.compress(b"12345")))
    assert ByteSource(cast(BinaryIO, packed), "x").size is None


@pytest.mark.parametrize("open_bytes", [io.BytesIO, drops])
def test_the_end_of_the_file(open_bytes: type) -> None:
    for method in (ByteSource.take, ByteSource.skip):
        source = ByteSource(open_bytes(b"12345"), "some\nfile")
        source.read(1)
        with pytest.raises(SoundFormatError, match=r"some\\nfile: at byte 1: expected 9 bytes of fields, found 4"):
            method(source, 9, "fields")


def test_what_cannot_be_read() -> None:
    with pytest.raises(SoundFormatError, match="expected a file opened in binary mode"):
        ByteSource(cast(BinaryIO, io.StringIO("text")), "x").read(1)
    closed = io.BytesIO(b"1")
    closed.close()
    with pytest.raises(SoundFormatError, match="cannot be read"):
        ByteSource(closed, "x").read(1)
    packed = gzip.GzipFile(fileobj=io.BytesIO(gzip.compress(os.urandom(5000))[:-100]))
    with pytest.raises(SoundFormatError, match="expected whole compressed data"):
        ByteSource(cast(BinaryIO, packed), "x").read(9999)
    with pytest.raises(FileAccessError, match="input/output error"):
        ByteSource(cast(BinaryIO, Broken()), "x").read(1)
    with pytest.raises(SoundFormatError, match="expected a file that waits for its data"):
        ByteSource(cast(BinaryIO, NothingYet()), "x").read(1)


def test_going_back_far_in_a_pipe() -> None:
    source = ByteSource(drops(b""), "x")
    source.file = io.BytesIO(bytes(40 << 20))
    source.keep()
    source.skip(20 << 20, "it")
    with pytest.raises(SoundFormatError, match="expected a header of at most 16777216 bytes in a pipe, found more"):
        source.rewind()


def test_moving_in_a_plain_file(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"abcdefgh")
    with path.open("rb") as file:
        source = ByteSource(file, "x")
        assert source.peek(3) == b"abc"
        source.seek(5)
        assert (source.offset, source.read(2)) == (5, b"fg")
        source.seek(1)
        assert (source.read(2), source.offset) == (b"bc", 3)
