"""Resampling against its definition, written out sample by sample."""

from __future__ import annotations

from fractions import Fraction
from math import cos, pi, sin

import numpy as np
import pytest
from numpy.typing import NDArray

from ov_asr_score.features.linear_resample import LinearResample, resample_waveform, waveform_resampler

SOUND = np.random.default_rng(3).normal(0, 1000, 700).astype(np.float32)
# rates in and out, cutoff, zeros: those of the pitch, of downsampling and upsampling, and without a common divisor
CASES = [(16000, 4000, 1000.0, 1), (16000, 3000, 800.0, 2), (8000, 4000, 1000.0, 1), (16000, 11025, 5457.375, 6)]
CASES += [(8000, 16000, 3960.0, 6), (401, 307, 150.0, 3), (16000, 16000, 7000.0, 4)]


def by_definition(sound: NDArray[np.float32], rate_in: int, rate_out: int, cutoff: float, zeros: int) -> list[float]:
    half_width = zeros / (2 * cutoff)
    made = []
    for place in range(-(-len(sound) * rate_out // rate_in)):
        value = 0.0
        for index, sample in enumerate(sound):
            t = float(Fraction(index, rate_in) - Fraction(place, rate_out))
            if abs(t) < half_width:
                filtered = sin(2 * pi * cutoff * t) / (pi * t) if t else 2 * cutoff
                value += float(sample) * filtered * 0.5 * (1 + cos(2 * pi * cutoff / zeros * t)) / rate_in
        made.append(value)
    return made


@pytest.mark.parametrize("case", CASES)
def test_definition(case: tuple[int, int, float, int]) -> None:
    resample = LinearResample(*case)
    made = np.concatenate((resample.accept(SOUND[:200]), resample.finish()))
    assert made.dtype == np.float32
    np.testing.assert_allclose(made, by_definition(SOUND[:200], *case), rtol=0, atol=2e-3)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("seed", range(3))
def test_pieces_of_any_size_give_the_same_bits(case: tuple[int, int, float, int], seed: int) -> None:
    whole = LinearResample(*case)
    expected = np.concatenate((whole.accept(SOUND), whole.finish()))
    random = np.random.default_rng(seed)
    pieces, resample = [], LinearResample(*case)
    for piece in np.split(SOUND, np.sort(random.integers(0, len(SOUND), random.integers(0, 200)))):
        pieces.append(resample.accept(piece))
    pieces.append(resample.finish())
    np.testing.assert_array_equal(np.concatenate(pieces), expected)


def test_samples_are_given_as_soon_as_they_are_final() -> None:
    resample = LinearResample(16000, 4000, 1000.0, 1)
    # half of the filter, 0.5 ms, is 8 samples
    assert [len(resample.accept(SOUND[:n])) for n in (8, 1, 3, 1, 4)] == [0, 1, 0, 1, 1]
    assert len(resample.finish()) == 2


@pytest.mark.parametrize("length", [0, 1, 15, 16, 17])
def test_lengths(length: int) -> None:
    assert len(resample_waveform(SOUND[:length], 16000, 11025)) == -(-length * 11025 // 16000)


def test_waveforms_keep_what_both_rates_have() -> None:
    times = np.arange(4000) / 16000
    tone, at_8000 = np.sin(2 * np.pi * 440 * times), np.sin(2 * np.pi * 440 * times[::2])
    made = resample_waveform(tone.astype(np.float32), 16000, 8000)
    np.testing.assert_allclose(made[50:-50], at_8000[50:-50], atol=2e-3)
    high = np.sin(2 * np.pi * 6000 * times).astype(np.float32)
    assert np.abs(resample_waveform(high, 16000, 8000)[50:-50]).max() < 2e-3


def test_memory_does_not_grow() -> None:
    resample = waveform_resampler(16000, 8000)
    held = []
    for _ in range(50):
        resample.accept(SOUND)
        held.append(len(resample._held))
    assert max(held) < 60


def test_how_long_samples_wait() -> None:
    resample = LinearResample(16000, 4000, 1000.0, 1)
    assert resample.lookahead == 0.0005
    given = np.cumsum([len(resample.accept(SOUND[n : n + 1])) for n in range(700)])
    waits = np.arange(1, 701) / 16000 - given / 4000
    assert 0.0005 - 1 / 16000 < waits.max() < 0.000501
