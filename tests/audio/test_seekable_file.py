from __future__ import annotations

import gzip
import io
import os
from pathlib import Path
from typing import BinaryIO, cast

import pytest

from ov_asr_score.audio import seekable_file as module
from ov_asr_score.audio.byte_source import ByteSource
from ov_asr_score.audio.seekable_file import SeekableFile, seekable_file
from ov_asr_score.errors import FileAccessError, SoundFormatError
from ov_asr_score.settings.speech.sound import SoundSettings

DATA = bytes(range(256)) * 20


def test_a_plain_file_is_used_itself(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(DATA)
    with path.open("rb") as file:
        source = ByteSource(cast(BinaryIO, file), "x")
        source.peek(10)
        with seekable_file(source, SoundSettings(max_sound_size=1)) as seekable:
            assert seekable.read(3) == DATA[:3] and file.tell() == 3
            assert seekable.seek(-1, os.SEEK_END) == len(DATA) - 1 and seekable.read() == DATA[-1:]


@pytest.mark.parametrize("in_memory", [16 << 20, 1000])
def test_other_sources_are_copied(in_memory: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(module, "_IN_MEMORY_BYTES", in_memory)
    monkeypatch.setattr(module, "_PIECE_BYTES", 700)
    packed = gzip.GzipFile(fileobj=io.BytesIO(gzip.compress(DATA)))
    source = ByteSource(cast(BinaryIO, packed), "x")
    source.peek(10)
    with seekable_file(source, SoundSettings()) as seekable:
        assert seekable.read() == DATA
        assert seekable.seek(100) == seekable.tell() == 100 and seekable.read(2) == DATA[100:102]
    within = io.BytesIO(b"before" + DATA)
    within.seek(6)
    with seekable_file(ByteSource(within, "x"), SoundSettings()) as seekable:
        assert seekable.read() == DATA


def test_copies_are_limited() -> None:
    source = ByteSource(cast(BinaryIO, gzip.GzipFile(fileobj=io.BytesIO(gzip.compress(DATA)))), "x")
    with (
        pytest.raises(
            SoundFormatError, match="x: expected at most 1000 bytes, found more; give a plain file"
        ) as caught,
        seekable_file(source, SoundSettings(max_sound_size=1000)),
    ):
        pass
    assert caught.value.fields == ("max_sound_size",)


def test_nothing_is_raised_where_a_library_calls() -> None:
    class Broken(io.BytesIO):
        def read(self, count: int | None = -1) -> bytes:
            raise OSError(5, "Input/output error")

    seekable = SeekableFile(Broken(b"1234"))
    assert seekable.seek(2) == 2 and seekable.seek(-9, os.SEEK_SET) == 2 and seekable.seek(1 << 70) == 2
    seekable.check("x")
    assert seekable.read(1) == b""
    with pytest.raises(FileAccessError, match="x: input/output error"):
        seekable.check("x")
