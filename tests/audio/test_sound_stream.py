"""Sound that comes through a pipe, with and without a header."""

from __future__ import annotations

import os
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest
from numpy.typing import NDArray

from ov_asr_score.audio.sound_stream import SoundStream, checked_channel, open_sound_stream, open_stream_file
from ov_asr_score.errors import FileAccessError, SoundFormatError, UsageError
from ov_asr_score.settings.recognition.listen_sound import ListenSound

SAMPLES = np.arange(-500, 500, dtype="<i2")
PIECE = 0.01


@contextmanager
def pipe(*parts: bytes) -> Iterator[BinaryIO]:
    """The reading end of a pipe, into which a thread writes the parts."""
    reading, writing = os.pipe()

    def write() -> None:
        with os.fdopen(writing, "wb", buffering=0) as file:
            for part in parts:
                file.write(part)

    thread = threading.Thread(target=write)
    thread.start()
    with os.fdopen(reading, "rb", buffering=0) as file:
        yield file
    thread.join()


def opened(file: BinaryIO, sound: ListenSound | None = None, notes: list[str] | None = None) -> SoundStream:
    warn = (notes if notes is not None else []).append
    return open_sound_stream(file, "-", sound or ListenSound(), model_rate=16000, piece_seconds=PIECE, warn=warn)


def joined(stream: SoundStream) -> NDArray[np.float32]:
    return np.concatenate(list(stream.queue))


def wav(samples: NDArray[np.int16], rate: int, channels: int, size: int | None = None) -> bytes:
    data = samples.tobytes()
    size = len(data) if size is None else size
    form = struct.pack("<HHIIHH", 1, channels, rate, rate * channels * 2, channels * 2, 16)
    riff = 0xFFFFFFFF if size == 0xFFFFFFFF else size + 36
    return b"RIFF" + struct.pack("<I", riff) + b"WAVEfmt \x10\0\0\0" + form + b"data" + struct.pack("<I", size) + data


@pytest.mark.parametrize(("start", "name"), [(b"\xff\xfb\x90\x64", "MP3"), (b"\xff\xf1\x50\x80", "AAC")])
def test_samples_that_begin_as_other_sound_are_told(start: bytes, name: str) -> None:
    notes: list[str] = []
    with pipe(start + SAMPLES.tobytes()) as file:
        assert len(joined(opened(file, notes=notes))) == 1002
    assert notes == [f"standard input: is taken for samples, and begins as {name} does; ffmpeg decodes that"]


def test_samples_in_parts_of_any_size() -> None:
    data = SAMPLES.tobytes()
    with pipe(data[:1], data[1:4], data[4:501], data[501:]) as file:
        stream = opened(file)
        pieces = list(stream.queue)
    assert (stream.name, stream.rate) == ("standard input", 16000)
    assert {len(each) for each in pieces[:-1]} == {160}
    np.testing.assert_array_equal(np.concatenate(pieces), SAMPLES)


def test_a_piece_is_there_before_the_end() -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb", buffering=0) as file, os.fdopen(writing, "wb", buffering=0) as sender:
        sender.write(SAMPLES[:200].tobytes())
        pieces = iter(opened(file).queue)
        np.testing.assert_array_equal(next(pieces), SAMPLES[:160])
        sender.write(SAMPLES[200:400].tobytes())
        np.testing.assert_array_equal(next(pieces), SAMPLES[160:320])
        sender.close()
        np.testing.assert_array_equal(next(pieces), SAMPLES[320:400])
        assert list(pieces) == []


def test_options_say_what_samples_are() -> None:
    floats = (SAMPLES / np.float32(32768)).astype("<f4")
    with pipe(floats.tobytes()) as file:
        stream = opened(file, ListenSound(rate=8000, channels=2, channel=1, raw_format="f32le"))
        np.testing.assert_array_equal(joined(stream), SAMPLES[1::2])
    assert stream.rate == 8000


@pytest.mark.parametrize("size", [None, 0xFFFFFFFF])
def test_headers_of_wav_count(size: int | None) -> None:
    notes: list[str] = []
    with pipe(wav(SAMPLES, 8000, 2, size)) as file:
        stream = opened(file, ListenSound(rate=16000), notes)
        np.testing.assert_array_equal(joined(stream), SAMPLES[::2])
    assert stream.rate == 8000
    assert notes == [
        "standard input: the header says 8000 Hz, which counts",
        "standard input: of 2 channels the first is taken",
    ]


def test_nothing_after_the_samples_of_a_wav_is_taken() -> None:
    with pipe(wav(SAMPLES, 16000, 1) + b"LIST\4\0\0\0abcd") as file:
        np.testing.assert_array_equal(joined(opened(file)), SAMPLES)


def test_mean_of_channels() -> None:
    with pipe(SAMPLES.tobytes()) as file:
        stream = opened(file, ListenSound(channels=2, channel="mix"))
        np.testing.assert_array_equal(joined(stream), SAMPLES.reshape(-1, 2).mean(axis=1))


def test_half_a_sample_at_the_end_is_told() -> None:
    notes: list[str] = []
    with pipe(SAMPLES.tobytes() + b"\1") as file:
        np.testing.assert_array_equal(joined(opened(file, notes=notes)), SAMPLES)
    assert notes == ["standard input: expected whole samples, found 1 of 2 bytes at the end"]


def test_sound_that_is_shorter_than_its_header_says() -> None:
    notes: list[str] = []
    whole = wav(SAMPLES, 16000, 1)
    with pipe(whole[:-100]) as file:
        np.testing.assert_array_equal(joined(opened(file, notes=notes)), SAMPLES[:-50])
    size = 2 * len(SAMPLES)
    assert notes == [f"standard input: expected {size} bytes of samples, found {size - 100}; the sound is cut"]
    with pipe(wav(SAMPLES, 16000, 1, 0x7FFFF000)) as file:
        np.testing.assert_array_equal(joined(opened(file, notes=notes)), SAMPLES)
    assert len(notes) == 1


def test_samples_that_begin_as_aac_are_samples() -> None:
    samples = np.array([-1, -1, -8, -8] * 40, "<i2")
    with pipe(b"\xff\xf1" + samples.tobytes()) as file:
        assert len(joined(opened(file))) == 161


@pytest.mark.parametrize(
    "data, words",
    [
        (b"", "standard input: expected samples, found none"),
        (b"fLaC\0\0\0\x22" * 4, "expected samples or WAV, found FLAC; decode it before"),
        (wav(SAMPLES, 8000, 1)[:20] + b"\x11\0" + wav(SAMPLES, 8000, 1)[22:], "at byte 0: expected uncompressed"),
        (wav(SAMPLES, 8000, 1)[:30], "where the file ends"),
        (wav(SAMPLES, 8000, 1)[:10], "at byte 0: expected a header of WAV, found the first 10 bytes of one; the sound"),
    ],
)
def test_no_sound_is_one_error(data: bytes, words: str) -> None:
    with pipe(data) as file, pytest.raises(SoundFormatError, match=words):
        opened(file)


def test_channels_that_are_not_there() -> None:
    with pytest.raises(UsageError, match="channel 2: expected one of 2, counted from 0"):
        checked_channel("microphone", 2, 2, print)


def test_files_are_streams_too(tmp_path: Path) -> None:
    (tmp_path / "sound.raw").write_bytes(SAMPLES.tobytes())
    with open_stream_file(str(tmp_path / "sound.raw")) as file:
        np.testing.assert_array_equal(joined(opened(file)), SAMPLES)
    with pytest.raises(FileAccessError, match=r"no\.raw"):
        open_stream_file(str(tmp_path / "no.raw"))
