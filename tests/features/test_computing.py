from __future__ import annotations

import gc
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from ov_asr_score.errors import SoundFormatError, UsageError
from ov_asr_score.features.computing import FeatureBlocks, blocks_while_alive, compute_features, feature_dim
from ov_asr_score.features.frame_options import FrameOptions, MelOptions
from ov_asr_score.features.framing import cut_frames, num_frames
from ov_asr_score.features.options import (
    FbankOptions,
    FeatureOptions,
    MfccOptions,
    PlpOptions,
    SpectrogramOptions,
    resolve_options,
)
from tests.features.kaldi_sound import ARCHIVES, FOLDER, WITH_DITHER, kaldi_features, pairs, recipe_of, sound

# Kaldi's own FFT of single precision leaves noise in nearly empty bins, which the logarithm makes visible. In a
# spectrogram no sum over a bin hides it: so do the last two digits of the quietest frequencies of a frame differ.
TOLERANCES = {"mfcc": 2e-3, "fbank": 1e-3, "plp": 2e-3, "spectrogram": 2e-3}
SPEECH = "es_Annie-t0024"


def test_every_archive_is_compared() -> None:
    folders = {archive.partition("/")[0] for archive in ARCHIVES}
    found = {f"{path.parent.name}/{path.stem}" for name in folders for path in (FOLDER / name).glob("*.ark")}
    assert found == {*ARCHIVES, WITH_DITHER}


@pytest.mark.parametrize("archive", ARCHIVES)
def test_features_are_those_of_kaldi(archive: str) -> None:
    recipe = recipe_of(archive)
    tolerance = TOLERANCES[archive.partition("/")[0]]
    warps, speakers = pairs("vtln_map"), pairs("utt2spk")
    for key, expected in kaldi_features(archive).items():
        samples, rate = sound(key, max(0, recipe.utterance.channel))
        warp = float(warps[speakers[key]]) if recipe.utterance.vtln_map else recipe.utterance.vtln_warp
        found = compute_features(samples, recipe.options, warp, rate=rate)
        if recipe.utterance.subtract_mean:
            found -= found.mean(axis=0)
        if not len(expected):  # shorter than a frame: Kaldi writes a matrix of 0 rows and columns
            assert found.shape == (0, feature_dim(recipe.options))
            continue
        relative = 1e-4 if archive == "fbank/use_log_fbank_false" else 0.0
        np.testing.assert_allclose(found, expected, rtol=relative, atol=tolerance)
        assert found.dtype == np.float32


@pytest.mark.parametrize("archive", [name for name in ARCHIVES if name.startswith("spectrogram/")])
def test_magnitudes_of_spectrograms(archive: str) -> None:
    """What differs is far below the strongest frequency of a frame: by 2e-6 of its magnitude."""
    recipe = recipe_of(archive)
    for key, expected in kaldi_features(archive).items():
        if len(expected):
            found = compute_features(sound(key)[0], recipe.options)
            magnitudes, others = (np.exp(features[:, 1:].astype(np.float64) / 2) for features in (found, expected))
            assert (np.abs(magnitudes - others).max(axis=1) <= 2e-6 * others.max(axis=1)).all()


def test_silence_has_no_prediction() -> None:
    """Zeros have no autocorrelation: Kaldi's PLP are NaN but for the energy."""
    plp = compute_features(sound("silent")[0], PlpOptions())
    assert np.isnan(plp[:, 1:]).all() and np.isfinite(plp[:, 0]).all()


def test_dither_is_noise_of_the_same_size() -> None:
    """Random as in Kaldi: the same seed gives the same features, and a mean difference as between two runs of Kaldi."""
    recipe = resolve_options("mfcc", (), {"dither": 1.0})
    for key, with_dither in kaldi_features(WITH_DITHER).items():
        samples, _ = sound(key)
        plain, first, second = (compute_features(samples, recipe.options, seed=seed) for seed in (0, 1, 2))
        without = compute_features(samples, MfccOptions())
        np.testing.assert_array_equal(first, compute_features(samples, recipe.options, seed=1))
        noise = np.abs(with_dither - without).mean()
        assert 0.5 * noise < np.abs(first - without).mean() < 2 * noise
        assert 0.5 * noise < np.abs(first - second).mean() < 3 * noise and (plain != first).any()


def test_raw_spectrum() -> None:
    """The FFT in Kaldi's order: the real parts of both ends, then real and imaginary parts in turn."""
    options = SpectrogramOptions(FrameOptions(window_type="rectangular", preemphasis_coefficient=0.0))
    samples, _ = sound(SPEECH)
    raw = compute_features(samples, SpectrogramOptions(options.frame, return_raw_fft=True))
    frame = samples[160:560].astype(np.float64)
    spectrum = np.fft.rfft(frame - frame.mean(), 512)
    np.testing.assert_allclose(raw[1, :2], spectrum[[0, -1]].real, atol=1e-2)
    np.testing.assert_allclose(raw[1, 2::2], spectrum[1:-1].real, atol=1e-2)
    np.testing.assert_allclose(raw[1, 3::2], spectrum[1:-1].imag, atol=1e-2)
    power = np.exp(compute_features(samples, options)[1, 1:-1])
    np.testing.assert_allclose(raw[1, 2::2] ** 2 + raw[1, 3::2] ** 2, power, rtol=1e-4)


@pytest.mark.parametrize(
    ("options", "dim"),
    [
        (MfccOptions(num_ceps=7), 7),
        (PlpOptions(lpc_order=8, num_ceps=5), 5),
        (FbankOptions(), 23),
        (FbankOptions(use_energy=True), 24),
        (SpectrogramOptions(), 257),
        (SpectrogramOptions(FrameOptions(round_to_power_of_two=False)), 201),
        (SpectrogramOptions(return_raw_fft=True), 512),
    ],
)
def test_dimensions(options: FeatureOptions, dim: int) -> None:
    assert feature_dim(options) == dim
    assert compute_features(np.ones(1000), options).shape == (4, dim)
    assert compute_features(np.ones(399), options).shape == (0, dim)
    assert compute_features([], options).shape == (0, dim)


def test_htk_floors_energies() -> None:
    quiet = np.full(800, 0.01) * np.resize([1, -1], 800)
    options = FbankOptions(mel=MelOptions(htk_mode=True))
    assert (compute_features(quiet, options) == 0).all()


@pytest.mark.parametrize(
    ("rate", "frame", "message"),
    [
        (8000, FrameOptions(), "expected sound of 16000 Hz, found 8000 Hz; set sample_frequency, or allow_upsample"),
        (
            44100,
            FrameOptions(allow_upsample=True),
            "expected sound of 16000 Hz, found 44100 Hz; .* or allow_downsample",
        ),
    ],
)
def test_other_rates(rate: int, frame: FrameOptions, message: str) -> None:
    with pytest.raises(SoundFormatError, match=message):
        compute_features(np.ones(1000), MfccOptions(frame), rate=rate)


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        ([1.0, np.nan, 2.0], "samples: expected numbers on the scale of 16-bit integers, found nan at sample 1"),
        ([0.0, -1e13], r"samples: expected numbers .*, found -1e\+13 at sample 1"),
        ([1e300], "samples: expected numbers .*, found inf at sample 0"),
        ([[1.0], [2.0]], r"samples: expected one channel, an array \[N\], found an array of shape \(2, 1\)"),
    ],
)
def test_samples_that_are_none(samples: object, message: str) -> None:
    with pytest.raises(SoundFormatError, match=message):
        compute_features(samples, MfccOptions())  # type: ignore[arg-type]


def test_warps_that_leave_bins_empty() -> None:
    with pytest.raises(UsageError, match=r"^vtln_warp 50: expected"):
        compute_features(np.ones(1000), MfccOptions(), 50.0)


@pytest.mark.parametrize("options", [MfccOptions(), FbankOptions(mel=MelOptions(80)), PlpOptions()])
def test_a_frame_alone_has_the_same_bits(options: FeatureOptions) -> None:
    samples = np.concatenate([sound(key)[0] for key in (SPEECH, "es_f4-t0000", "es_john-t0021")])
    count = num_frames(len(samples), options.frame)
    frames = cut_frames(samples, options.frame, 0, count)
    whole = compute_features(samples, options)
    blocks = FeatureBlocks(options)
    for first in (0, 1, 63, 64, 65, 100, count - 1):
        np.testing.assert_array_equal(blocks.compute(frames[first : first + 1], first), whole[first : first + 1])


def test_threads_do_not_share_buffers() -> None:
    keys = [SPEECH, "es_f4-t0000", "es_john-t0021", "flite_slt-t0017"]
    alone = [compute_features(sound(key)[0], MfccOptions()) for key in keys]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(5):
            together = pool.map(lambda key: compute_features(sound(key)[0], MfccOptions()), keys)
            for one, other in zip(alone, together, strict=True):
                np.testing.assert_array_equal(one, other)


def test_buffers_have_one_holder_at_a_time() -> None:
    class Holder:
        pass

    options = MfccOptions()
    holders = [Holder() for _ in range(3)]
    taken = [blocks_while_alive(holder, options, 1.0, 0) for holder in holders]
    assert len({id(blocks) for blocks in taken}) == 3
    del holders[1]
    gc.collect()
    assert blocks_while_alive(holders[0], options, 1.0, 0) is taken[1]
    assert blocks_while_alive(holders[0], MfccOptions(num_ceps=7), 1.0, 0).dim == 7
    noisy = replace(options, frame=FrameOptions(dither=1.0))
    assert blocks_while_alive(holders[0], noisy, 1.0, 1) is not blocks_while_alive(holders[1], noisy, 1.0, 1)


def test_energies_of_silence() -> None:
    """Their least values: those of PLP are others where the energy is that behind the window."""
    silent, _ = sound("silent")
    for raw in (True, False):
        mfcc, plp = (compute_features(silent, kind(raw_energy=raw))[0, 0] for kind in (MfccOptions, PlpOptions))
        assert mfcc == pytest.approx(np.log(2.0**-23), rel=1e-6)
        assert plp == pytest.approx(np.log(2.0**-23 if raw else 2.0**-126), rel=1e-6)


def test_the_largest_samples_have_features() -> None:
    loud = np.resize([1e12, -1e12, 0.0], 1000)
    for options in (MfccOptions(), FbankOptions(), SpectrogramOptions()):
        assert np.isfinite(compute_features(loud, options)).all()
