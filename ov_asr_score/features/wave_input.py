"""The samples of sound as features of one column, for models that take sound as it is."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import ConfigFormatError, FileAccessError, UsageError
from ov_asr_score.kaldi_io.files.input import open_path
from ov_asr_score.settings.speech.wave_input import WaveNormalization, WaveScale, WaveSettings
from ov_asr_score.text import clipped, printable_name

Samples = NDArray[np.float32]

_DEFAULT_RATE = 16_000
_LARGEST = 32_768  # of 16-bit integers
_EXTRACTOR = "Wav2Vec2FeatureExtractor"
_MOST_BYTES = 1 << 20
# What transformers adds to the variance (feature_extraction_wav2vec2.py, zero_mean_unit_var_norm).
_EPSILON = 1e-7


@dataclass(frozen=True, slots=True)
class WaveRecipe:
    """How samples become the input of a model.

    ``normalize`` utterance: the mean of each utterance becomes 0, its variance 1. ``padding`` samples of 0 stand before
    and behind it.
    """

    sample_rate: int = _DEFAULT_RATE
    scale: WaveScale = "unit"
    normalize: WaveNormalization = "none"
    padding: int = 0


def wave_rows(samples: Samples, recipe: WaveRecipe) -> Samples:
    """Rows [N, 1] of samples [n] on the scale of 16-bit integers."""
    values = samples.astype(np.float64)
    if recipe.scale == "unit":
        values /= _LARGEST
    if recipe.normalize == "utterance" and len(values):
        values -= values.mean()
        values /= np.sqrt(np.mean(values * values) + _EPSILON)
    return np.pad(values, recipe.padding).astype(np.float32)[:, np.newaxis]


def resolve_wave(settings: WaveSettings) -> WaveRecipe:
    """The recipe that is asked for, else that of the preprocessor configuration, else the defaults.

    Raises UsageError where nothing says how samples are normalized, and as ``read_preprocessor_config``.
    """
    told = read_preprocessor_config(settings.preprocessor_config) if settings.preprocessor_config else None
    normalize = settings.wave_normalize or (None if told is None else told.normalize)
    if normalize is None:
        raise UsageError(
            "wave_normalize: expected none or utterance, as the model was trained, found neither; "
            "preprocessor_config says it, too",
            fields=("wave_normalize", "preprocessor_config"),
        )
    base = told or WaveRecipe()
    return WaveRecipe(
        settings.wave_rate or base.sample_rate,
        settings.wave_scale or base.scale,
        normalize,
        settings.wave_padding or 0,
    )


def read_preprocessor_config(path: str) -> WaveRecipe:
    """The recipe of a preprocessor_config.json of Hugging Face, for models such as wav2vec2, HuBERT and WavLM.

    Raises FileAccessError and ConfigFormatError, also for a file that asks for features of another kind.
    """
    name = printable_name(path)
    try:
        with open_path(path) as file:
            content = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise FileAccessError(f"{name}: cannot be read: {error.strerror}") from error
    try:
        if len(content) > _MOST_BYTES:
            raise ValueError("too long")
        fields = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ConfigFormatError(f"{name}: expected JSON, found none ({clipped(str(error))})") from error
    if not isinstance(fields, dict):
        raise ConfigFormatError(f"{name}: expected a JSON object, found {type(fields).__name__}")
    kind = fields.get("feature_extractor_type", _EXTRACTOR)
    if kind != _EXTRACTOR or fields.get("feature_size", 1) != 1:
        found = clipped(str(kind)) if kind != _EXTRACTOR else f"feature_size {clipped(str(fields['feature_size']))}"
        raise ConfigFormatError(f"{name}: expected {_EXTRACTOR} with one value per sample, found {found}")
    rate = _field(fields, "sampling_rate", int, name, default=_DEFAULT_RATE)
    if not 1 <= rate <= 10_000_000:
        raise ConfigFormatError(f"{name}: sampling_rate: expected samples per second, found {rate}")
    # transformers normalizes where nothing is said
    normalizes = _field(fields, "do_normalize", bool, name, default=True)
    return WaveRecipe(rate, "unit", "utterance" if normalizes else "none")


def _field(fields: dict[str, Any], key: str, kind: type, name: str, default: int) -> int:
    value = fields.get(key, default)
    if type(value) is not kind:
        expected = "true or false" if kind is bool else "a whole number"
        raise ConfigFormatError(f"{name}: {key}: expected {expected}, found {clipped(json.dumps(value))}")
    return cast(int, value)
