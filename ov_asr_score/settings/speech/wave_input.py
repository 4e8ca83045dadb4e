"""What becomes of the samples of sound for models that take them as they are.

Everything is None where it is not asked for: then a preprocessor configuration says it, or else the default.

Tests: tests/settings/test_setting.py, tests/features/test_wave_input.py
"""

from dataclasses import dataclass
from typing import Annotated, Literal

from ov_asr_score.settings.setting import FEATURES, Setting

WaveScale = Literal["unit", "int16"]
WaveNormalization = Literal["none", "utterance"]


@dataclass(frozen=True, slots=True)
class WaveSettings:
    """Options of --feature-type wave."""

    wave_rate: Annotated[
        int | None,
        Setting(
            "Wave input: samples per second that the model takes (default 16000); see --allow-downsample.",
            metavar="HZ",
            panel=FEATURES,
            least=1,
            in_suite=True,
            changes_bytes=True,
        ),
    ] = None
    wave_scale: Annotated[
        WaveScale | None,
        Setting(
            "Wave input: samples from -1 to 1 (default unit), or as large as 16-bit integers.",
            panel=FEATURES,
            in_suite=True,
            changes_bytes=True,
        ),
    ] = None
    wave_normalize: Annotated[
        WaveNormalization | None,
        Setting(
            "Wave input: utterance makes the mean of each utterance 0 and its variance 1, as do_normalize of Hugging "
            "Face; one of them must be said, here or in the preprocessor configuration.",
            panel=FEATURES,
            in_suite=True,
            changes_bytes=True,
        ),
    ] = None
    wave_padding: Annotated[
        int | None,
        Setting(
            "Wave input: samples of silence before and behind each utterance (default 0).",
            metavar="N",
            panel=FEATURES,
            least=0,
            most=10_000_000,
            in_suite=True,
            changes_bytes=True,
        ),
    ] = None
    preprocessor_config: Annotated[
        str,
        Setting(
            "Wave input: rate and normalization from a preprocessor_config.json of Hugging Face.",
            metavar="FILE",
            panel=FEATURES,
            in_suite=True,
        ),
    ] = ""
