from __future__ import annotations

import numpy as np
import pytest

from ov_asr_score.errors import UsageError
from ov_asr_score.features.frame_options import FrameOptions, MelOptions
from ov_asr_score.features.mel_banks import mel_banks

FRAME = FrameOptions()


def mel(hertz: float | np.ndarray) -> np.ndarray:
    return np.asarray(1127 * np.log(1 + np.asarray(hertz, np.float64) / 700))


def test_triangles_on_the_mel_scale() -> None:
    banks = mel_banks(MelOptions(num_mel_bins=23), FRAME)
    assert banks.weights.shape == (256, 23) and banks.weights.dtype == np.float32
    edges = np.linspace(mel(20), mel(8000), 25)
    frequencies = mel(np.arange(256) * 16000 / 512)
    for index in range(23):
        expected = np.interp(frequencies, edges[index : index + 3], [0, 1, 0])
        np.testing.assert_allclose(banks.weights[:, index], expected, atol=1e-5)
    np.testing.assert_allclose(mel(banks.centers), edges[1:-1], rtol=1e-5)


def test_weights_of_neighbours_add_up_to_one() -> None:
    weights = mel_banks(MelOptions(num_mel_bins=40), FRAME).weights
    frequencies = np.arange(256) * 16000 / 512
    centers = mel_banks(MelOptions(num_mel_bins=40), FRAME).centers
    inner = (frequencies > centers[0]) & (frequencies < centers[-1])
    np.testing.assert_allclose(weights[inner].sum(axis=1), 1, atol=2e-5)


@pytest.mark.parametrize("warp", [0.8, 0.9, 1.1, 1.2])
def test_warp_is_piecewise_linear(warp: float) -> None:
    options = MelOptions(num_mel_bins=23)
    plain, warped = (mel_banks(options, FRAME, factor).centers for factor in (1.0, warp))
    low, high = 100 * max(1, warp), 7500 * min(1, warp)
    expected = np.interp(plain, [20, low, high, 8000], [20, low / warp, high / warp, 8000])
    np.testing.assert_allclose(warped, expected, rtol=1e-5)


def test_what_htk_does() -> None:
    plain, as_htk = (mel_banks(MelOptions(htk_mode=mode), FRAME).weights for mode in (False, True))
    changed = np.argwhere(plain != as_htk)
    assert changed.tolist() == [[int(np.flatnonzero(plain[:, 0])[0]), 0]] and as_htk[changed[0][0], 0] == 0


def test_banks_are_shared() -> None:
    assert mel_banks(MelOptions(), FRAME) is mel_banks(MelOptions(), FrameOptions())
    with pytest.raises(ValueError, match="read-only"):
        mel_banks(MelOptions(), FRAME).weights[0] = 1


@pytest.mark.parametrize(
    ("options", "warp", "message"),
    [
        (MelOptions(num_mel_bins=2), 1.0, "num_mel_bins: expected at least 3, found 2"),
        (MelOptions(num_mel_bins=200), 1.0, "num_mel_bins: expected fewer, found that one of 200 is so narrow"),
        (MelOptions(num_mel_bins=10**9), 1.0, "num_mel_bins: expected fewer, found that one of 1000000000"),
        (MelOptions(), 100.0, "vtln_warp 100: expected a factor near 1, found that one of 23 mel bins is empty"),
        (MelOptions(), 0.0, "vtln_warp 0: expected"),
        (MelOptions(), -1.0, "vtln_warp -1: expected"),
        (
            MelOptions(vtln_low=20),
            1.1,
            "vtln_low and vtln_high: expected values between 20 and 8000 Hz, .* 20 and 7500",
        ),
        (MelOptions(vtln_high=0), 1.1, "vtln_low and vtln_high: expected .* found 100 and 0"),
        (MelOptions(vtln_low=float("nan")), 1.1, "vtln_low and vtln_high: expected .* found nan and 7500"),
        (MelOptions(vtln_high=8000), 0.9, "vtln_low and vtln_high: expected .* found 100 and 8000"),
    ],
)
def test_what_kaldi_cannot_compute(options: MelOptions, warp: float, message: str) -> None:
    with pytest.raises(UsageError, match=f"^{message}"):
        mel_banks(options, FRAME, warp)


def test_bends_do_not_matter_without_warp() -> None:
    np.testing.assert_array_equal(
        mel_banks(MelOptions(vtln_low=-1), FRAME).weights, mel_banks(MelOptions(), FRAME).weights
    )
