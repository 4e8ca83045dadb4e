"""Wav files for the tests of lists: small, with samples that tell where they are from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.audio.wav_bytes import wav, wav_format


def ramp(num_samples: int, first: int = 0) -> NDArray[np.int16]:
    """Numbers one after the other, int16 [n]."""
    return (np.arange(first, first + num_samples) % 30000).astype(np.int16)


def wav_bytes(samples: NDArray[np.int16], rate: int = 16000, *, data_size: int | None = None) -> bytes:
    """A wav file of int16 [n] or [C, n], with another size in its header if one is given."""
    channels = 1 if samples.ndim == 1 else len(samples)
    data = np.ascontiguousarray(samples.T).astype("<i2").tobytes()
    return wav(data, wav_format(channels=channels, rate=rate), data_size=data_size)


def write_wav(path: Path, samples: NDArray[np.int16], rate: int = 16000) -> Path:
    """Write a wav file."""
    path.write_bytes(wav_bytes(samples, rate))
    return path
