from __future__ import annotations

import numpy as np
import pytest

from ov_asr_score.features import spectrum
from ov_asr_score.features.block_product import BLOCK_FRAMES
from ov_asr_score.features.spectrum import BlockSpectrum


@pytest.mark.parametrize("has_single", [True, False])
@pytest.mark.parametrize("size", [4, 400, 512])
def test_spectra_and_powers(size: int, has_single: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """With an FFT of single precision (numpy 2), and with one of double precision only."""
    monkeypatch.setattr(spectrum, "_HAS_SINGLE_FFT", has_single and spectrum._HAS_SINGLE_FFT)
    frames = np.random.default_rng(1).normal(size=(BLOCK_FRAMES, size)).astype(np.float32)
    block, rows = BlockSpectrum(size), slice(3, 20)
    found = block.transform(frames, rows)
    expected = np.fft.rfft(frames[rows].astype(np.float64))
    np.testing.assert_allclose(found, expected, atol=1e-4)
    block.compute_powers(rows)
    powers = block.powers
    assert powers.shape == (BLOCK_FRAMES, size // 2 + 1) and powers.dtype == np.float32
    np.testing.assert_allclose(powers[rows], np.abs(expected) ** 2, rtol=1e-4, atol=1e-4)
    assert not powers[:3].any() and not powers[20:].any()
