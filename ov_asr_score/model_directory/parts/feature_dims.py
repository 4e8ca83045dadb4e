"""How wide the features are that settings ask for.

Tests: tests/model_directory/test_part_checks.py
"""

from __future__ import annotations

from dataclasses import replace

from ov_asr_score.features.steps.feature_chain import FeatureChain
from ov_asr_score.frontend.frontend import Frontend
from ov_asr_score.frontend.live import LiveFrontend
from ov_asr_score.frontend.opening import open_sound_frontend
from ov_asr_score.settings.speech.feature_steps import FeatureSteps
from ov_asr_score.settings.speech.frontend import FrontendSettings

_RATE = 16_000  # for features that do not say theirs


def frontend_dim(frontend: Frontend, steps: FeatureSteps) -> int:
    """Columns of what a front end gives, after its ``steps``. Raises what ``LiveFrontend`` raises."""
    rate = _RATE
    if frontend.features is not None:
        rate = int(frontend.features.options.frame.sample_frequency)
    elif frontend.pitch is not None:
        rate = int(frontend.pitch.recipe.extraction.sample_frequency)
    without_ivectors = replace(frontend, ivectors=None)
    if steps.cmvn in ("utterance", "speaker", "sliding"):  # they do not change the width, but want whole utterances
        plain = replace(steps, cmvn=None, norm_means=None, norm_vars=None, skip_dims=None, cmn_window=None)
        plain = replace(plain, min_cmn_window=None, center=None, cmvn_stats="")
        without_ivectors = replace(without_ivectors, chain=None if plain == FeatureSteps() else FeatureChain(plain))
    return int(LiveFrontend(without_ivectors, rate, "width").dim)


def settings_dim(settings: FrontendSettings) -> int:
    """Columns of what settings ask for, without i-vectors. Raises what opening a front end raises."""
    plain = replace(settings, ivector_extractor="", ivector_options=None)
    return frontend_dim(open_sound_frontend(plain), settings.steps)
