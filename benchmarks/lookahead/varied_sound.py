"""Minutes of sound in which nothing comes twice: speech at other speeds and levels, mixed, with noise; by chance."""

from __future__ import annotations

import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.audio.decoding import read_audio

RATE = 16000
SPEEDS = (0.8, 1.25)
LEVELS = (0.3, 1.6)
NOISE = (3.0, 300.0)
"""Ranges of what is drawn by chance: factors, and the deviation of white noise in units of 16-bit samples."""

_PARTS = (1, 4)  # recordings in a file, at least and at most one less
_MIXED = 0.3  # the share of recordings that another one speaks into
_SEED = 23

Samples = NDArray[np.float64]


def recordings(folder: Path) -> list[Samples]:
    """The sound files of a folder at 16 kHz, in the range of 16-bit samples."""
    paths = sorted(path for path in folder.iterdir() if path.suffix in (".flac", ".wav"))
    sounds = [read_audio(path) for path in paths]
    return [sound.samples[0].astype(np.float64) for sound in sounds if sound.rate == RATE]


def write_varied(folder: Path, sounds: Sequence[Samples], seconds: float) -> list[Path]:
    """Write files that last ``seconds`` together, the same for the same recordings."""
    folder.mkdir(parents=True, exist_ok=True)
    chance = np.random.default_rng(_SEED)
    paths: list[Path] = []
    left = round(seconds * RATE)
    while left > RATE // 2:
        samples = varied(chance, sounds)[:left]
        left -= len(samples)
        paths.append(folder / f"v{len(paths):04}.wav")
        write_wav(paths[-1], samples)
    return paths


def write_plain(folder: Path, sounds: Sequence[Samples], seconds: float) -> list[Path]:
    """Write the recordings as they are, again and again until they last so long together."""
    folder.mkdir(parents=True, exist_ok=True)
    paths: list[Path] = []
    once = sum(map(len, sounds)) / RATE
    for turn in range(max(1, round(seconds / once))):
        for number, samples in enumerate(sounds):
            paths.append(folder / f"p{turn:03}-{number:03}.wav")
            write_wav(paths[-1], samples)
    return paths


def varied(chance: np.random.Generator, sounds: Sequence[Samples]) -> Samples:
    """One to three recordings one after the other, each changed in its own way."""
    parts = []
    for _ in range(int(chance.integers(*_PARTS))):
        part = at_speed(sounds[int(chance.integers(len(sounds)))], chance.uniform(*SPEEDS)) * chance.uniform(*LEVELS)
        if chance.random() < _MIXED:
            other = at_speed(sounds[int(chance.integers(len(sounds)))], chance.uniform(*SPEEDS))
            length = min(len(part), len(other))
            part[:length] += chance.uniform(0.05, 0.5) * other[:length]
        noise = np.exp(chance.uniform(*np.log(NOISE)))
        parts.append(part + noise * chance.standard_normal(len(part)))
    return np.concatenate(parts)


def at_speed(samples: Samples, factor: float) -> Samples:
    """The recording played so many times as fast."""
    places = np.arange(0, len(samples) - 1, factor)
    found: Samples = np.interp(places, np.arange(len(samples)), samples)
    return found


def write_wav(path: Path, samples: Samples) -> None:
    """Write samples in the range of 16 bits."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(np.clip(np.rint(samples), -32768, 32767).astype("<i2").tobytes())
