from __future__ import annotations

import io
from typing import get_args

import numpy as np
import pytest

from ov_asr_score.audio.sample_formats import FORMATS, round_to_int16, samples_of
from ov_asr_score.settings.speech.sound import RawFormat
from tests.audio.sounds import by_soundfile

SUBTYPES = {
    "s16le": "PCM_16",
    "s16be": "PCM_16",
    "u8": "PCM_U8",
    "s8": "PCM_S8",
    "s24le": "PCM_24",
    "s24be": "PCM_24",
    "s32le": "PCM_32",
    "s32be": "PCM_32",
    "f32le": "FLOAT",
    "f32be": "FLOAT",
    "f64le": "DOUBLE",
    "f64be": "DOUBLE",
    "alaw": "ALAW",
    "mulaw": "ULAW",
}


def test_formats_are_those_of_the_setting() -> None:
    assert list(FORMATS) == list(get_args(RawFormat))


@pytest.mark.parametrize("name", FORMATS)
def test_against_libsndfile(name: str) -> None:
    """Of bytes at random, all of them for 8 bits."""
    soundfile = pytest.importorskip("soundfile")
    width = FORMATS[name].width
    data = bytes(range(256)) * 3 if width == 1 else np.random.default_rng(3).bytes(300 * width)
    if name.startswith("f"):
        order = "<" if name.endswith("le") else ">"
        data = np.random.default_rng(3).standard_normal(300).astype(f"{order}f{width}").tobytes()
    endian = "BIG" if name.endswith("be") else "LITTLE"
    expected, _ = soundfile.read(
        io.BytesIO(data),
        dtype="float64",
        format="RAW",
        subtype=SUBTYPES[name],
        samplerate=8000,
        channels=1,
        endian=endian if width > 1 else None,
    )
    samples = samples_of(data, name, 1)
    assert samples.dtype == np.float32 and samples.shape == (1, len(data) // width)
    np.testing.assert_array_equal(samples[0], (expected * 32768).astype(np.float32))


def test_int16_keeps_its_values() -> None:
    values = np.arange(-32768, 32768, dtype="<i2")
    np.testing.assert_array_equal(samples_of(values.tobytes(), "s16le", 1)[0], values.astype(np.float32))


def test_channels_are_interleaved_and_half_frames_left_out() -> None:
    samples = samples_of(bytes(range(8)) + b"\1", "s8", 2)
    assert samples.tolist() == [[0, 512, 1024, 1536], [256, 768, 1280, 1792]]
    assert samples.flags.c_contiguous


def test_double_values_beyond_float32_become_infinite() -> None:
    values = np.array([1e300, 1e34, -1e300, np.nan], "<f8")
    samples = samples_of(values.tobytes(), "f64le", 1)[0]
    assert samples[0] == np.inf and samples[2] == -np.inf and np.isnan(samples[3])
    assert samples[1] == np.float32(3.2768e38)


def test_rounding_as_a_file_of_16_bits_does() -> None:
    values = np.array([0.5, 1.5, -0.5, -2.6, 40000, -40000, 32767.6], np.float32)
    rounded = round_to_int16(values)
    assert rounded.tolist() == [0, 2, 0, -3, 32767, -32768, 32767] and rounded.dtype == np.float32


def test_what_libsndfile_writes_as_16_bits_is_read_as_it_is() -> None:
    values = np.array([[-32768, -1, 0, 1, 32767]], np.int16)
    assert by_soundfile(values, "RAW", "PCM_16") == values.astype("<i2").tobytes()
