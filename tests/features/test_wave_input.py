"""Tests of samples as the input of a model."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.errors import ConfigFormatError, FileAccessError, UsageError
from ov_asr_score.features.wave_input import WaveRecipe, read_preprocessor_config, resolve_wave, wave_rows
from ov_asr_score.settings.speech.wave_input import WaveSettings

SAMPLES = (np.random.default_rng(4).standard_normal(4000) * 3000 + 70).astype(np.float32)


def config(tmp_path: Path, text: str) -> str:
    path = tmp_path / "preprocessor_config.json"
    path.write_text(text)
    return str(path)


def test_scales() -> None:
    assert wave_rows(SAMPLES, WaveRecipe(scale="int16"))[:, 0].tolist() == SAMPLES.tolist()
    unit = wave_rows(SAMPLES, WaveRecipe())
    assert unit.shape == (4000, 1) and unit.dtype == np.float32
    assert unit[:, 0].tolist() == (SAMPLES / np.float32(32768)).tolist()


def test_normalization_of_hugging_face() -> None:
    unit = (SAMPLES / 32768).astype(np.float64)
    expected = (unit - unit.mean()) / np.sqrt(unit.var() + 1e-7)
    found = wave_rows(SAMPLES, WaveRecipe(normalize="utterance"))
    np.testing.assert_allclose(found[:, 0], expected, rtol=1e-5, atol=1e-6)
    # the constant counts for quiet sound only, and on its scale
    quiet = np.full(100, 0.1, np.float32)
    quiet[::2] = -0.1
    np.testing.assert_allclose(
        wave_rows(quiet, WaveRecipe(normalize="utterance"))[1, 0],
        0.1 / 32768 / np.sqrt((0.1 / 32768) ** 2 + 1e-7),
        1e-5,
    )
    assert wave_rows(np.full(10, 5, np.float32), WaveRecipe(normalize="utterance")).tolist() == [[0.0]] * 10


def test_silence_at_both_ends_is_not_normalized() -> None:
    found = wave_rows(SAMPLES, WaveRecipe(normalize="utterance", padding=80))
    assert len(found) == 4160 and not found[:80].any() and not found[-80:].any()
    assert found[80:-80].tolist() == wave_rows(SAMPLES, WaveRecipe(normalize="utterance")).tolist()
    assert wave_rows(np.zeros(0, np.float32), WaveRecipe(normalize="utterance")).shape == (0, 1)


def test_configuration_of_a_preprocessor(tmp_path: Path) -> None:
    # as facebook/wav2vec2-base-960h and newer models have it
    path = config(tmp_path, '{"do_normalize": true, "feature_size": 1, "sampling_rate": 8000, "padding_value": 0.0}')
    assert read_preprocessor_config(path) == WaveRecipe(8000, "unit", "utterance")
    assert resolve_wave(WaveSettings(preprocessor_config=path)) == WaveRecipe(8000, "unit", "utterance")
    given = WaveSettings(16000, "int16", "none", 5, path)
    assert resolve_wave(given) == WaveRecipe(16000, "int16", "none", 5)
    path = config(tmp_path, '{"do_normalize": false, "feature_extractor_type": "Wav2Vec2FeatureExtractor"}')
    assert read_preprocessor_config(path) == WaveRecipe(16000, "unit", "none")
    assert read_preprocessor_config(config(tmp_path, "{}")).normalize == "utterance"  # default of transformers


def test_normalization_is_never_guessed() -> None:
    with pytest.raises(UsageError, match="wave_normalize: expected none or utterance"):
        resolve_wave(WaveSettings(wave_rate=16000))
    assert resolve_wave(WaveSettings(wave_normalize="none")) == WaveRecipe()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "expected JSON, found none"),
        ("", "expected JSON, found none"),
        ("[" * 100_000, "expected JSON, found none"),
        ("[1]", "expected a JSON object, found list"),
        (
            '{"feature_extractor_type": "WhisperFeatureExtractor"}',
            "expected Wav2Vec2FeatureExtractor with one value per sample, found 'WhisperFeatureExtrac",
        ),
        ('{"feature_size": 80}', "one value per sample, found feature_size '80'"),
        ('{"sampling_rate": "16k"}', "sampling_rate: expected a whole number, found"),
        ('{"sampling_rate": 0}', "sampling_rate: expected samples per second, found 0"),
        ('{"do_normalize": 1}', "do_normalize: expected true or false, found '1'"),
        (json.dumps({"x": "y" * (1 << 20)}), "expected JSON, found none .'too long'"),
    ],
)
def test_bad_configurations(tmp_path: Path, text: str, message: str) -> None:
    path = config(tmp_path, text)
    with pytest.raises(ConfigFormatError, match=message) as caught:
        read_preprocessor_config(path)
    assert str(caught.value).startswith(path) and "\n" not in str(caught.value)


def test_missing_configuration(tmp_path: Path) -> None:
    with pytest.raises(FileAccessError, match="no such file"):
        read_preprocessor_config(str(tmp_path / "none.json"))
