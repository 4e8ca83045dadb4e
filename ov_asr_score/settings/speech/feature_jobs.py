"""What is asked when features or i-vectors are computed and written.

Tests: tests/settings/test_setting.py, tests/cli/commands
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated

from ov_asr_score.settings.setting import FEATURES, IVECTOR_EXTRACTION, TABLES, Part, Setting
from ov_asr_score.settings.shard import Shard, parse_shard
from ov_asr_score.settings.speech.feature_steps import FeatureSteps
from ov_asr_score.settings.speech.features import FeatureSettings, UtteranceSettings
from ov_asr_score.settings.speech.frontend import FrontendSettings
from ov_asr_score.settings.speech.ivectors import IvectorOptions, IvectorTableSettings
from ov_asr_score.settings.speech.pitch import PitchSettings
from ov_asr_score.settings.speech.sound import SoundSettings
from ov_asr_score.settings.speech.wave_input import WaveSettings
from ov_asr_score.settings.tables import AllowCommands, CompressionMethod, OnError, PathMaps

_TARGET = Setting("Table to write: ark:…, ark,scp:a,b, ark,t:-, x.npz.", metavar="WSPECIFIER", positional=True)


@dataclass(frozen=True, slots=True)
class ComputationSettings:
    """Options of the computation of features, which count more than configuration files."""

    features: FeatureSettings = field(default_factory=FeatureSettings)
    utterance: Annotated[
        UtteranceSettings,
        Part(("subtract_mean", "vtln_warp", "vtln_map", "utt2spk", "min_duration", "write_utt2dur", "output_format")),
    ] = field(default_factory=UtteranceSettings)
    pitch: PitchSettings = field(default_factory=PitchSettings)
    process_pitch: Annotated[
        bool,
        Setting(
            "Pitch alone: processed as process-kaldi-pitch-feats does it, instead of as it is found.", panel=FEATURES
        ),
    ] = False


@dataclass(frozen=True, slots=True)
class FeaturesJob:
    """Features of ``sources``, written to the table ``target``."""

    sources: Annotated[
        Sequence[str],
        Setting(
            "Sound files, wav:GLOB, wav,scp:wav.scp, wav,ark:FILE, a data directory; or a table of features, for what "
            "follows only.",
            metavar="SOURCE...",
            positional=True,
            repeated=True,
        ),
    ]
    target: Annotated[str, _TARGET]
    frontend: Annotated[
        FrontendSettings,
        Part(
            (
                *("feature_type", "feature_config", "pitch_config", "paste", "paste_tolerance"),
                *(SoundSettings, FeatureSteps, WaveSettings),
            ),
            settings={
                "feature_type": Setting(
                    "Features to compute; without it, the name of --config says it (mfcc.conf, fbank.conf).",
                    names=("--type",),
                    panel=FEATURES,
                    choices=("mfcc", "fbank", "plp", "spectrogram", "pitch", "wave"),
                ),
                "feature_config": Setting(
                    "File of options, one --name=value a line; options of the command line count more.",
                    names=("--config",),
                    metavar="FILE",
                    panel=FEATURES,
                ),
            },
        ),
    ] = field(default_factory=FrontendSettings)
    computation: ComputationSettings = field(default_factory=ComputationSettings)
    compression_method: CompressionMethod = None
    shard: Annotated[
        Shard | None,
        Setting("Part I of N of the source; I starts at 1.", metavar="I/N", panel=TABLES, parse=parse_shard),
    ] = None
    utt2num_frames: Annotated[
        str,
        Setting("Write the number of frames of every utterance, as feat-to-len does.", metavar="FILE", panel=TABLES),
    ] = ""
    allow_commands: AllowCommands = False
    path_map: PathMaps = ()
    on_error: OnError = "stop"


@dataclass(frozen=True, slots=True)
class IvectorsJob:
    """Online i-vectors of the table ``features``, written to the table ``target``."""

    features: Annotated[
        str,
        Setting(
            "Table of the features that the extractor takes, before CMVN: ark:…, scp:…",
            metavar="FEATURES",
            positional=True,
        ),
    ]
    target: Annotated[str, _TARGET]
    spk2utt: Annotated[
        str,
        Setting(
            "Utterances of each speaker, in the order in which its state is carried on; without it, every utterance "
            "begins anew.",
            metavar="RSPECIFIER",
            panel=IVECTOR_EXTRACTION,
        ),
    ] = ""
    options: Annotated[
        IvectorOptions,
        Part(
            settings={
                "ivector_extraction_config": Setting(
                    "ivector_extractor.conf, or the folder of an extractor; paths in the file that do not exist are "
                    "looked for beside it.",
                    names=("--config", "--ivector-extraction-config"),
                    metavar="FILE|DIR",
                    panel=IVECTOR_EXTRACTION,
                )
            }
        ),
    ] = field(default_factory=IvectorOptions)
    table: IvectorTableSettings = field(default_factory=IvectorTableSettings)
    compression_method: CompressionMethod = None
    allow_commands: AllowCommands = False
    path_map: PathMaps = ()
    on_error: OnError = "stop"
