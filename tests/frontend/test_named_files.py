from __future__ import annotations

from pathlib import Path

import pytest

from ov_asr_score.frontend.named_files import named_files
from ov_asr_score.settings.feature_steps import FeatureSteps
from ov_asr_score.settings.frontend import FrontendSettings
from tests.frontend.places import EXTRACTOR, FEATURES


def test_every_file_with_its_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(EXTRACTOR.parent.parent)
    settings = FrontendSettings(
        feature_config=str(FEATURES / "conf" / "mfcc_hires.conf"),
        steps=FeatureSteps(
            cmvn="global",
            cmvn_stats=str(FEATURES / "post" / "cmvn_global.mat"),
            transforms=(str(FEATURES / "post" / "lda_affine.txt"), f"ark:{FEATURES}/post/cmvn_spk.ark"),
            feature_utt2spk=f"ark:{FEATURES}/utt2spk",
        ),
        ivector_extractor="data/ivector_extractor",
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
