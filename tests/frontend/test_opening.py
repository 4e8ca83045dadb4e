"""Tests of what settings become, and of what they cannot become."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ov_asr_score.errors import ConfigFormatError, FileAccessError, UsageError
from ov_asr_score.features.options import FbankOptions, MfccOptions
from ov_asr_score.frontend.named_files import named_files
from ov_asr_score.frontend.opening import open_frontend, open_sound_frontend
from ov_asr_score.settings.speech.feature_jobs import ComputationSettings
from ov_asr_score.settings.speech.feature_steps import FeatureSteps
from ov_asr_score.settings.speech.features import FeatureSettings, UtteranceSettings
from ov_asr_score.settings.speech.frontend import FrontendSettings
from ov_asr_score.settings.speech.ivectors import IvectorOptions
from ov_asr_score.settings.speech.pitch import PitchSettings
from ov_asr_score.settings.speech.sound import SoundSettings
from tests.frontend.places import EXTRACTOR, FEATURES, IVECTOR

SOUND = ["wav:*.flac"]
CONFIG = str(FEATURES / "conf" / "mfcc_hires.conf")


def test_features_as_they_are_need_no_front_end() -> None:
    assert open_frontend(FrontendSettings(), ["feats.ark"]) is None
    assert open_frontend(FrontendSettings(), []) is None


def test_the_name_of_the_configuration_tells_the_type() -> None:
    found = open_frontend(FrontendSettings(feature_config=CONFIG), SOUND)
    assert found is not None and found.features is not None
    assert isinstance(found.features.options, MfccOptions)
    assert found.features.options.num_ceps == 40
    assert found.notes == (f"mfcc features, as the name of {CONFIG} says",)


def test_the_type_is_asked_for_where_nothing_tells_it(tmp_path: Path) -> None:
    (tmp_path / "features.conf").write_text("--num-mel-bins=40\n")
    for settings in (FrontendSettings(), FrontendSettings(feature_config=str(tmp_path / "features.conf"))):
        with pytest.raises(UsageError, match="feature_type: expected mfcc, fbank, plp, spectrogram, pitch or wave"):
            open_frontend(settings, SOUND)
    with pytest.raises(FileAccessError, match=r"nothing\.conf: no such file"):
        open_frontend(FrontendSettings(feature_config=str(tmp_path / "nothing.conf")), SOUND)
    (tmp_path / "mfcc_or_plp.conf").write_text("")
    with pytest.raises(UsageError, match="does not tell"):
        open_frontend(FrontendSettings(feature_config=str(tmp_path / "mfcc_or_plp.conf")), SOUND)


@pytest.mark.parametrize(
    ("source", "advice"),
    [("scp:data/wav.scp", "a list of sound is wav,scp:data/wav.scp"), ("-", "sound from standard input is wav:-")],
)
def test_sound_that_is_taken_for_a_table(source: str, advice: str) -> None:
    with pytest.raises(UsageError, match=f"feature_type: is for sound, and {source} is taken for .*; {advice}$"):
        open_frontend(FrontendSettings("mfcc"), [source])


def test_what_is_given_counts_more_than_the_configuration() -> None:
    settings = FrontendSettings(feature_config=CONFIG, sound=SoundSettings(allow_downsample=True))
    computation = ComputationSettings(FeatureSettings(num_ceps=20), UtteranceSettings(subtract_mean=True))
    found = open_frontend(settings, SOUND, computation)
    assert found is not None and found.features is not None
    assert isinstance(found.features.options, MfccOptions)
    assert found.features.options.num_ceps == 20
    assert found.features.options.frame.allow_downsample
    assert found.features.utterance.subtract_mean


def test_an_option_of_other_features_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.conf").write_text("# filter banks\n--use-log-fbank=true\n")
    with pytest.raises(ConfigFormatError, match=r"x\.conf: line 2: .*use-log-fbank.*only filterbank"):
        open_frontend(FrontendSettings("mfcc", str(tmp_path / "x.conf")), SOUND)
    with pytest.raises(UsageError, match="num_ceps: expected an option of filterbank features"):
        open_frontend(FrontendSettings("fbank"), SOUND, ComputationSettings(FeatureSettings(num_ceps=3)))
    with pytest.raises(UsageError, match="min_f0: is for pitch, which is not asked for"):
        open_frontend(FrontendSettings("fbank"), SOUND, ComputationSettings(pitch=PitchSettings(min_f0=60)))


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        (FrontendSettings("mfcc"), "feature_type"),
        (FrontendSettings(feature_config="mfcc.conf"), "feature_config"),
        (FrontendSettings(pitch_config="pitch.conf", steps=FeatureSteps(delta_order=2)), "pitch_config"),
    ],
)
def test_stored_features_are_not_computed_again(settings: FrontendSettings, name: str) -> None:
    with pytest.raises(
        UsageError, match=f"{name}: is for sound, and feats.ark is taken for a table of features; sound is"
    ):
        open_frontend(settings, ["feats.ark"])


def test_sound_and_tables_do_not_mix() -> None:
    with pytest.raises(UsageError, match=r"found both: wav:\*\.flac and feats\.ark"):
        open_frontend(FrontendSettings("mfcc"), [*SOUND, "feats.ark"])


def test_dither_is_told() -> None:
    found = open_frontend(FrontendSettings("fbank"), SOUND, ComputationSettings(FeatureSettings(dither=1.0)))
    assert found is not None and found.features is not None and isinstance(found.features.options, FbankOptions)
    assert found.notes == ("dither 1 adds random numbers, which are not those of Kaldi; 0 adds none",)


def test_pitch_alone_and_behind_others(tmp_path: Path) -> None:
    alone = open_frontend(FrontendSettings("pitch"), SOUND)
    assert alone is not None and alone.pitch is not None and alone.features is None and not alone.pitch.is_processed
    processed = open_frontend(FrontendSettings("pitch"), SOUND, ComputationSettings(process_pitch=True))
    assert processed is not None and processed.pitch is not None and processed.pitch.is_processed
    wide = open_frontend(
        FrontendSettings("pitch"), SOUND, ComputationSettings(pitch=PitchSettings(pitch_delta_window=4, delay=1))
    )
    assert wide is not None and wide.pitch is not None
    assert (wide.pitch.recipe.processing.delta_window, wide.pitch.recipe.processing.delay) == (4, 1)
    (tmp_path / "pitch.conf").write_text("--sample-frequency=8000\n")
    with pytest.raises(
        UsageError, match="pitch_config: expected the sample-frequency of the features, 16000 Hz, found 8000"
    ):
        open_frontend(FrontendSettings("mfcc", pitch_config=str(tmp_path / "pitch.conf")), SOUND)


def test_a_channel_in_a_configuration_file(tmp_path: Path) -> None:
    (tmp_path / "mfcc.conf").write_text("--channel=1\n")
    settings = FrontendSettings(feature_config=str(tmp_path / "mfcc.conf"))
    found = open_frontend(settings, SOUND)
    assert found is not None and found.sound.channel == 1
    found = open_frontend(replace(settings, sound=SoundSettings(channel=0)), SOUND)
    assert found is not None and found.sound.channel == 0


def test_options_of_features_that_pitch_shares(tmp_path: Path) -> None:
    (tmp_path / "pitch.conf").write_text("\n")
    given = ComputationSettings(FeatureSettings(frame_shift=5.0, preemphasis_coefficient=0.9))
    found = open_frontend(FrontendSettings("mfcc", pitch_config=str(tmp_path / "pitch.conf")), SOUND, given)
    assert found is not None and found.pitch is not None
    extraction = found.pitch.recipe.extraction
    assert (extraction.frame_shift, extraction.preemphasis_coefficient) == (5.0, 0.0)


def test_ivectors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(EXTRACTOR.parent.parent)
    settings = FrontendSettings(
        ivector_extractor=str(EXTRACTOR / "ivector_extractor.conf"), ivector_spk2utt=str(IVECTOR / "spk2utt_two")
    )
    found = open_frontend(settings, ["feats.ark"])
    assert found is not None and found.ivectors is not None and found.ivectors.speakers is not None
    assert (found.ivectors.period, found.ivectors.extractor.ivector_dim) == (10, 24)
    assert list(found.ivectors.speakers) == ["es_Annie", "flite_slt"]
    with pytest.raises(UsageError, match="ivector_spk2utt: is for ivector_extractor"):
        open_frontend(FrontendSettings(ivector_spk2utt="spk2utt", steps=FeatureSteps(delta_order=1)), ["feats.ark"])
    with pytest.raises(FileAccessError, match="nowhere"):
        open_frontend(FrontendSettings(ivector_extractor="nowhere"), ["feats.ark"])


def test_options_of_ivectors_count_more_than_files() -> None:
    folder = str(EXTRACTOR)
    plain = open_sound_frontend(FrontendSettings("mfcc", CONFIG, ivector_extractor=folder)).ivectors
    asked = IvectorOptions(max_count=7, greedy_ivector_extractor=True)
    found = open_sound_frontend(
        FrontendSettings("mfcc", CONFIG, ivector_extractor=folder, ivector_options=asked)
    ).ivectors
    assert plain is not None and found is not None
    assert (plain.extractor.options.max_count, plain.extractor.options.greedy_ivector_extractor) == (100, False)
    assert (found.extractor.options.max_count, found.extractor.options.greedy_ivector_extractor) == (7, True)


def test_an_extractor_that_only_options_name() -> None:
    files = {
        "ivector_extractor": "final.ie",
        "diag_ubm": "final.dubm",
        "lda_matrix": "final.mat",
        "global_cmvn_stats": "global_cmvn.stats",
        "splice_config": "splice.conf",
        "cmvn_config": "online_cmvn.conf",
    }
    paths: dict[str, Any] = {name: str(EXTRACTOR / file) for name, file in files.items()}
    options = IvectorOptions(max_count=50, **paths)
    settings = FrontendSettings("mfcc", CONFIG, ivector_options=options)
    assert settings.wants_ivectors
    found = open_sound_frontend(settings).ivectors
    assert found is not None
    assert (found.name, found.extractor.options.max_count) == (str(EXTRACTOR / "final.ie"), 50)
    assert {Path(path).name for name, path in named_files(settings) if name == "ivector_extractor"} == set(
        files.values()
    )


def test_options_of_features_from_python() -> None:
    pairs = (("num-ceps", "20"), ("dither", "0"))
    found = open_sound_frontend(FrontendSettings("mfcc", CONFIG, feature_options=pairs)).features
    assert found is not None
    assert found.options.num_ceps == 20  # type: ignore[union-attr]
    with pytest.raises(ConfigFormatError, match=r"options of features: line 1: .*'num-seps'"):
        open_sound_frontend(FrontendSettings("mfcc", CONFIG, feature_options=(("num-seps", "20"),)))
