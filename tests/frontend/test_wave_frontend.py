"""Tests of sound that goes to a model as it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.audio.recordings import read_recordings
from ov_asr_score.errors import SoundFormatError, UsageError
from ov_asr_score.features.wave_input import WaveRecipe, wave_rows
from ov_asr_score.frontend.live import LiveFrontend
from ov_asr_score.frontend.named_files import named_files
from ov_asr_score.frontend.opening import open_frontend, open_sound_frontend
from ov_asr_score.frontend.reading import read_features
from ov_asr_score.settings.speech.feature_jobs import ComputationSettings
from ov_asr_score.settings.speech.feature_steps import FeatureSteps
from ov_asr_score.settings.speech.features import FeatureSettings
from ov_asr_score.settings.speech.frontend import FrontendSettings
from ov_asr_score.settings.speech.sound import SoundSettings
from ov_asr_score.settings.speech.wave_input import WaveSettings
from tests.frontend.places import SPEECH

SOUND = [f"wav:{SPEECH}/es_*.flac"]
UTTERANCE = WaveSettings(wave_normalize="utterance")


def test_samples_of_recordings() -> None:
    frontend = open_frontend(FrontendSettings("wave", wave=UTTERANCE), SOUND)
    assert frontend is not None and frontend.wave == WaveRecipe(normalize="utterance")
    assert frontend.notes == ("wave input: 16000 Hz, samples of mean 0 and variance 1",)
    found = {each.key: each for each in read_features(SOUND, frontend)}
    assert len(found) == 8
    for recording in read_recordings(SOUND):
        samples = np.concatenate(list(recording.pieces()))
        each = found[recording.key]
        np.testing.assert_array_equal(each.features, wave_rows(samples, WaveRecipe(normalize="utterance")))
        assert each.seconds == len(samples) / 16000


def test_another_rate() -> None:
    settings = WaveSettings(wave_rate=8000, wave_normalize="none")
    frontend = open_sound_frontend(FrontendSettings("wave", wave=settings))
    message = r"expected sound of 8000 Hz \(wave_rate\), found 16000 Hz; allow_downsample resamples it"
    with pytest.raises(SoundFormatError, match=message):
        next(read_features(SOUND, frontend))
    allowed = FrontendSettings("wave", wave=settings, sound=SoundSettings(allow_downsample=True))
    found = next(read_features(SOUND, open_sound_frontend(allowed)))
    assert found.seconds is not None
    assert len(found.features) == pytest.approx(found.seconds * 8000, abs=1)
    assert np.abs(found.features).max() < 1


def test_a_preprocessor_configuration_is_enough(tmp_path: Path) -> None:
    path = tmp_path / "preprocessor_config.json"
    path.write_text('{"do_normalize": true, "sampling_rate": 16000}')
    settings = FrontendSettings(wave=WaveSettings(preprocessor_config=str(path)))
    assert settings.takes_wave
    frontend = open_frontend(settings, SOUND)
    assert frontend is not None and frontend.wave == WaveRecipe(normalize="utterance")
    assert frontend.notes[0] == f"the wave itself is the input, as {path} is for"
    assert list(named_files(settings)) == [("preprocessor_config", str(path))]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (FrontendSettings("mfcc", wave=WaveSettings(wave_padding=0)), "wave_padding: is for feature_type wave"),
        (FrontendSettings("wave", wave=UTTERANCE, paste=("ark:x",)), "paste: is for features, and feature_type wave"),
        (FrontendSettings("wave", wave=UTTERANCE, pitch_config="pitch.conf"), "pitch_config: is for features"),
        (FrontendSettings("wave", "mfcc.conf", wave=UTTERANCE), "feature_config: is for features"),
        (FrontendSettings("wave", wave=UTTERANCE, steps=FeatureSteps(delta_order=1)), "delta_order: is for features"),
        (FrontendSettings("wave", wave=UTTERANCE, ivector_extractor="x"), "ivector_extractor: is for features"),
        (FrontendSettings("wave"), "wave_normalize: expected none or utterance"),
    ],
)
def test_what_does_not_go_with_it(settings: FrontendSettings, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        open_frontend(settings, SOUND)


def test_options_of_features_do_not_go_with_it() -> None:
    computation = ComputationSettings(FeatureSettings(sample_frequency=8000.0))
    with pytest.raises(UsageError, match="sample_frequency: is for features"):
        open_frontend(FrontendSettings("wave", wave=UTTERANCE), SOUND, computation)


def test_stored_features_are_no_sound() -> None:
    with pytest.raises(UsageError, match="wave_normalize: is for sound, and ark:x is taken for a table"):
        open_frontend(FrontendSettings(wave=UTTERANCE), ["ark:x"])


def test_sound_in_pieces_is_refused() -> None:
    with pytest.raises(UsageError, match="feature_type wave: the model takes whole utterances"):
        LiveFrontend(open_sound_frontend(FrontendSettings("wave", wave=UTTERANCE)), 16000, "u")
