from __future__ import annotations

import gzip
import io
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
import pytest

from ov_asr_score.audio.byte_source import ByteSource
from ov_asr_score.audio.decoding import open_audio, open_source, read_audio
from ov_asr_score.errors import FileAccessError, SoundFormatError, SpecifierError, UsageError
from ov_asr_score.settings.speech.sound import SoundSettings
from tests.audio.sounds import SPEECH, by_av, by_soundfile, speech
from tests.audio.wav_bytes import wav

SAMPLES = speech(1, 2)


def whole_wav() -> bytes:
    return by_soundfile(SAMPLES, "WAV")


def kinds() -> dict[str, bytes]:
    return {
        "wav": whole_wav(),
        "sph": by_soundfile(SAMPLES, "NIST"),
        "flac": by_soundfile(SAMPLES, "FLAC"),
        "m4a": by_av(SAMPLES, "ipod", "alac"),
    }


@pytest.mark.parametrize("kind", ["wav", "sph", "flac", "m4a"])
@pytest.mark.parametrize("source", ["bytes", "path", "text", "file", "unbuffered", "pipe", "gzip", "offset", "command"])
def test_every_source(kind: str, source: str, tmp_path: Path) -> None:
    content = kinds()[kind]
    path = tmp_path / f"x.{kind}"
    path.write_bytes(b"before" + content if source == "offset" else content)
    given: Any = {
        "bytes": content,
        "path": path,
        "text": str(path),
        "offset": f"{path}:6",
        "command": f"cat {path} |",
    }.get(source)
    if source == "gzip":
        path.write_bytes(gzip.compress(content))
        given = path
    if source in ("file", "unbuffered"):
        given = path.open("rb", buffering=-1 if source == "file" else 0)
    if source == "pipe":
        read_end, write_end = os.pipe()
        given = os.fdopen(read_end, "rb")
        threading.Thread(target=lambda: os.fdopen(write_end, "wb").write(content), daemon=True).start()
    audio = read_audio(given, allow_commands=source == "command")
    assert audio.rate == 16000
    np.testing.assert_array_equal(audio.samples, SAMPLES)
    if hasattr(given, "close"):
        assert not given.closed
        given.close()


def test_standard_input(tmp_path: Path) -> None:
    code = "from ov_asr_score.audio.decoding import read_audio; print(read_audio('-').samples.sum())"
    content = wav()
    run = subprocess.run([sys.executable, "-c", code], input=content, capture_output=True, check=True)
    assert float(run.stdout) == read_audio(content).samples.sum()


def test_flac_is_what_the_program_flac_gives() -> None:
    if shutil.which("flac") is None:
        pytest.skip("needs the program flac")
    for path in sorted(SPEECH.glob("*.flac")):
        decoded = subprocess.run(["flac", "-s", "-d", "-c", path], capture_output=True, check=True).stdout
        np.testing.assert_array_equal(read_audio(path).samples, read_audio(decoded).samples)


def test_a_pipe_is_decoded_while_it_is_written() -> None:
    read_end, write_end = os.pipe()
    content = whole_wav()
    with os.fdopen(read_end, "rb") as pipe, os.fdopen(write_end, "wb", buffering=0) as writer:
        writer.write(content[: 44 + 4 * 100])
        with open_audio(cast(BinaryIO, pipe), name="pipe") as stream:
            assert stream.length == 16000
            blocks = stream.blocks(100)
            np.testing.assert_array_equal(next(blocks), SAMPLES[:, :100])
            writer.write(content[44 + 4 * 100 : 44 + 4 * 200])
            np.testing.assert_array_equal(next(blocks), SAMPLES[:, 100:200])


@pytest.mark.parametrize("kind", ["raw", "wav"])
def test_hours_of_sound_take_no_memory(kind: str) -> None:
    """Ten hours that are made while they are read."""

    class Endless(io.RawIOBase):
        def __init__(self) -> None:
            self.left = 10 * 3600 * 8000
            self.start = b"" if kind == "raw" else wav(b"", data_size=0xFFFFFFFF)
            self.most = 0

        def read(self, count: int = -1) -> bytes:
            self.most = max(self.most, count)
            if self.start:
                start, self.start = self.start[:count], self.start[count:]
                return start
            count = min(count, self.left)
            self.left -= count
            return bytes(count)

    file = Endless()
    settings = SoundSettings(raw_format="u8", raw_rate=8000) if kind == "raw" else SoundSettings()
    with open_audio(cast(BinaryIO, file), settings) as stream:
        count = sum(block.shape[1] for block in stream.blocks())
    assert count == 10 * 3600 * 8000 // (1 if kind == "raw" else 2)
    assert file.most <= 1 << 20


@pytest.mark.parametrize("raw_format", ["s16le", "s16be", "f64be", "mulaw"])
def test_sound_without_a_header(raw_format: Any, tmp_path: Path) -> None:
    path = tmp_path / "x.raw"
    path.write_bytes(bytes(80))
    settings = SoundSettings(raw_format=raw_format, raw_rate=44100, raw_channels=2)
    with open_audio(path, settings) as stream:
        samples = np.concatenate(list(stream.blocks(3)), axis=1)
        width = {"s16le": 2, "s16be": 2, "f64be": 8, "mulaw": 1}[raw_format]
        assert (stream.rate, stream.channels, stream.length) == (44100, 2, 80 // width // 2)
        assert samples.shape == (2, stream.length)


def test_a_header_where_there_should_be_none_is_refused() -> None:
    settings = SoundSettings(raw_format="s16le", raw_rate=8000)
    with pytest.raises(SoundFormatError, match="expected sound without a header, found wav; leave out") as caught:
        read_audio(whole_wav(), settings)
    assert caught.value.fields == ("raw_format",)
    assert read_audio(b"ID3\x03" + bytes(100), settings).samples.shape == (1, 52)  # may be samples as well


def test_wavs_one_behind_the_other() -> None:
    """As in an archive of Kaldi."""
    source = ByteSource(io.BytesIO(b"a " + wav() + b"b " + wav(bytes(6))), "x.ark")
    for key, length in ((b"a ", 8), (b"b ", 3)):
        assert source.read(2) == key
        with open_source(source) as stream:
            assert stream.length == length
            assert sum(block.shape[1] for block in stream.blocks()) == length


def test_wavs_of_other_codecs_come_through_pipes() -> None:
    content = by_soundfile(SAMPLES, "WAV", "IMA_ADPCM")
    packed = gzip.compress(content)
    np.testing.assert_array_equal(read_audio(packed).samples, read_audio(content).samples)
    warnings: list[str] = []
    read_audio(content[:-3000], name="x", warn=warnings.append)
    assert warnings and warnings[0].startswith("x: expected ") and warnings[0].endswith("; the file is cut")


def test_chained_ogg_is_read_as_a_whole() -> None:
    first, second = (by_soundfile(speech(seconds), "OGG", "VORBIS") for seconds in (2, 1))
    samples = read_audio(first + second).samples
    assert 46000 < samples.shape[1] < 50000


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "x.wav: is empty; expected a sound file"),
        (b"<!DOCTYPE html><html>", "x.wav: is a web page (HTML), not the file itself; download the file from its raw"),
        (b"version https://git-lfs.github.com/spec/v1\n", "x.wav: is a Git LFS pointer, not the file itself; run git"),
        (b"\0BFM \4\1\0\0\0", "x.wav: is one matrix"),
        (b"some words\n", "x.wav: is a text file that begins with 'some words'; expected a sound file"),
        (bytes(range(128, 228)), "x.wav: expected a sound file, found bytes that begin with 80 81 82 83 84 85 86 87"),
    ],
)
def test_what_is_no_sound(content: bytes, message: str) -> None:
    with pytest.raises(SoundFormatError) as caught:
        read_audio(content, name="x.wav")
    assert str(caught.value).startswith(message)


def test_playlists_are_not_followed(tmp_path: Path) -> None:
    """ffmpeg would open the files in them."""
    path = tmp_path / "x.m4a"
    path.write_text(f"ffconcat version 1.0\nfile '{SPEECH / 'w8k.flac'}'\n")
    with pytest.raises(SoundFormatError, match="is a text file"):
        read_audio(path)


def test_files_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(FileAccessError, match="no such file"):
        read_audio(tmp_path / "none.wav")
    with pytest.raises(FileAccessError, match="expected a file, found a folder"):
        read_audio(str(tmp_path))
    with pytest.raises(SpecifierError, match="commands are not run unless allowed"):
        read_audio("cat x.wav |")
    with pytest.raises(UsageError, match="raw_format: expected raw_rate"):
        read_audio(b"", SoundSettings(raw_format="u8"))


def test_memory_is_limited() -> None:
    with pytest.raises(SoundFormatError, match="take at most 1048576 bytes, found more; read the file block by block"):
        read_audio(bytes(400_000), SoundSettings(raw_format="u8", raw_rate=8000, max_sound_size=1 << 20))
    with pytest.raises(SoundFormatError, match=r"expected at most 2 s of sound, found more"):
        read_audio(bytes(16001), SoundSettings(raw_format="u8", raw_rate=8000, max_sound_seconds=2))


def test_import_is_light() -> None:
    code = "import ov_asr_score.audio.decoding, ov_asr_score.audio.resampling, sys; "
    code += "print([name for name in ('soundfile', 'soxr', 'av', 'openvino') if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert run.stdout.strip() == "[]"
