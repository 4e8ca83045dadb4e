"""Settings of components as names and plain values; test_network_summary.py compares them with what Kaldi prints."""

from __future__ import annotations

import json

import numpy as np

from ov_asr_score.kaldi_model.info_settings import component_settings, rounded
from ov_asr_score.kaldi_model.network import Component, FieldValue


def settings_of(type_name: str, **fields: FieldValue) -> dict[str, object]:
    return dict(component_settings(Component("layer", type_name, fields, 0), 3))


def test_numbers_that_json_does_not_know() -> None:
    assert rounded(float("nan")) == "nan"
    assert rounded(float("-inf")) == "-inf"
    assert rounded(1 / 3) == 0.333333


def test_figures_of_parameters() -> None:
    matrix, vector = np.array([[3, 4]], np.float32), np.array([1, 3], np.float32)
    settings = settings_of("AffineComponent", LinearParams=matrix, BiasParams=vector)
    assert settings == {"linear-params-rms": rounded(12.5**0.5, 4), "bias-mean": 2, "bias-stddev": 1}
    assert settings_of("AffineComponent", BiasParams=np.zeros(0, np.float32)) == {"bias": "none"}


def test_values_that_are_not_numbers_can_be_written_as_json() -> None:
    settings = settings_of("AffineComponent", BiasParams=np.array([np.nan, 1], np.float32))
    assert json.loads(json.dumps(settings, allow_nan=False)) == {"bias-mean": "nan", "bias-stddev": "nan"}


def test_widths_and_values_for_training_are_left_out() -> None:
    assert settings_of("NoOpComponent", Dim=3, LearningRate=0.1, Count=5.0, BackpropScale=1.0) == {}


def test_the_count_of_batch_norm_is_shown() -> None:
    assert settings_of("BatchNormComponent", Dim=3, Count=5.0, TestMode=True) == {"count": 5.0, "test-mode": True}


def test_names_of_one_type() -> None:
    scales = np.ones(2, np.float32)
    assert list(settings_of("PerElementScaleComponent", Params=scales)) == ["scales-mean", "scales-stddev"]
    assert list(settings_of("LinearComponent", Params=scales)) == ["params-mean", "params-stddev"]


def test_pairs_and_long_vectors() -> None:
    few = np.array([-1, 0, 1, 2], np.int32)
    many = np.arange(300, dtype=np.int32)
    assert settings_of("TimeHeightConvolutionComponent", Offsets=few) == {"offsets": [[-1, 0], [1, 2]]}
    assert settings_of("TimeHeightConvolutionComponent", Offsets=many) == {"offsets": "150 pairs"}
    assert settings_of("TdnnComponent", TimeOffsets=few) == {"time-offsets": [-1, 0, 1, 2]}
    assert settings_of("TdnnComponent", TimeOffsets=many) == {"time-offsets": "300 integers from 0 to 299"}
