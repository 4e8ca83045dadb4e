from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from ov_asr_score.features.block_product import BLOCK_FRAMES
from ov_asr_score.features.cepstra import (
    MelEnergies,
    cosines,
    fbank_rows,
    floored,
    lifters,
    mfcc_rows,
    spectrogram_rows,
    write_ordered,
)
from ov_asr_score.features.frame_options import FrameOptions, MelOptions
from ov_asr_score.features.framing import EPSILON
from ov_asr_score.features.mel_banks import mel_banks
from ov_asr_score.features.options import FbankOptions, MfccOptions, SpectrogramOptions
from ov_asr_score.features.spectrum import BlockSpectrum

ROWS = slice(2, 5)
FRAMES = np.random.default_rng(3).normal(0, 1000, (BLOCK_FRAMES, 512)).astype(np.float32)
POWERS = (np.abs(np.fft.rfft(FRAMES[ROWS].astype(np.float64))) ** 2)[:, :256]
ENERGIES = np.array([3.0, 4.0, 5.0], np.float32)


def block() -> BlockSpectrum:
    spectrum = BlockSpectrum(512)
    spectrum.transform(FRAMES, ROWS)
    return spectrum


def mel_energies(num_bins: int = 23) -> NDArray[np.float64]:
    return np.asarray(POWERS @ mel_banks(MelOptions(num_bins), FrameOptions()).weights.astype(np.float64))


def test_mel_energies() -> None:
    mel = MelEnergies(FbankOptions(), 1.0, block())
    np.testing.assert_allclose(mel.compute(ROWS)[ROWS], mel_energies(), rtol=1e-5)
    np.testing.assert_allclose(mel.logarithms(ROWS)[ROWS], np.log(mel_energies()), rtol=1e-5)


def test_magnitudes() -> None:
    out = np.empty((3, 23), np.float32)
    fbank_rows(FbankOptions(use_power=False, use_log_fbank=False), 1.0, block())(ROWS, None, out)
    weights = mel_banks(MelOptions(), FrameOptions()).weights
    np.testing.assert_allclose(out, np.sqrt(POWERS) @ weights, rtol=1e-5)


@pytest.mark.parametrize("htk_compat", [False, True])
def test_energy_beside_mel_bins(htk_compat: bool) -> None:
    out = np.empty((3, 24), np.float32)
    options = FbankOptions(use_energy=True, htk_compat=htk_compat, energy_floor=float(np.exp(4.5)))
    fbank_rows(options, 1.0, block())(ROWS, ENERGIES, out)
    np.testing.assert_allclose(out[:, -1 if htk_compat else 0], [4.5, 4.5, 5], rtol=1e-6)
    np.testing.assert_allclose(out[:, :-1] if htk_compat else out[:, 1:], np.log(mel_energies()), rtol=1e-5)


def test_mfcc() -> None:
    expected = np.log(mel_energies()) @ cosines(13, 23) * lifters(22, 13)
    out = np.empty((3, 13), np.float32)
    mfcc_rows(MfccOptions(use_energy=False), 1.0, block())(ROWS, None, out)
    np.testing.assert_allclose(out, expected, atol=1e-4)
    mfcc_rows(MfccOptions(use_energy=False, htk_compat=True), 1.0, block())(ROWS, None, out)
    np.testing.assert_allclose(out[:, :12], expected[:, 1:], atol=1e-4)
    np.testing.assert_allclose(out[:, 12], expected[:, 0] * 2**0.5, atol=1e-4)
    mfcc_rows(MfccOptions(), 1.0, block())(ROWS, ENERGIES, out)
    assert out[:, 0].tolist() == [3, 4, 5]
    np.testing.assert_allclose(out[:, 1:], expected[:, 1:], atol=1e-4)


def test_spectrogram() -> None:
    out = np.empty((3, 257), np.float32)
    spectrogram_rows(SpectrogramOptions(), block())(ROWS, ENERGIES, out)
    assert out[:, 0].tolist() == [3, 4, 5]
    np.testing.assert_allclose(out[:, 1:256], np.log(POWERS[:, 1:]), atol=1e-3)
    silent = BlockSpectrum(512)
    spectrogram_rows(SpectrogramOptions(), silent)(ROWS, None, out)
    np.testing.assert_allclose(out, np.log(EPSILON), rtol=1e-6)


def test_cosines_are_orthogonal() -> None:
    np.testing.assert_allclose(cosines(23, 23) @ cosines(23, 23).T, np.eye(23), atol=1e-12)


def test_lifters() -> None:
    np.testing.assert_allclose(lifters(22, 3), 1 + 11 * np.sin(np.pi * np.arange(3) / 22))
    assert lifters(10, 13)[0] == 1 and lifters(10, 13)[10] == pytest.approx(1)


@pytest.mark.parametrize(
    ("floor", "expected"),
    [(0.0, [3, 4, 5]), (-1.0, [3, 4, 5]), (float("nan"), [3, 4, 5]), (float(np.exp(4)), [4, 4, 5])],
)
def test_floors(floor: float, expected: list[float]) -> None:
    np.testing.assert_allclose(floored(ENERGIES, floor), expected, rtol=1e-6)


def test_order_of_htk() -> None:
    out = np.empty((1, 3), np.float32)
    write_ordered(np.array([[1, 2, 3]], np.float32), out, True)
    assert out.tolist() == [[2, 3, 1]]
    write_ordered(np.array([[1, 2, 3]], np.float32), out, False)
    assert out.tolist() == [[1, 2, 3]]
