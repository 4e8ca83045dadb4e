"""Which samples are taken, on which scale, and how pieces fit together."""

from __future__ import annotations

import re

import numpy as np
import pytest

from ov_asr_score.errors import SoundFormatError
from ov_asr_score.recognition.samples import SampleReader, Samples

SAMPLES = np.array([0, 1, -1, 255, -256, 32767, -32768], np.int16)
BYTES = SAMPLES.astype("<i2").tobytes()


@pytest.mark.parametrize("size", [1, 2, 3, 5, 14])
def test_bytes_in_pieces_of_any_size(size: int) -> None:
    reader = SampleReader("s")
    pieces = [reader.read(BYTES[first : first + size]) for first in range(0, len(BYTES), size)]
    found = np.concatenate(pieces)
    assert found.dtype == np.float32
    assert found.tolist() == SAMPLES.tolist()
    assert not reader.has_half


def test_half_a_sample_is_kept() -> None:
    reader = SampleReader("s")
    assert reader.read(BYTES[:3]).tolist() == [0]
    assert reader.has_half
    assert reader.read(b"").tolist() == []
    assert reader.read(BYTES[3:]).tolist() == SAMPLES[1:].tolist()


@pytest.mark.parametrize(
    "piece",
    [
        bytearray(BYTES),
        memoryview(BYTES),
        memoryview(SAMPLES.tobytes()),
        SAMPLES,
        SAMPLES.astype(">i2"),
        SAMPLES.astype(np.int32) * 65536,
        (SAMPLES / 32768).astype(np.float32),
        SAMPLES / 32768,
        (SAMPLES / 32768)[::1],
        np.repeat(SAMPLES, 2)[::2],
    ],
)
def test_forms_of_the_same_samples(piece: Samples) -> None:
    assert SampleReader("s").read(piece).tolist() == SAMPLES.tolist()


def test_scale_of_floats_is_told() -> None:
    assert SampleReader("s", 32768.0).read(SAMPLES.astype(np.float32)).tolist() == SAMPLES.tolist()
    assert SampleReader("s").read(np.array([1.5, -2.0])).tolist() == [49152, -65536]  # louder than full scale


@pytest.mark.parametrize(
    ("piece", "text"),
    [
        (SAMPLES.astype(np.float32), "expected samples from -1 to 1, found 255; float_full_scale says which number"),
        (np.array([0.0, np.nan]), "expected samples from -1 to 1, found nan"),
        (np.array([0.0, np.inf]), "expected samples from -1 to 1, found inf"),
        (np.zeros((2, 2), np.int16), "expected samples of one channel, an array [N], found one of shape (2, 2)"),
        (np.zeros(2, np.uint8), "expected samples of int16, int32 or floats, found uint8"),
        (np.zeros(2, np.int64), "expected samples of int16, int32 or floats, found int64"),
        ([0, 1], "expected bytes or an array of numpy, found list"),
        ("text", "expected bytes or an array of numpy, found str"),
    ],
)
def test_what_is_no_sound_is_refused(piece: Samples, text: str) -> None:
    reader = SampleReader("call 7")
    with pytest.raises(SoundFormatError, match=r"^session 'call 7': " + re.escape(text)):
        reader.read(piece)
    assert reader.read(BYTES[:2]).tolist() == [0]


def test_an_array_within_a_sample_is_refused() -> None:
    reader = SampleReader("s")
    reader.read(b"\x01")
    with pytest.raises(SoundFormatError, match="expected the second byte of a sample, found an array"):
        reader.read(SAMPLES)
    assert reader.read(b"\x00").tolist() == [1]


@pytest.mark.parametrize("scale", [0.0, -1.0, float("inf"), float("nan")])
def test_full_scale_is_a_number(scale: float) -> None:
    with pytest.raises(SoundFormatError, match=r"^float_full_scale: expected a number above 0"):
        SampleReader("s", scale)
