from __future__ import annotations

import gzip
import io
import os
import re
import struct
from pathlib import Path
from unittest.mock import patch

import pytest

from ov_asr_score.errors import TableFormatError
from ov_asr_score.kaldi_io.matrices import stream as stream_module
from ov_asr_score.kaldi_io.matrices.stream import KaldiStream, open_stream


def stream_of(data: bytes) -> KaldiStream:
    return KaldiStream(io.BytesIO(data), "x.ark")


def test_offset_follows_every_read() -> None:
    stream = stream_of(b"abc <Token> \x04\x05\x00\x00\x00" + b"\x04" + struct.pack("<f", 0.5) + b"rest")
    assert stream.peek(3) == b"abc"
    assert stream.offset == 0
    assert stream.read_token() == "abc"
    assert stream.read_token() == "<Token>"
    assert stream.read_int32() == 5
    assert stream.offset == 17
    assert stream.read_float() == 0.5
    assert stream.read_bytes(2).tobytes() == b"re"
    assert stream.read_all() == b"st"
    assert stream.offset == 26
    assert stream.peek(1) == b""


def test_float64_is_read_as_float() -> None:
    assert stream_of(b"\x08" + struct.pack("<d", 0.1)).read_float() == 0.1


def test_truncated_file_names_place_and_numbers() -> None:
    stream = stream_of(b"abcdef")
    stream.context = "utterance 'u'"
    stream.read(4)
    with pytest.raises(TableFormatError, match=r"x\.ark: utterance 'u' at byte 4: expected 5 bytes, found 2; .*trunc"):
        stream.read(5)
    with pytest.raises(TableFormatError, match="truncated"):
        stream.skip(5)


def test_claimed_size_never_allocates_more_than_the_file_holds() -> None:
    with pytest.raises(TableFormatError, match=f"expected {2**62} bytes, found 6"):
        stream_of(b"abcdef").read_bytes(2**62)


def test_large_parts_of_plain_files_are_their_pages(tmp_path: Path) -> None:
    """What is written to them stays in the array; other files are read."""
    data = bytes(range(256)) * 2048
    path = tmp_path / "x"
    path.write_bytes(data)
    (tmp_path / "x.gz").write_bytes(gzip.compress(data))
    for name in ("x", "x.gz"):
        with open_stream(str(tmp_path / name)) as stream:
            assert stream.read(5) == data[:5]
            assert stream.peek(2) == data[5:7]
            array = stream.map_bytes(len(data) - 10)
            assert (stream.offset, stream.read(5)) == (len(data) - 5, data[-5:])
        assert array.tobytes() == data[5:-5]
        assert (name == "x") != array.flags.owndata
        array[0] = 77
        assert array[0] == 77 and path.read_bytes() == data
    with open_stream(str(path)) as stream, pytest.raises(TableFormatError, match="expected 524289 bytes, found 524288"):
        stream.map_bytes(len(data) + 1)
    with open_stream(str(path)) as stream, patch("mmap.mmap", side_effect=OSError):
        assert stream.map_bytes(len(data)).tobytes() == data


def test_pipe_is_read_skipped_and_cut() -> None:
    reading, writing = os.pipe()
    os.write(writing, b"0123456789")
    os.close(writing)
    with os.fdopen(reading, "rb") as file:
        stream = KaldiStream(file, "pipe")
        assert stream.size is None
        assert stream.read(2) == b"01"
        stream.skip(3)
        assert stream.read(1) == b"5"
        with pytest.raises(TableFormatError, match=r"at byte 6: expected 4611686018427387904 bytes|truncated"):
            stream.read_bytes(2**62)


def test_pipe_is_not_waited_for_longer_than_needed() -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as file:
        os.write(writing, b"key next")
        stream = KaldiStream(file, "pipe")
        assert stream.read_token() == "key"
        assert stream.peek(4) == b"next"
        os.close(writing)


def test_token_without_blank_is_refused() -> None:
    with pytest.raises(TableFormatError, match="a token and a blank"):
        stream_of(b"abc").read_token()
    with pytest.raises(TableFormatError, match="a token and a blank"):
        stream_of(b"a" * 1000).read_token(limit=100)


@pytest.mark.parametrize("data", [b"\x08\0\0\0\0", b"", b"\x04\0"])
def test_bad_number_is_refused(data: bytes) -> None:
    with pytest.raises(TableFormatError):
        stream_of(data).read_int32()


def test_read_before_crosses_buffers_and_obeys_the_limit() -> None:
    data = b"x" * 200_000 + b"\nrest"
    stream = stream_of(data)
    assert stream.read_before(re.compile(b"\n")) == data[:200_000]
    assert stream.read(1) == b"\n"
    assert stream_of(data).read_before(re.compile(b"\n"), limit=10) == b"x" * 10
    assert stream_of(b"abc").read_before(re.compile(b"\n")) == b"abc"


def test_damaged_gzip_is_a_format_error(tmp_path: Path) -> None:
    whole = gzip.compress(bytes(range(256)) * 100)
    for data in (whole[:-10], whole[:100] + b"\xff" * 50 + whole[150:]):
        path = tmp_path / "x.gz"
        path.write_bytes(data)
        with pytest.raises(TableFormatError, match="gzip"), open_stream(str(path)) as stream:
            stream.read_all()


def test_offset_beyond_the_file(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"abc")
    with pytest.raises(TableFormatError, match="at least 9 bytes, found 3"), open_stream(f"{path}:9"):
        pass


@pytest.mark.parametrize("piece_bytes", [1, 3, 1000])
def test_lines(piece_bytes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_module, "TEXT_PIECE_BYTES", piece_bytes)
    for data, lines in (
        (b"", []),
        (b"\n", [(0, b"")]),
        (b"a\n\nbc\r\nd", [(0, b"a"), (2, b""), (3, b"bc\r"), (7, b"d")]),
        (b"one\ntwo\n", [(0, b"one"), (4, b"two")]),
    ):
        assert list(KaldiStream(io.BytesIO(data), "x").lines()) == lines
        stream = KaldiStream(io.BytesIO(data), "x")
        for start, line in lines:
            assert stream.offset == start
            assert stream.read_line() == line
        assert stream.read_line() == b""
