from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from ov_asr_score.errors import SoundFormatError
from ov_asr_score.features.computing import compute_features
from ov_asr_score.features.frame_options import FrameOptions, MelOptions
from ov_asr_score.features.live import LiveFeatures
from ov_asr_score.features.options import FbankOptions, FeatureOptions, MfccOptions, PlpOptions, SpectrogramOptions
from tests.features.kaldi_sound import sound

MIRRORED = FrameOptions(snip_edges=False)


@cache
def speech() -> NDArray[np.float32]:
    """Two seconds, several blocks of frames."""
    return np.concatenate([sound(key)[0] for key in ("es_f4-t0000", "es_john-t0021", "flite_slt-t0017")])[:32100]


def pieces(samples: NDArray[np.float32], largest: int, seed: int) -> list[NDArray[np.float32]]:
    random = np.random.default_rng(seed)
    cuts = np.cumsum(random.integers(0, largest + 1, 2 + 3 * len(samples) // largest))
    return np.split(samples, cuts[cuts < len(samples)])


def live(samples: NDArray[np.float32], options: FeatureOptions, largest: int, **more: float) -> NDArray[np.float32]:
    stream = LiveFeatures(options, **more)  # type: ignore[arg-type]
    parts = [stream.accept(piece) for piece in pieces(samples, largest, 7)]
    return np.concatenate([*parts, stream.finish()])


CASES: dict[str, tuple[FeatureOptions, dict[str, float]]] = {
    "mfcc": (MfccOptions(), {}),
    "mfcc_mirrored": (MfccOptions(MIRRORED, MelOptions(40), 40, use_energy=False), {"vtln_warp": 1.1}),
    "fbank": (FbankOptions(mel=MelOptions(80), use_energy=True), {}),
    "fbank_dither": (FbankOptions(FrameOptions(dither=1.0, snip_edges=False)), {"seed": 5}),
    "fbank_long": (FbankOptions(FrameOptions(frame_length=100, snip_edges=False, round_to_power_of_two=False)), {}),
    "fbank_gaps": (FbankOptions(FrameOptions(frame_shift=40.0, snip_edges=False)), {}),
    "plp": (PlpOptions(), {}),
    "plp_mirrored": (PlpOptions(FrameOptions(frame_shift=12.5, frame_length=21.3, snip_edges=False)), {}),
    "spectrogram": (SpectrogramOptions(), {}),
    "down": (MfccOptions(FrameOptions(sample_frequency=8000, allow_downsample=True)), {"rate": 16000}),
    "odd": (MfccOptions(replace(MIRRORED, sample_frequency=11025.0, allow_downsample=True)), {"rate": 16000}),
    "up": (FbankOptions(FrameOptions(sample_frequency=22050, allow_upsample=True)), {"rate": 16000}),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("largest", [37, 400, 3000, 20000])
def test_pieces_give_the_same_bits(name: str, largest: int) -> None:
    options, more = CASES[name]
    samples = speech() if largest > 100 else speech()[:14000]
    whole = compute_features(samples, options, **more)  # type: ignore[arg-type]
    assert len(whole) > 20
    np.testing.assert_array_equal(live(samples, options, largest, **more), whole)


@pytest.mark.parametrize("length", [0, 1, 79, 80, 100, 399, 400, 700])
@pytest.mark.parametrize("name", ["mfcc", "mfcc_mirrored", "fbank_long", "odd"])
def test_short_sounds(name: str, length: int) -> None:
    options, more = CASES[name]
    samples = speech()[:length]
    whole = compute_features(samples, options, **more)  # type: ignore[arg-type]
    np.testing.assert_array_equal(live(samples, options, 50, **more), whole)


def test_frames_come_as_soon_as_they_are_complete() -> None:
    stream = LiveFeatures(MfccOptions())
    counts = [len(stream.accept(speech()[start : start + 100])) for start in range(0, 1000, 100)]
    assert counts == [0, 0, 0, 1, 0, 1, 0, 1, 1, 0] and stream.finish().shape == (0, 13)
    mirrored = LiveFeatures(MfccOptions(MIRRORED))
    assert len(mirrored.accept(speech()[:279])) == 0 and len(mirrored.accept(speech()[279:280])) == 1
    assert len(mirrored.finish()) == 1


def test_little_is_kept() -> None:
    stream = LiveFeatures(MfccOptions(MIRRORED))
    for _ in range(5):
        stream.accept(speech())
        assert len(stream._kept) < 1000


def test_errors() -> None:
    with pytest.raises(SoundFormatError, match="expected sound of 16000 Hz, found 8000 Hz"):
        LiveFeatures(MfccOptions(), rate=8000)
    with pytest.raises(SoundFormatError, match=r"samples: expected numbers .*, found nan at sample 1"):
        LiveFeatures(MfccOptions()).accept([0, np.nan])
