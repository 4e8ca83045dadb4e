"""What a pipeline takes for sound."""

from __future__ import annotations

import io
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ov_asr_score.audio.decoding import read_audio
from ov_asr_score.errors import FileAccessError, SoundFormatError, UsageError
from ov_asr_score.pipelines.sound_inputs import InputOptions, open_input, samples_of_array

SPEECH = Path(__file__).parents[2] / "data/speech"
FILE = SPEECH / "es_Andrea-t0004.flac"
RAMP = np.arange(-100, 100, dtype=np.int16)
PLAIN = InputOptions()


def opened(given: object, options: InputOptions = PLAIN) -> tuple[np.ndarray[Any, Any], int, dict[str, Any]]:
    with open_input(given, options) as sound:
        return np.concatenate(list(sound.pieces)), sound.rate, dict(sound.extra)


def wav(samples: np.ndarray[Any, Any], rate: int) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1 if samples.ndim == 1 else samples.shape[1])
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(samples.astype("<i2").tobytes())
    return file.getvalue()


def test_files_by_path_and_by_bytes() -> None:
    expected = read_audio(FILE).samples[0]
    for given in (str(FILE), FILE, FILE.read_bytes(), bytearray(FILE.read_bytes()), {"path": str(FILE)}):
        samples, rate, extra = opened(given)
        assert rate == 16000 and extra == {}
        np.testing.assert_array_equal(samples, expected)


def test_channels_of_a_file_become_their_mean() -> None:
    samples, rate, _ = opened(wav(np.stack([RAMP, 3 * RAMP], axis=1), 8000))
    assert rate == 8000
    np.testing.assert_array_equal(samples, 2.0 * RAMP)


@pytest.mark.parametrize(
    "array",
    [
        RAMP,
        RAMP.astype(np.int32) << 16,
        (RAMP / 32768).astype(np.float32),
        RAMP / 32768,
        np.stack([RAMP - 1, RAMP + 1]),
        np.stack([RAMP - 1, RAMP + 1], axis=1),
        RAMP[np.newaxis],
    ],
)
def test_arrays(array: np.ndarray[Any, Any]) -> None:
    np.testing.assert_array_equal(samples_of_array(array), RAMP.astype(np.float32))


def test_arrays_of_eight_bits() -> None:
    np.testing.assert_array_equal(samples_of_array(np.array([0, 128, 255], np.uint8)), [-32768, 0, 32512])
    np.testing.assert_array_equal(samples_of_array(np.array([-128, 1], np.int8)), [-32768, 256])


def test_an_array_needs_its_rate() -> None:
    with pytest.raises(ValueError, match=r"array: expected its rate, found none; give"):
        opened(RAMP)
    assert opened(RAMP, InputOptions(sampling_rate=8000))[1] == 8000
    with pytest.raises(ValueError, match=r"sampling_rate: expected the rate of 'raw', found none"):
        opened({"raw": RAMP})
    for rate in (0, -1, 1.5, "high", None if False else float("nan")):
        with pytest.raises(ValueError, match=r"sampling_rate: expected whole samples per second"):
            opened({"raw": RAMP, "sampling_rate": rate})


@pytest.mark.parametrize(
    "given",
    [
        {"raw": RAMP, "sampling_rate": 8000, "text": "one", "id": 3},
        {"array": RAMP, "sampling_rate": 8000, "path": "gone.wav", "text": "one", "id": 3},
        {"array": None, "bytes": wav(RAMP, 8000), "path": "gone.wav", "text": "one", "id": 3},
        {"audio": {"array": RAMP, "sampling_rate": 8000}, "text": "one", "id": 3},
        {"audio": {"bytes": wav(RAMP, 8000), "path": None}, "text": "one", "id": 3},
        {"audio": wav(RAMP, 8000), "text": "one", "id": 3},
    ],
)
def test_other_keys_of_a_mapping_are_for_the_answer(given: dict[str, Any]) -> None:
    samples, rate, extra = opened(given)
    assert rate == 8000 and extra == {"text": "one", "id": 3}
    np.testing.assert_array_equal(samples, RAMP)


def test_decoders_of_data_sets() -> None:
    class Samples:
        data, sample_rate = np.stack([RAMP, RAMP]) / 32768, 8000

    class Decoder:
        def get_all_samples(self) -> Samples:
            return Samples()

    for given in (Decoder(), {"audio": Decoder()}):
        samples, rate, _ = opened(given)
        assert rate == 8000
        np.testing.assert_array_equal(samples, RAMP)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (np.zeros((9, 9)), r"found \[9, 9\]; which axis is which is not clear"),
        (np.zeros((2, 2)), r"found \[2, 2\]; which axis is which is not clear"),
        (np.zeros((2, 2, 2)), "found 3 dimensions"),
        (np.zeros(2, complex), "expected floats from -1 to 1, or int16 or int32, found complex128"),
        (np.array(["a"]), "found <U1"),
        (np.zeros(2, np.int64), "found int64"),
        (np.zeros(0), "expected samples, found none"),
        (np.array([0.0, np.nan]), "sample 1: expected a number, found nan"),
        (np.array([0.0, 1e39]), "sample 1: expected a number, found 1e"),
        (np.array([0.5, 0.0, -3000.0], np.float32), "sample 2: expected a number from -1 to 1, found -3000; .*int16"),
    ],
)
def test_arrays_that_are_no_sound(given: np.ndarray[Any, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        samples_of_array(given)


def test_what_is_no_sound() -> None:
    with pytest.raises(SoundFormatError, match=r"bytes of a file: .*expected a sound file") as refused:
        opened(b"no sound")
    assert isinstance(refused.value, ValueError)
    with pytest.raises(ValueError, match=r"^.*expected samples, found none"):
        opened(wav(RAMP[:0], 8000))
    with pytest.raises(FileAccessError, match=r"gone.wav: no such file"):
        opened("gone.wav")
    with pytest.raises(
        UsageError, match=r"expected a path, bytes of a file, an array or a mapping of these, found int"
    ):
        opened(5)
    with pytest.raises(
        ValueError, match=r"expected a mapping with 'raw' or 'array' and 'sampling_rate', .*found 'text'"
    ):
        opened({"text": "one"})
    with pytest.raises(ValueError, match=r"found an empty one"):
        opened({})
    with pytest.raises(ValueError, match=r"stride: parts of sound to leave out are not supported"):
        opened({"raw": RAMP, "sampling_rate": 8000, "stride": (0, 0)})
