"""Tests of features written as tables."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.errors import OvAsrScoreError, UsageError
from ov_asr_score.job.features import write_features
from ov_asr_score.settings.speech.feature_jobs import ComputationSettings, FeaturesJob
from ov_asr_score.settings.speech.feature_steps import FeatureSteps
from ov_asr_score.settings.speech.features import FeatureSettings, UtteranceSettings
from ov_asr_score.settings.speech.frontend import FrontendSettings
from ov_asr_score.settings.speech.pitch import PitchSettings
from ov_asr_score.settings.speech.sound import SoundSettings
from tests.frontend.places import FEATURES, stored

MFCC = FrontendSettings("mfcc")


@pytest.fixture(autouse=True)
def in_features(monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths in the lists are relative to their folder."""
    monkeypatch.chdir(FEATURES)


def test_a_table_and_lists_of_lengths(tmp_path: Path) -> None:
    computation = ComputationSettings(utterance=UtteranceSettings(write_utt2dur=f"ark,t:{tmp_path}/utt2dur"))
    job = FeaturesJob(
        ["wav,scp:all.scp"],
        f"ark,scp:{tmp_path}/f.ark,{tmp_path}/f.scp",
        MFCC,
        computation,
        utt2num_frames=str(tmp_path / "utt2num_frames"),
    )
    written = write_features(job)
    assert (written.count, written.skipped) == (7, ())
    expected = stored("mfcc/default.ark")
    found = stored(f"scp:{tmp_path}/f.scp")
    assert list(found) == list(expected)
    assert np.abs(found["clip"] - expected["clip"]).max() < 2e-3
    lengths = dict(line.split() for line in (tmp_path / "utt2num_frames").read_text().splitlines())
    assert lengths == {key: str(len(matrix)) for key, matrix in expected.items()}
    # in the order of the sound, as Kaldi wrote it
    assert (tmp_path / "utt2dur").read_bytes() == (FEATURES / "mfcc" / "utt2dur").read_bytes()


def test_durations_are_those_of_the_sound_before_it_is_resampled(tmp_path: Path) -> None:
    utterance = UtteranceSettings(write_utt2dur=f"ark,t:{tmp_path}/utt2dur", min_duration=0.02)
    settings = replace(MFCC, sound=SoundSettings(allow_downsample=True))
    computation = ComputationSettings(FeatureSettings(sample_frequency=11025.0), utterance)
    write_features(FeaturesJob(["wav/tiny.flac"], f"ark:{tmp_path}/f.ark", settings, computation))
    assert (tmp_path / "utt2dur").read_text() == "tiny 0.02 \n"  # 320 samples of 16 kHz


def test_several_files(tmp_path: Path) -> None:
    files = ["wav/es_f4-t0000.flac", "wav/clip.flac"]
    assert write_features(FeaturesJob(files, str(tmp_path / "f.ark"), MFCC)).count == 2
    assert list(stored(tmp_path / "f.ark")) == ["es_f4-t0000", "clip"]
    with pytest.raises(OvAsrScoreError, match="its key 'clip' is also that of"):
        (tmp_path / "clip.wav").write_bytes(b"")
        write_features(FeaturesJob([*files, str(tmp_path / "clip.wav")], str(tmp_path / "g.ark"), MFCC))
    assert not (tmp_path / "g.ark").exists()


def test_steps_of_stored_features(tmp_path: Path) -> None:
    steps = FrontendSettings(steps=FeatureSteps(delta_order=2))
    write_features(FeaturesJob(["post/base.ark"], str(tmp_path / "d.ark"), steps))
    expected = stored("post/deltas.ark")
    for key, rows in stored(tmp_path / "d.ark").items():
        assert np.abs(rows - expected[key]).max() < 1e-4
    with pytest.raises(UsageError, match="found neither; wav,scp:FILE is a list of sound, and copy-table"):
        write_features(FeaturesJob(["post/base.ark"], str(tmp_path / "e.ark")))


def test_options_of_pitch(tmp_path: Path) -> None:
    pitch = PitchSettings(
        add_raw_log_pitch=True, pitch_delta_window=3, normalization_left_context=20, normalization_right_context=10
    )
    computation = ComputationSettings(pitch=pitch, process_pitch=True)
    job = FeaturesJob(["wav,scp:notiny.scp"], str(tmp_path / "p.ark"), FrontendSettings("pitch"), computation)
    write_features(job)
    expected = stored("pitch/processed_raw_delta3_norm20_10.ark")
    for key, rows in stored(tmp_path / "p.ark").items():
        assert np.abs(rows - expected[key]).max() < 1e-3


def test_sources_are_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes((FEATURES / "wav" / "tiny.flac").read_bytes())
    with pytest.raises(UsageError, match="is the same file as that of sources"):
        write_features(FeaturesJob([str(tmp_path / "a.wav")], f"ark:{tmp_path}/a.wav", MFCC))
    with pytest.raises(UsageError, match=r"a\.wav: expected a table to write, .* found sound"):
        write_features(FeaturesJob(["wav/tiny.flac"], str(tmp_path / "a.wav"), MFCC))
    job = FeaturesJob(["wav/tiny.flac"], str(tmp_path / "x"), MFCC, utt2num_frames=str(tmp_path / "x"))
    with pytest.raises(UsageError, match="is the same file"):
        write_features(job)


def test_nothing_is_left_of_a_run_that_fails(tmp_path: Path) -> None:
    (tmp_path / "wav.scp").write_text(f"a {FEATURES}/wav/clip.flac\nb {FEATURES}/all.scp\n")
    out = tmp_path / "out"
    out.mkdir()
    job = FeaturesJob(
        [f"wav,scp:{tmp_path}/wav.scp"], f"ark,scp:{out}/f.ark,{out}/f.scp", MFCC, utt2num_frames=str(out / "n")
    )
    with pytest.raises(OvAsrScoreError):
        write_features(job)
    assert list(out.iterdir()) == []
    skipping = FeaturesJob(job.sources, job.target, MFCC, on_error="skip")
    written = write_features(skipping)
    assert written.count == 1
    assert [key for key, _ in written.skipped] == ["b"]


def test_durations_in_binary_form(tmp_path: Path) -> None:
    computation = ComputationSettings(utterance=UtteranceSettings(write_utt2dur=f"ark:{tmp_path}/d"))
    write_features(FeaturesJob(["wav/tiny.flac"], str(tmp_path / "f.ark"), MFCC, computation))
    assert (tmp_path / "d").read_bytes() == b"tiny \0B\4" + np.float32(0.02).tobytes()
    wrong = ComputationSettings(utterance=UtteranceSettings(write_utt2dur=f"ark,scp:{tmp_path}/d,{tmp_path}/e"))
    with pytest.raises(UsageError, match="write_utt2dur: expected ark,t:FILE or ark:FILE"):
        write_features(FeaturesJob(["wav/tiny.flac"], str(tmp_path / "f.ark"), MFCC, wrong))
