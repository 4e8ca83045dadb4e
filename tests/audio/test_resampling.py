from __future__ import annotations

import sys

import numpy as np
import pytest

from ov_asr_score.audio.resampling import SoxrResampler, resample
from ov_asr_score.errors import MissingExtraError
from tests.audio.sounds import speech

RATES = [(16000, 8000), (8000, 16000), (44100, 16000), (16000, 11025), (48000, 16000), (7, 9)]


@pytest.mark.parametrize(("rate", "wanted"), RATES)
@pytest.mark.parametrize("channels", [1, 2])
def test_pieces_give_the_same_bits(rate: int, wanted: int, channels: int) -> None:
    soxr = pytest.importorskip("soxr")
    samples = speech(2, channels).astype(np.float32)
    whole = resample(samples, rate, wanted)
    assert whole.dtype == np.float32 and whole.shape == (channels, round(samples.shape[1] * wanted / rate))
    np.testing.assert_array_equal(whole.T, soxr.resample(samples.T, rate, wanted).reshape(-1, channels))
    chance = np.random.default_rng(rate)
    for pieces in (3, 200):
        cuts = sorted(chance.integers(0, samples.shape[1], pieces).tolist())
        stream = SoxrResampler(rate, wanted, channels)
        made = [
            stream.accept(samples[:, first:last])
            for first, last in zip([0, *cuts], [*cuts, samples.shape[1]], strict=True)
        ]
        np.testing.assert_array_equal(np.concatenate([*made, stream.finish()], axis=1), whole)


def test_one_channel_without_an_axis() -> None:
    samples = speech(1).astype(np.float32)
    np.testing.assert_array_equal(resample(samples[0], 16000, 8000), resample(samples, 16000, 8000)[0])
    stream = SoxrResampler(16000, 8000)
    made = [stream.accept(samples[0, :100]), stream.accept(samples[0, 100:]), stream.finish()]
    assert np.concatenate(made).shape == (8000,)


def test_a_tone_keeps_its_height_and_its_pitch() -> None:
    time = np.arange(16000) / 16000
    tone = (10000 * np.sin(2 * np.pi * 1000 * time)).astype(np.float32)
    expected = 10000 * np.sin(2 * np.pi * 1000 * np.arange(11025) / 11025)
    np.testing.assert_allclose(resample(tone, 16000, 11025)[500:-500], expected[500:-500], atol=1)


def test_edges() -> None:
    samples = np.ones((2, 5), np.float32)
    assert resample(samples, 8000, 8000) is samples
    assert resample(np.zeros((2, 0), np.float32), 8000, 16000).shape == (2, 0)
    assert resample(np.zeros(0, np.float32), 8000, 16000).shape == (0,)
    assert resample(np.ones(1, np.float32), 8000, 16000).shape == (2,)
    assert SoxrResampler(8000, 16000, 2).finish().shape == (2, 0)


def test_missing_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "soxr", None)
    with pytest.raises(MissingExtraError, match=r'the resampler soxr .*pip install "ov-asr-score\[audio\]"'):
        resample(np.ones(4, np.float32), 8000, 16000)


@pytest.mark.parametrize(("rate", "wanted"), [(8000, 16000), (44100, 16000), (16000, 11025)])
@pytest.mark.parametrize("size", [160, 1000, 8000])
def test_how_long_samples_wait(rate: int, wanted: int, size: int) -> None:
    stream = SoxrResampler(rate, wanted)
    waits = []
    given = 0
    for taken in range(size, 3 * rate, size):
        given += len(stream.accept(np.zeros(size, np.float32)))
        waits.append(taken / rate - given / wanted)
    assert 0 < max(waits) <= stream.lookahead + 1 / wanted < 0.2
