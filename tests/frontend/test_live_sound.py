"""Features and pitch of sound in pieces before all steps: how long rows wait, and what are no samples."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ov_asr_score.errors import SoundFormatError
from ov_asr_score.features.framing import num_frames
from ov_asr_score.features.steps.feature_columns import paste_features
from ov_asr_score.frontend.live import LiveFrontend
from ov_asr_score.frontend.opening import open_sound_frontend
from ov_asr_score.frontend.reading import read_features
from ov_asr_score.settings.speech.feature_jobs import ComputationSettings
from ov_asr_score.settings.speech.feature_steps import FeatureSteps
from ov_asr_score.settings.speech.features import FeatureSettings, UtteranceSettings
from ov_asr_score.settings.speech.frontend import FrontendSettings
from ov_asr_score.settings.speech.sound import SoundSettings
from tests.frontend.places import FEATURES, IVECTOR
from tests.frontend.sounds import cut, live_rows, sound

WAV = FEATURES / "wav"
CHUNKS = str(IVECTOR / "conf" / "pitch_online_chunk10.conf")
BOTH = SoundSettings(allow_downsample=True, allow_upsample=True)
SOXR = SoundSettings(allow_upsample=True, resampler="soxr")


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("key", ["es_Annie-t0024", "es_f4-t0000", "clip"])
def test_pitch_in_chunks_is_that_of_files(key: str, seed: int) -> None:
    """As simulate-first-pass-online makes it there."""
    frontend = open_sound_frontend(FrontendSettings("mfcc", pitch_config=CHUNKS))
    (expected,) = read_features(str(WAV / f"{key}.flac"), frontend)
    live = LiveFrontend(frontend, 16000, key)
    assert live.delays == (("pitch", 3), ("chunks of pitch", 10), ("normalization of pitch", 45))
    np.testing.assert_array_equal(live_rows(live, sound(WAV / f"{key}.flac")[0], seed)[0], expected.features)


def test_pitch_alone_as_it_is_found(tmp_path: Path) -> None:
    (tmp_path / "pitch.conf").write_text("--frames-per-chunk=10\n--simulate-first-pass-online=true\n")
    frontend = open_sound_frontend(FrontendSettings("pitch", str(tmp_path / "pitch.conf")))
    (expected,) = read_features(str(WAV / "clip.flac"), frontend)
    live = LiveFrontend(frontend, 16000, "clip")
    assert live.dim == 2
    np.testing.assert_array_equal(live_rows(live, sound(WAV / "clip.flac")[0], 1)[0], expected.features)


@pytest.mark.parametrize(
    ("settings", "computation", "rate", "delays"),
    [
        (FrontendSettings("mfcc"), None, 16000, {}),
        (FrontendSettings("fbank"), ComputationSettings(FeatureSettings(snip_edges=False)), 16000, {}),
        (
            FrontendSettings("mfcc", steps=FeatureSteps(delta_order=2, splice=(4, 3))),
            None,
            16000,
            {"deltas": 4, "splicing": 3},
        ),
        (FrontendSettings("mfcc", sound=BOTH), None, 8000, {"resampling": 1}),
        (
            FrontendSettings("mfcc", sound=SoundSettings(allow_upsample=True, resampler="soxr")),
            None,
            8000,
            {"resampling": 12},
        ),
        (FrontendSettings("pitch"), None, 16000, {"pitch": 3}),
        (
            FrontendSettings("pitch"),
            ComputationSettings(process_pitch=True),
            16000,
            {"pitch": 3, "normalization of pitch": 75},
        ),
        (
            FrontendSettings("mfcc", pitch_config=CHUNKS, sound=BOTH, steps=FeatureSteps(delta_order=1)),
            None,
            44100,
            {"resampling": 1, "pitch": 3, "chunks of pitch": 10, "normalization of pitch": 45, "deltas": 2},
        ),
    ],
)
def test_rows_wait_as_long_as_is_said(
    settings: FrontendSettings, computation: ComputationSettings | None, rate: int, delays: dict[str, int]
) -> None:
    frontend = open_sound_frontend(settings, computation)
    live = LiveFrontend(frontend, rate, "noise")
    assert dict(live.delays) == delays and live.delay == sum(delays.values())
    recipe = frontend.features
    options = open_sound_frontend(FrontendSettings("mfcc")).features if recipe is None else recipe
    assert options is not None
    samples = np.random.default_rng(0).normal(0, 500, 3 * rate).astype(np.float32)
    taken, waits = 0, []
    for piece in cut(samples, 4):
        live.accept(piece)
        taken += len(piece)
        complete = num_frames(int(taken * 16000 / rate), options.options.frame, is_whole=False)
        waits.append(complete - live.num_rows)
    assert min(waits) >= 0 and max(waits) <= live.delay
    assert max(waits) >= live.delay - 3  # no more is said than is true


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (
            [1.0, np.nan],
            "sample 801: expected numbers on the scale of 16-bit integers, found nan; nothing",
        ),
        ([np.inf, 0.0], "sample 800: expected numbers on the scale of 16-bit integers, found inf; nothing"),
        ([0.0, 0.0, -1e30], "sample 802: expected numbers on the scale of 16-bit integers, found -1e"),
        ([1e300], "sample 800: expected numbers on the scale of 16-bit integers, found inf"),
        ([[1.0, 2.0]], r"expected samples of one channel, an array \[N\], found one of shape \(1, 2\)"),
        (1.0, r"expected samples of one channel, an array \[N\], found one of shape \(\)"),
        ("x", "expected an array of numbers, found something else"),
        ([[1.0], []], "expected an array of numbers, found something else"),
    ],
)
def test_what_are_no_samples(bad: Any, message: str) -> None:
    samples, _ = sound(WAV / "clip.flac")
    for settings in (FrontendSettings("mfcc", sound=BOTH), FrontendSettings("mfcc", pitch_config=CHUNKS)):
        frontend = open_sound_frontend(settings)
        (expected,) = read_features(str(WAV / "clip.flac"), frontend)
        live = LiveFrontend(frontend, 16000, "clip")
        rows = [live.accept(samples[:800]).features]
        for call in (live.accept, live.finish):
            with pytest.raises(SoundFormatError, match=f"^utterance 'clip': {message}") as caught:
                call(bad)
            assert "\n" not in str(caught.value)
        rows += [live.accept(samples[800:].astype(np.int16)).features, live.finish().features]  # nothing was taken
        np.testing.assert_array_equal(np.concatenate(rows), expected.features)


def test_pitch_needs_smaller_samples() -> None:
    live = LiveFrontend(open_sound_frontend(FrontendSettings("mfcc", pitch_config=CHUNKS)), 16000, "a")
    with pytest.raises(SoundFormatError, match="sample 1: expected numbers on the scale of 16-bit integers, found 1e"):
        live.accept([0.0, 1e8])
    LiveFrontend(open_sound_frontend(FrontendSettings("mfcc")), 16000, "a").accept([0.0, 1e8])


def test_other_rates_and_short_sound() -> None:
    with pytest.raises(SoundFormatError, match=r"'a': expected sound of 16000 Hz .*, found 8000 Hz; allow_upsample"):
        LiveFrontend(open_sound_frontend(FrontendSettings("mfcc")), 8000, "a")
    computation = ComputationSettings(utterance=UtteranceSettings(min_duration=0.5))
    live = LiveFrontend(open_sound_frontend(FrontendSettings("mfcc", sound=BOTH), computation), 8000, "a")
    live.accept(np.zeros(3999))
    with pytest.raises(SoundFormatError, match=r"'a': expected 0\.5 seconds or more \(min_duration\), found 0\.49"):
        live.finish()
    live = LiveFrontend(open_sound_frontend(FrontendSettings("mfcc", pitch_config=CHUNKS)), 16000, "a")
    with pytest.raises(SoundFormatError, match=r"^utterance 'a': expected features to paste of as many frames"):
        live.finish(np.zeros(300))


def test_pasted_columns(tmp_path: Path) -> None:
    """One piece is all of the sound: then pitch is what it is at the end."""
    (tmp_path / "pitch.conf").write_text("")
    both = open_sound_frontend(FrontendSettings("mfcc", pitch_config=str(tmp_path / "pitch.conf")))
    samples, _ = sound(WAV / "es_f4-t0000.flac")
    mfcc = LiveFrontend(open_sound_frontend(FrontendSettings("mfcc")), 16000, "a").finish(samples).features
    alone = open_sound_frontend(FrontendSettings("pitch"), ComputationSettings(process_pitch=True))
    pitch = LiveFrontend(alone, 16000, "a").finish(samples).features
    found = LiveFrontend(both, 16000, "a").finish(samples).features
    np.testing.assert_array_equal(found, paste_features([mfcc, pitch]))
    (whole,) = read_features(str(WAV / "es_f4-t0000.flac"), both)
    np.testing.assert_array_equal(found, whole.features)
