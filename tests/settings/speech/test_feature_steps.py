from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ov_asr_score.errors import UsageError
from ov_asr_score.settings.speech.feature_steps import (
    CMVN_SETTINGS,
    NO_STEPS,
    FeatureSteps,
    belongs_to,
    check_steps,
    parse_skip_dims,
    parse_splice,
    parse_subsample,
)


def test_texts_of_options() -> None:
    assert parse_skip_dims("13:14:15") == (13, 14, 15) and parse_skip_dims("") is None
    assert parse_splice("4,0") == (4, 0) and parse_splice("") is None
    assert parse_subsample("3") == (3, 0) and parse_subsample("3,1") == (3, 1) and parse_subsample("-2") == (-2, 0)
    assert parse_subsample("") is None


@pytest.mark.parametrize(
    ("parse", "texts"),
    [
        (parse_skip_dims, ("1,2", ":", "1:", "-1", "a")),
        (parse_splice, ("4", "4,4,4", "-1,2", "4,", "999999,0")),
        (parse_subsample, ("0", "-2,1", "3,-1", "x", "3,1,1")),
    ],
)
def test_other_texts(parse: Any, texts: tuple[str, ...]) -> None:
    for text in texts:
        with pytest.raises(UsageError, match="expected") as caught:
            parse(text)
        assert str(caught.value).startswith(repr(text))


@pytest.mark.parametrize(
    ("steps", "fields"),
    [
        (FeatureSteps(norm_vars=True), ("norm_vars", "cmvn")),
        (FeatureSteps(cmvn="utterance", center=False), ("center", "cmvn")),
        (FeatureSteps(cmvn="speaker", cmn_window=600), ("cmn_window", "cmvn")),
        (FeatureSteps(cmvn="sliding", cmvn_stats="x"), ("cmvn_stats", "cmvn")),
        (FeatureSteps(cmvn="sliding", norm_means=True), ("norm_means", "cmvn")),
        (FeatureSteps(cmvn="sliding", global_frames=0), ("global_frames", "cmvn")),
        (FeatureSteps(cmvn_stats="x"), ("cmvn_stats", "cmvn")),
        (FeatureSteps(cmvn="global"), ("cmvn", "cmvn_stats")),
        (FeatureSteps(cmvn="online"), ("cmvn", "cmvn_stats")),
        (FeatureSteps(cmvn="speaker", norm_vars=True, norm_means=False), ("norm_vars",)),
        (FeatureSteps(delta_window=2), ("delta_window", "delta_order")),
        (FeatureSteps(transform_by="speaker"), ("transform_by", "transforms")),
    ],
)
def test_settings_without_the_step_that_they_are_for(steps: FeatureSteps, fields: tuple[str, ...]) -> None:
    with pytest.raises(UsageError) as caught:
        check_steps(steps)
    assert caught.value.fields == fields
    assert all(field in str(caught.value) for field in fields)


def test_settings_that_fit() -> None:
    check_steps(NO_STEPS)
    check_steps(FeatureSteps(cmvn="online", cmvn_stats="x", cmn_window=300, speaker_frames=5, global_frames=2))
    check_steps(FeatureSteps(cmvn="sliding", center=True, norm_vars=True, cmn_window=300, min_cmn_window=10))
    check_steps(replace(NO_STEPS, cmvn="speaker", skip_dims=(1,), delta_order=2, delta_window=3, transforms=("x",)))


def test_which_kind_a_setting_is_for() -> None:
    assert belongs_to("center", "sliding") and not belongs_to("center", "online") and not belongs_to("center", None)
    assert all(any(belongs_to(name, kind) for kind in ("sliding", "online", "speaker")) for name in CMVN_SETTINGS)
