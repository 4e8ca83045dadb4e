"""What becomes of sound, or of stored features, before a model gets it.

Tests: tests/settings/test_setting.py, tests/frontend/test_opening.py
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Literal

from ov_asr_score.settings.setting import FEATURES, IVECTORS, Setting
from ov_asr_score.settings.speech.feature_steps import FeatureSteps
from ov_asr_score.settings.speech.ivectors import IvectorOptions
from ov_asr_score.settings.speech.sound import SoundSettings
from ov_asr_score.settings.speech.wave_input import WaveSettings

AnyFeatureType = Literal["mfcc", "fbank", "plp", "spectrogram", "pitch", "wave"]


@dataclass(frozen=True, slots=True)
class FrontendSettings:
    """Features to compute of sound, what follows them, and i-vectors; nothing of it for features as they are."""

    feature_type: Annotated[
        AnyFeatureType | None,
        Setting(
            "Features to compute of sound; without it, the name of --feature-config says it (mfcc.conf, fbank.conf, "
            "plp_hires.conf). wave: the samples themselves, for models that take sound as it is.",
            panel=FEATURES,
            in_suite=True,
            changes_bytes=True,
        ),
    ] = None
    feature_config: Annotated[
        str,
        Setting(
            "Options of Kaldi's compute-mfcc-feats and the like, one --name=value a line.",
            metavar="FILE",
            panel=FEATURES,
            in_suite=True,
        ),
    ] = ""
    pitch_config: Annotated[
        str,
        Setting(
            "Append processed pitch, with the options in FILE: those of pitch.conf, pitch_process.conf or both.",
            metavar="FILE",
            panel=FEATURES,
            in_suite=True,
        ),
    ] = ""
    paste: Annotated[
        Sequence[str],
        Setting(
            "Append the columns of another table of features, looked up by key, as paste-feats does; may be repeated.",
            metavar="RSPECIFIER",
            panel=FEATURES,
            repeated=True,
            in_suite=True,
            changes_bytes=True,
        ),
    ] = ()
    paste_tolerance: Annotated[
        int,
        Setting(
            "Frames by which features that are pasted may differ in length; all are cut to the shortest.",
            metavar="FRAMES",
            panel=FEATURES,
            least=0,
            in_suite=True,
            changes_bytes=True,
        ),
    ] = 0
    sound: SoundSettings = field(default_factory=SoundSettings)
    steps: FeatureSteps = field(default_factory=FeatureSteps)
    wave: WaveSettings = field(default_factory=WaveSettings)
    ivector_extractor: Annotated[
        str,
        Setting(
            "Compute online i-vectors for the input ivector: ivector_extractor.conf, or the folder of an extractor.",
            metavar="FILE|DIR",
            panel=IVECTORS,
            in_suite=True,
        ),
    ] = ""
    ivector_spk2utt: Annotated[
        str,
        Setting(
            "Utterances of each speaker, in the order in which the state of its i-vectors is carried on; without it, "
            "every utterance begins anew.",
            metavar="RSPECIFIER",
            panel=IVECTORS,
            in_suite=True,
        ),
    ] = ""
    feature_options: Sequence[tuple[str, str]] = ()  # names and values that count more than those of feature_config
    # count more than what the files of the extractor say; they may name those files where nothing else does
    ivector_options: IvectorOptions | None = None
    ivector_frame_weight: float = 1.0  # of each frame in i-vectors

    @property
    def wants_ivectors(self) -> bool:
        """Whether i-vectors are to be computed."""
        return bool(self.ivector_extractor) or self.ivector_options is not None

    @property
    def all_ivector_options(self) -> IvectorOptions:
        """The options of the extractor together with the file or folder that is named."""
        options = self.ivector_options or IvectorOptions()
        return replace(options, ivector_extraction_config=self.ivector_extractor) if self.ivector_extractor else options

    @property
    def takes_wave(self) -> bool:
        """Whether the samples of sound go to the model as they are."""
        return self.feature_type == "wave" or bool(
            self.wave.preprocessor_config and not (self.feature_type or self.feature_config)
        )
