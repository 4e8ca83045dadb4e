"""Tests of utterances through the front end, against Kaldi's own programs."""

from __future__ import annotations

import os
import struct
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from numpy.typing import NDArray

from ov_asr_score.errors import MissingUtteranceError, OvAsrScoreError, ShapeMismatchError, SoundFormatError, UsageError
from ov_asr_score.features.steps.cmvn import cmvn_stats
from ov_asr_score.frontend.frontend import Frontend
from ov_asr_score.frontend.opening import open_frontend
from ov_asr_score.frontend.reading import Reading, UtteranceFeatures, read_features
from ov_asr_score.kaldi_io import TableWriter
from ov_asr_score.settings.shard import Shard
from ov_asr_score.settings.speech.feature_jobs import ComputationSettings
from ov_asr_score.settings.speech.feature_steps import FeatureSteps
from ov_asr_score.settings.speech.features import FeatureSettings, UtteranceSettings
from ov_asr_score.settings.speech.frontend import FrontendSettings
from ov_asr_score.settings.speech.sound import SoundSettings
from tests.command_line import ROOT
from tests.frontend.places import EXTRACTOR, FEATURES, IVECTOR, MFCC_CONFIG, SPEECH, stored

ALL = "wav,scp:all.scp"
EVERYTHING = Reading()


@pytest.fixture(autouse=True)
def in_features(monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths in the lists are relative to their folder."""
    monkeypatch.chdir(FEATURES)


def opened(settings: FrontendSettings, source: str = ALL, computation: ComputationSettings | None = None) -> Frontend:
    """The front end, which must be one."""
    found = open_frontend(settings, [source], computation)
    assert found is not None
    return found


def read(settings: FrontendSettings, source: str = ALL, how: Reading = EVERYTHING) -> dict[str, UtteranceFeatures]:
    """All utterances of a source by key."""
    return {each.key: each for each in read_features(source, opened(settings, source), how)}


@pytest.mark.parametrize(
    ("settings", "archive", "tolerance"),
    [
        (FrontendSettings("mfcc"), "mfcc/default.ark", 2e-3),
        (FrontendSettings("fbank"), "fbank/default23.ark", 1e-3),
        (FrontendSettings("pitch"), "pitch/default.ark", 1e-3),
        (FrontendSettings("mfcc", "conf/mfcc_hires.conf"), "mfcc/hires.ark", 2e-3),
    ],
)
def test_sound_to_features(settings: FrontendSettings, archive: str, tolerance: float) -> None:
    expected = stored(archive)
    found = read(settings)
    assert list(found) == list(expected)
    for key, utterance in found.items():
        assert len(utterance.features) == len(expected[key])  # no rows for sound shorter than a frame, as in Kaldi
        if len(utterance.features):
            assert np.abs(utterance.features - expected[key]).max() < tolerance
    assert found["es_Annie-t0024"].seconds == pytest.approx(9403 / 16000)


def test_steps_follow(tmp_path: Path) -> None:
    settings = FrontendSettings("mfcc", steps=FeatureSteps(cmvn="speaker", feature_utt2spk="utt2spk"))
    found = read(settings, "wav,scp:notiny.scp")
    for key, expected in stored("post/cmvn_spk_applied.ark").items():
        assert np.abs(found[key].features - expected).max() < 2e-3


def test_pitch_behind_features(tmp_path: Path) -> None:
    (tmp_path / "pitch.conf").write_text("")
    found = read(FrontendSettings("mfcc", pitch_config=str(tmp_path / "pitch.conf")), "wav,scp:two.scp")
    mfcc, pitch = stored("mfcc/default.ark"), stored("pitch/compute_and_process.ark")
    for key, utterance in found.items():
        assert utterance.features.shape[1] == 16
        assert np.abs(utterance.features[:, :13] - mfcc[key]).max() < 2e-3
        assert np.abs(utterance.features[:, 13:] - pitch[key]).max() < 1e-3


def test_columns_of_other_tables() -> None:
    settings = FrontendSettings(paste=("ark:fbank/default23.ark",))
    expected = stored("post/paste_mfcc_fbank.ark")
    for key, utterance in read(settings, "post/base.ark").items():
        assert np.array_equal(utterance.features, expected[key])
    longer = FrontendSettings(paste=("ark:mfcc/snip_edges_false.ark",))
    with pytest.raises(ShapeMismatchError, match="utterance 'clip': pasting: "):
        read(longer, "post/base.ark")
    pasted = read(replace(longer, paste_tolerance=5), "post/base.ark")
    for key, rows in stored("post/paste_tol5.ark").items():
        assert np.array_equal(pasted[key].features, rows)
    with pytest.raises(MissingUtteranceError, match=r"ark:mfcc/w8k\.ark: expected features of utterance 'clip'"):
        read(FrontendSettings(paste=("ark:mfcc/w8k.ark",)), "post/base.ark")


def test_warps_of_a_data_directory(tmp_path: Path) -> None:
    lines = (FEATURES / "notiny.scp").read_text().replace("wav/", f"{FEATURES}/wav/")
    (tmp_path / "wav.scp").write_text(lines)
    (tmp_path / "utt2spk").write_text((FEATURES / "utt2spk").read_text())
    (tmp_path / "spk2warp").write_text((FEATURES / "vtln_map").read_text())
    frontend = opened(FrontendSettings("mfcc"), str(tmp_path))
    assert frontend.notes == (f"VTLN warps of speakers from {tmp_path}/spk2warp",)
    expected = stored("mfcc/vtln_map.ark")
    for utterance in read_features(str(tmp_path), frontend):
        assert np.abs(utterance.features - expected[utterance.key]).max() < 2e-3
    for warp in (0.9, 1.0):
        computation = ComputationSettings(utterance=UtteranceSettings(vtln_warp=warp))
        assert opened(FrontendSettings("mfcc"), str(tmp_path), computation).warps is None
    (tmp_path / "mfcc.conf").write_text("--vtln-warp=1\n")
    assert opened(FrontendSettings(feature_config=str(tmp_path / "mfcc.conf")), str(tmp_path)).warps is None


def test_pitch_of_online_decoding(tmp_path: Path) -> None:
    conf = tmp_path / "pitch.conf"
    conf.write_text("--frames-per-chunk=10\n--simulate-first-pass-online=true\n")
    found = read(FrontendSettings("mfcc", pitch_config=str(conf)), "wav,scp:two.scp")
    expected = stored("pitch/compute_and_process_chunk10_first_pass.ark")
    for key, utterance in found.items():
        assert np.abs(utterance.features[:, 13:] - expected[key]).max() < 1e-3
    conf.write_text(conf.read_text() + "--delay=5\n")  # five rows more of pitch, which are cut
    assert read(FrontendSettings("mfcc", pitch_config=str(conf)), "wav,scp:two.scp").keys() == found.keys()


def test_warps_of_speakers() -> None:
    computation = ComputationSettings(utterance=UtteranceSettings(vtln_map="ark:vtln_map", utt2spk="ark:utt2spk"))
    expected = stored("mfcc/vtln_map.ark")
    utterances = read_features(
        "wav,scp:notiny.scp", opened(FrontendSettings("mfcc"), "wav,scp:notiny.scp", computation)
    )
    for utterance in utterances:
        assert np.abs(utterance.features - expected[utterance.key]).max() < 2e-3
    with pytest.raises(MissingUtteranceError, match="'tiny'"):
        list(read_features(ALL, opened(FrontendSettings("mfcc"), ALL, computation)))


def test_dither_is_another_noise_for_every_utterance(tmp_path: Path) -> None:
    lines = [f"{key} {FEATURES}/wav/silent.flac\n" for key in ("a", "b")]
    (tmp_path / "wav.scp").write_text("".join(lines))
    source, computation = f"wav,scp:{tmp_path}/wav.scp", ComputationSettings(FeatureSettings(dither=1.0))
    first, again = (
        {
            each.key: each.features
            for each in read_features(source, opened(FrontendSettings("mfcc"), source, computation))
        }
        for _ in range(2)
    )
    assert np.array_equal(first["a"], again["a"])
    assert not np.array_equal(first["a"], first["b"])


def test_other_rates() -> None:
    settings = FrontendSettings("mfcc", sound=SoundSettings(allow_upsample=True))
    found = read(settings, "wav,scp:w8k.scp")["w8k"].features
    assert np.abs(found - stored("mfcc/allow_upsample_w8k.ark")["w8k"]).max() < 2e-3
    by_soxr = read(replace(settings, sound=SoundSettings(allow_upsample=True, resampler="soxr")), "wav,scp:w8k.scp")
    assert by_soxr["w8k"].features.shape == found.shape
    assert np.abs(by_soxr["w8k"].features - found).max() > 0
    with pytest.raises(SoundFormatError, match=r"'w8k': expected sound of 16000 Hz .*, found 8000 Hz; allow_upsample"):
        read(FrontendSettings("mfcc"), "wav,scp:w8k.scp")
    with pytest.raises(SoundFormatError, match=r"'w8k': expected sound of 16000 Hz .*, found 8000 Hz$"):
        read(FrontendSettings("pitch"), "wav,scp:w8k.scp")


def test_samples_that_no_spectrum_has_are_named_with_their_sound(tmp_path: Path) -> None:
    samples = np.full(8000, 1e30, "<f4").tobytes()
    header = (
        b"fmt " + struct.pack("<IHHIIHH", 16, 3, 1, 16000, 64000, 4, 32) + b"data" + struct.pack("<I", len(samples))
    )
    content = b"WAVE" + header + samples
    (tmp_path / "huge.wav").write_bytes(b"RIFF" + struct.pack("<I", len(content)) + content)
    with pytest.raises(SoundFormatError, match=r"^utterance 'huge': samples: expected numbers on the scale of 16-bit"):
        read(FrontendSettings("mfcc"), str(tmp_path / "huge.wav"))


def test_short_sound_can_be_left_out() -> None:
    computation = ComputationSettings(utterance=UtteranceSettings(min_duration=0.5))
    skipped: dict[str, OvAsrScoreError] = {}
    how = Reading(on_skip=skipped.__setitem__)
    found = [each.key for each in read_features(ALL, opened(FrontendSettings("mfcc"), ALL, computation), how)]
    assert found == list(stored("mfcc/min_duration0.5.ark"))
    assert set(skipped) == {"silent", "tiny"}
    assert "expected 0.5 seconds or more (min_duration), found 0.4" in str(skipped["silent"])


def test_ivectors_along_with_features(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    settings = FrontendSettings(ivector_extractor=str(EXTRACTOR / "ivector_extractor.conf"))
    expected = stored(SPEECH / "kaldi_ivectors.ark")
    found = read(replace(settings, feature_config=str(MFCC_CONFIG)), str(SPEECH))
    assert list(found) == list(expected)
    for key, utterance in found.items():
        assert utterance.ivectors is not None
        assert utterance.features.shape[1] == 40
        assert np.abs(utterance.ivectors - expected[key]).max() < 4e-2
        assert np.median(np.abs(utterance.ivectors - expected[key])) < 1e-4
    of_table = read(settings, str(IVECTOR / "feats.ark"))
    assert len(of_table) == 60
    with_cmvn = replace(settings, steps=FeatureSteps(cmvn="utterance"))
    normalized = read(with_cmvn, str(IVECTOR / "feats.ark"))
    for key, utterance in normalized.items():  # i-vectors are of the features before all steps
        assert np.array_equal(utterance.ivectors, of_table[key].ivectors)  # type: ignore[arg-type]
        assert np.abs(utterance.features.mean(0)).max() < 1e-4


def test_states_of_speakers_follow_their_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    feats = str(IVECTOR / "feats.ark")
    settings = FrontendSettings(
        ivector_extractor=str(EXTRACTOR / "ivector_extractor.conf"), ivector_spk2utt=str(IVECTOR / "spk2utt")
    )
    found = read(settings, feats)
    expected = stored(IVECTOR / "online" / "spk_p10_max-count=100.ark")
    differences = np.concatenate([np.abs(found[key].ivectors - rows).ravel() for key, rows in expected.items()])  # type: ignore[operator]
    assert np.median(differences) < 1e-5
    assert np.quantile(differences, 0.99) < 2e-3
    (tmp_path / "spk2utt").write_text("es_Annie es_Annie-t0024 es_Annie-n0015\n")
    two = tmp_path / "two.scp"
    lines = (IVECTOR / "feats.scp").read_text().splitlines()
    two.write_text(
        "".join(
            f"{line.replace('feats.ark', feats)}\n" for line in lines if "Annie-n0015" in line or "Annie-t0024" in line
        )
    )
    wrong = replace(settings, ivector_spk2utt=str(tmp_path / "spk2utt"))
    with pytest.raises(UsageError, match="of speaker 'es_Annie' comes in another order"):
        read(wrong, f"scp:{two}")
    with pytest.raises(MissingUtteranceError, match="expected the speaker of utterance 'es_Andrea"):
        read(wrong, feats)
    skipped: dict[str, OvAsrScoreError] = {}
    (tmp_path / "spk2utt").write_text("es_Annie es_Annie-n0015\n")
    assert list(read(wrong, f"scp:{two}", Reading(on_skip=skipped.__setitem__))) == ["es_Annie-n0015"]
    assert list(skipped) == ["es_Annie-t0024"]
    with pytest.raises(UsageError, match="shard: i-vectors that are carried on"):
        read(settings, feats, Reading(shard=Shard(1, 2)))


def test_shards_hold_everything_once() -> None:
    whole = list(read(FrontendSettings("fbank")))
    parts = [list(read(FrontendSettings("fbank"), ALL, Reading(shard=Shard(part, 3)))) for part in (1, 2, 3)]
    assert [key for part in parts for key in part] == whole
    assert all(parts)


def test_what_cannot_be_used_is_skipped(tmp_path: Path) -> None:
    (tmp_path / "wav.scp").write_text(
        f"good {FEATURES}/wav/tiny.flac\nbad {FEATURES}/all.scp\nlost {tmp_path}/no.wav\n"
    )
    source = f"wav,scp:{tmp_path}/wav.scp"
    skipped: dict[str, OvAsrScoreError] = {}
    assert list(read(FrontendSettings("mfcc"), source, Reading(on_skip=skipped.__setitem__))) == ["good"]
    assert list(skipped) == ["bad", "lost"]
    assert "no such file" in str(skipped["lost"])
    with pytest.raises(OvAsrScoreError, match=r"all\.scp"):
        read(FrontendSettings("mfcc"), source)
    assert list(read(FrontendSettings("mfcc"), f"wav,p,scp:{tmp_path}/wav.scp")) == ["good"]


def stored_table(path: Path, entries: list[tuple[str, NDArray[np.float32]]]) -> str:
    """A table with these entries, whose keys may come twice."""
    with TableWriter(f"ark:{path}") as writer:
        for key, rows in entries:
            writer.write(key, rows)
    return f"ark:{path}"


def test_ivectors_belong_to_their_utterances(tmp_path: Path) -> None:
    """Also where an utterance that is skipped has the key of another one."""
    (_, first), (_, second), *_ = stored(IVECTOR / "feats.ark").items()
    bad = np.full_like(first, np.nan)
    source = stored_table(tmp_path / "feats.ark", [("a", bad), ("a", first), ("b", second)])
    settings = FrontendSettings(ivector_extractor=str(EXTRACTOR))
    skipped: list[str] = []
    how = Reading(on_skip=lambda key, error: skipped.append(key))
    found = list(read_features(source, opened(settings, source), how))
    assert [each.key for each in found] == ["a", "b"]
    assert skipped == ["a"]
    for utterance, rows in zip(found, (first, second), strict=True):
        assert np.array_equal(utterance.features, rows)


@pytest.fixture
def speakers(tmp_path: Path) -> tuple[str, str, str]:
    """A table of features, the global statistics of them, and who speaks."""
    rng = np.random.default_rng(5)
    rows = [(key, rng.normal(size=(30, 3)).astype(np.float32)) for key in ("a1", "a2", "a3", "b1")]
    stats, utt2spk = tmp_path / "stats", tmp_path / "utt2spk"
    total = cmvn_stats(np.concatenate([each for _, each in rows]))
    stats.write_text(" [ " + "\n".join(" ".join(map(str, row)) for row in total) + " ]\n")
    utt2spk.write_text("a1 A\na2 A\na3 A\nb1 B\n")
    return stored_table(tmp_path / "rows.ark", rows), str(stats), str(utt2spk)


@pytest.mark.parametrize("kind", ["online", "speaker"])
def test_every_reading_begins_anew(speakers: tuple[str, str, str], kind: Literal["online", "speaker"]) -> None:
    """As calibration for GNA reads the utterances before scoring does."""
    source, stats, utt2spk = speakers
    steps = FeatureSteps(cmvn=kind, cmvn_stats=stats if kind == "online" else "", feature_utt2spk=utt2spk)
    frontend = opened(FrontendSettings(steps=steps), source)
    first, second = (list(read_features(source, frontend)) for _ in range(2))
    assert all(np.array_equal(one.features, two.features) for one, two in zip(first, second, strict=True))


def test_shards_do_not_cut_what_goes_on(speakers: tuple[str, str, str]) -> None:
    source, stats, utt2spk = speakers
    steps = FeatureSteps(cmvn="online", cmvn_stats=stats, feature_utt2spk=utt2spk)
    part = Reading(shard=Shard(2, 2))
    with pytest.raises(UsageError, match="shard: online CMVN goes on from utterance to utterance"):
        read(FrontendSettings(steps=steps), source, part)
    alone = FrontendSettings(steps=replace(steps, feature_utt2spk=""))
    whole = read(alone, source)
    assert {key: each.features.tobytes() for key, each in read(alone, source, part).items()} == {
        key: whole[key].features.tobytes() for key in ("a3", "b1")
    }


def test_statistics_of_what_can_be_read_once(speakers: tuple[str, str, str], tmp_path: Path) -> None:
    _, _, utt2spk = speakers
    os.mkfifo(tmp_path / "pipe")
    for source in ("ark:-", f"ark:{tmp_path}/pipe"):
        with pytest.raises(UsageError, match=r"cmvn speaker: .* can be read only once"):
            read(FrontendSettings(steps=FeatureSteps(cmvn="speaker", feature_utt2spk=utt2spk)), source)
