from __future__ import annotations

import gzip
import io
import struct
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import BinaryIO, cast

import numpy as np
import pytest

from ov_asr_score.audio.audio_stream import AudioStream, check_channels, regrouped, sample_blocks, sample_blocks_from
from ov_asr_score.audio.byte_source import ByteSource
from ov_asr_score.audio.sample_formats import Samples
from ov_asr_score.errors import SoundFormatError
from ov_asr_score.settings.speech.sound import SoundSettings


def stream_of(samples: Samples, settings: SoundSettings | None = None) -> AudioStream:
    def decode(num_frames: int) -> Iterator[Samples]:
        return regrouped([samples], num_frames) if samples.size else iter([])

    return AudioStream("x.wav", 8000, len(samples), None, "made", decode, settings or SoundSettings())


@pytest.mark.parametrize(
    ("value", "found"), [(np.nan, "NaN"), (np.inf, "inf, or a number"), (-np.inf, "-inf, or a number")]
)
def test_the_place_of_numbers_that_are_none(value: float, found: str) -> None:
    samples = np.zeros((2, 1000), np.float32)
    samples[1, 810:] = value
    blocks = stream_of(samples).blocks(100)
    for _ in range(8):
        assert next(blocks).shape == (2, 100)
    with pytest.raises(SoundFormatError) as caught:
        next(blocks)
    message = f"x.wav: sample 810 (0.101 s) of channel 1: expected a number, found {found}"
    assert str(caught.value).startswith(message)


def test_no_samples_are_an_error_and_zeros_are_not() -> None:
    with pytest.raises(SoundFormatError, match=r"x\.wav: expected samples, found none"):
        list(stream_of(np.zeros((1, 0), np.float32)).blocks())
    assert [block.shape for block in stream_of(np.zeros((1, 5), np.float32)).blocks(3)] == [(1, 3), (1, 2)]


def test_seconds_are_limited() -> None:
    settings = SoundSettings(max_sound_seconds=0.5)
    assert sum(block.shape[1] for block in stream_of(np.zeros((1, 4000), np.float32), settings).blocks(512)) == 4000
    with pytest.raises(SoundFormatError, match=r"at most 0\.5 s of sound, found more") as caught:
        list(stream_of(np.zeros((1, 4001), np.float32), settings).blocks(512))
    assert caught.value.fields == ("max_sound_seconds",)


def test_channels_are_limited() -> None:
    check_channels("x", 2, SoundSettings(max_channels=2))
    with pytest.raises(SoundFormatError, match="x: expected at most 2 channels, found 3") as caught:
        check_channels("x", 3, SoundSettings(max_channels=2))
    assert caught.value.fields == ("max_channels",)


@pytest.mark.parametrize("data_bytes", [None, 20, 21])
@pytest.mark.parametrize("num_frames", [1, 2, 3, 5, 100])
def test_blocks_of_bytes(data_bytes: int | None, num_frames: int) -> None:
    values = list(range(10))
    source = ByteSource(io.BytesIO(struct.pack("<10h", *values) + b"abc"), "x")
    warnings: list[str] = []
    blocks = list(sample_blocks(source, "s16le", 2, data_bytes, warnings.append)(num_frames))
    joined = np.concatenate(blocks, axis=1)
    assert all(block.shape[1] == num_frames for block in blocks[:-1])
    assert joined[:, :5].tolist() == [values[::2], values[1::2]]
    if data_bytes is None:
        assert warnings == ["x: expected whole samples, found 3 of 4 bytes at the end"]
    else:
        assert not warnings and joined.shape == (2, 5)
        assert source.read(3) == b"abc"  # not a byte more than the data


def test_cut_bytes_are_a_warning() -> None:
    warnings: list[str] = []
    source = ByteSource(io.BytesIO(bytes(7)), "x")
    assert [block.shape for block in sample_blocks(source, "s16le", 1, 100, warnings.append)(50)] == [(1, 3)]
    assert warnings == ["x: expected 100 bytes of samples, found 7; the file is cut"]


def test_blocks_from_any_frame_on() -> None:
    samples = np.arange(40, dtype="<i2")
    source = ByteSource(io.BytesIO(b"ab" + samples.tobytes() + b"rest"), "x")
    source.read(2)
    decode_from = sample_blocks_from(source, "s16le", 2, 80, pytest.fail)
    assert decode_from is not None
    for start in (7, 0, 19, 3, 20):
        blocks = [*decode_from(start, 6), np.zeros((2, 0), np.float32)]
        assert np.concatenate(blocks, axis=1).tolist() == samples.reshape(-1, 2).T[:, start:].tolist()
    pipe = ByteSource(cast(BinaryIO, gzip.GzipFile(fileobj=io.BytesIO(gzip.compress(b"abc")))), "x")
    assert sample_blocks_from(pipe, "s16le", 2, 80, lambda message: None) is None


def test_start_of_a_stream() -> None:
    """The place of what is no number, and the limit of seconds, count from the beginning of the recording."""
    samples = np.zeros((1, 100), np.float32)
    samples[0, 70] = np.nan
    stream = replace(
        stream_of(samples), decode_from=lambda start, num_frames: regrouped([samples[:, start:]], num_frames)
    )
    assert sum(block.shape[1] for block in stream.blocks(10, start=71)) == 29
    assert list(stream.blocks(10, start=100)) == []
    with pytest.raises(SoundFormatError, match="sample 70 "):
        list(stream.blocks(10, start=15))
    limited = replace(stream, rate=100, settings=SoundSettings(max_sound_seconds=0.9))
    with pytest.raises(SoundFormatError, match="max_sound_seconds"):
        list(limited.blocks(10, start=75))


@pytest.mark.parametrize("num_frames", [1, 7, 10, 64, 1000])
def test_regrouped(num_frames: int) -> None:
    samples = np.arange(600, dtype=np.float32).reshape(2, 300)
    cuts = [0, 0, 1, 5, 6, 100, 250, 299, 300]
    pieces = [samples[:, first:last] for first, last in pairwise(cuts)]
    blocks = list(regrouped(pieces, num_frames))
    assert [block.shape[1] for block in blocks[:-1]] == [num_frames] * (len(blocks) - 1)
    np.testing.assert_array_equal(np.concatenate(blocks, axis=1), samples)
    assert list(regrouped([], num_frames)) == []
