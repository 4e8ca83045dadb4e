from __future__ import annotations

from pathlib import Path

import pytest

from ov_asr_score.frontend.named_files import named_files
from ov_asr_score.settings.speech.feature_steps import FeatureSteps
from ov_asr_score.settings.speech.frontend import FrontendSettings
from tests.command_line import ROOT
from tests.frontend.places import EXTRACTOR, FEATURES


def test_every_file_with_its_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    settings = FrontendSettings(
        feature_config=str(FEATURES / "conf" / "mfcc_hires.conf"),
        steps=FeatureSteps(
            cmvn="global",
            cmvn_stats=str(FEATURES / "post" / "cmvn_global.mat"),
            transforms=(str(FEATURES / "post" / "lda_affine.txt"), f"ark:{FEATURES}/post/cmvn_spk.ark"),
            feature_utt2spk=f"ark:{FEATURES}/utt2spk",
        ),
        ivector_extractor="models/chain_ivector/ivector_extractor",
        ivector_spk2utt="cat spk2utt |",
    )
    found = [(name, Path(path).name) for name, path in named_files(settings)]
    assert found[:5] == [
        ("feature_config", "mfcc_hires.conf"),
        ("cmvn_stats", "cmvn_global.mat"),
        ("feature_utt2spk", "utt2spk"),
        ("transforms", "lda_affine.txt"),
        ("transforms", "cmvn_spk.ark"),
    ]
    assert {name for name, _ in found[5:]} == {"ivector_extractor"}
    assert {file for _, file in found[5:]} >= {"final.ie", "final.dubm", "final.mat", "global_cmvn.stats"}


def test_what_is_not_there_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "cmvn_opts").write_text("")
    settings = FrontendSettings("mfcc", str(tmp_path / "no.conf"), steps=FeatureSteps(like_dir=str(tmp_path)))
    assert list(named_files(settings)) == [("like_dir", str(tmp_path / "cmvn_opts"))]


def test_files_that_files_name(tmp_path: Path) -> None:
    """What decides the features is found behind scripts, and in configurations of features and extractors."""
    for name in ("warps", "utt2spk", "stats.ark"):
        (tmp_path / name).write_text("a b\n")
    config, script, conf = tmp_path / "mfcc.conf", tmp_path / "stats.scp", tmp_path / "conf"
    config.write_text(f"--use-energy=false\n--vtln-map=ark:{tmp_path}/warps\n--utt2spk=ark:{tmp_path}/utt2spk\n")
    script.write_text(f"a {tmp_path}/stats.ark:5\nb {tmp_path}/stats.ark:9\nc {tmp_path}/gone:9\n")
    conf.mkdir()
    for name in ("splice.conf", "online_cmvn.conf"):
        (conf / name).write_text("")
    ivector_config = conf / "ivector_extractor.conf"
    models = ("ivector_extractor", "diag_ubm", "lda_matrix", "global_cmvn_stats")
    files = ("final.ie", "final.dubm", "final.mat", "global_cmvn.stats")
    ivector_config.write_text(
        "".join(f"--{name.replace('_', '-')}={EXTRACTOR}/{file}\n" for name, file in zip(models, files, strict=True))
        + f"--splice-config={conf}/splice.conf\n--cmvn-config={conf}/online_cmvn.conf\n"
    )
    settings = FrontendSettings(
        "mfcc",
        str(config),
        steps=FeatureSteps(cmvn="utterance", cmvn_stats=f"scp:{script}"),
        ivector_extractor=str(ivector_config),
    )
    found = [path for _, path in named_files(settings)]
    assert {str(tmp_path / name) for name in ("mfcc.conf", "warps", "utt2spk", "stats.scp", "stats.ark")} <= set(found)
    assert {str(conf / name) for name in ("ivector_extractor.conf", "splice.conf", "online_cmvn.conf")} <= set(found)
    assert str(tmp_path / "gone") not in found
