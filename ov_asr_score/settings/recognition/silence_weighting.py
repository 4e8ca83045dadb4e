"""How much frames of silence count in i-vectors."""

from dataclasses import dataclass, fields, replace
from typing import Annotated

from ov_asr_score.settings.recognition.phones import parse_given_phones
from ov_asr_score.settings.setting import ENDPOINTS, Setting


@dataclass(frozen=True, slots=True)
class SilenceWeightingOptions:
    """Weights of frames in i-vectors by what the search takes for silence; without silence phones, all weigh the same.

    Source: online2/online-ivector-feature.h, OnlineSilenceWeightingConfig.
    """

    silence_phones: tuple[int, ...] = ()
    silence_weight: float = 1.0
    max_state_duration: float = -1.0

    @property
    def is_active(self) -> bool:
        """Whether anything but 1 is a weight."""
        return bool(self.silence_phones) and self.silence_weight != 1.0


@dataclass(frozen=True, slots=True)
class SilenceWeightingSettings:
    """The options of Kaldi's OnlineSilenceWeightingConfig; what is None is as the model directory has it."""

    weighted_silence_phones: Annotated[
        tuple[int, ...] | None,
        Setting(
            "Phones that are silence, for the weights of frames in i-vectors: 1:2:3.",
            names=("--ivector-silence-weighting.silence-phones",),
            metavar="PHONES",
            panel=ENDPOINTS,
            parse=parse_given_phones,
            changes_bytes=True,
        ),
    ] = None
    silence_weight: Annotated[
        float | None,
        Setting(
            "Weight of frames of silence in i-vectors (vosk's: 0.001).",
            names=("--ivector-silence-weighting.silence-weight",),
            metavar="X",
            panel=ENDPOINTS,
            changes_bytes=True,
        ),
    ] = None
    max_state_duration: Annotated[
        float | None,
        Setting(
            "A transition-id that lasts for N rows of scores or more counts as silence in i-vectors.",
            names=("--ivector-silence-weighting.max-state-duration",),
            metavar="N",
            panel=ENDPOINTS,
            changes_bytes=True,
        ),
    ] = None


def silence_weighting_options(
    settings: SilenceWeightingSettings, base: SilenceWeightingOptions
) -> SilenceWeightingOptions:
    """The options of a model directory with what is asked for in their place."""
    given = {each.name.removeprefix("weighted_"): getattr(settings, each.name) for each in fields(settings)}
    return replace(base, **{name: value for name, value in given.items() if value is not None})
