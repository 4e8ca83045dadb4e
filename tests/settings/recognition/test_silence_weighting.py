from __future__ import annotations

from ov_asr_score.settings.recognition.silence_weighting import (
    SilenceWeightingOptions,
    SilenceWeightingSettings,
    silence_weighting_options,
)


def test_what_is_asked_for_counts_more_than_the_model_directory() -> None:
    base = SilenceWeightingOptions((1, 2), 0.001)
    assert base.is_active and not SilenceWeightingOptions((1, 2)).is_active and not SilenceWeightingOptions().is_active
    assert silence_weighting_options(SilenceWeightingSettings(), base) == base
    settings = SilenceWeightingSettings(weighted_silence_phones=(3,), max_state_duration=40.0)
    assert silence_weighting_options(settings, base) == SilenceWeightingOptions((3,), 0.001, 40.0)
    assert silence_weighting_options(SilenceWeightingSettings(silence_weight=0.0), base).silence_weight == 0.0
