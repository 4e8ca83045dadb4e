"""Directories of zamia-speech."""

from __future__ import annotations

from pathlib import Path

from ov_asr_score.frontend.opening import open_sound_frontend
from ov_asr_score.model_directory.reading import read_model_directory
from tests.model_directory.layouts.places import lay_out, lay_out_zamia


def test_a_directory(tmp_path: Path) -> None:
    found = read_model_directory(lay_out_zamia(tmp_path))
    assert (found.layout, found.program) == ("zamia", "online2-wav-nnet3-latgen-faster")
    assert found.frontend.feature_config == str(tmp_path / "conf/mfcc_hires.conf")
    assert found.words.graph.graph == str(tmp_path / "model/graph/HCLG.fst")
    assert found.looped.frame_subsampling_factor == 3
    ivectors = open_sound_frontend(found.frontend).ivectors
    assert ivectors is not None
    assert (ivectors.extractor.options.max_count, ivectors.extractor.splice) == (0, (3, 3))


def test_options_of_cmvn_in_conf(tmp_path: Path) -> None:
    lay_out_zamia(tmp_path)
    (tmp_path / "extractor/online_cmvn.conf").unlink()
    lay_out(tmp_path, {"conf/online_cmvn.conf": "--cmn-window=300\n"})
    ivectors = open_sound_frontend(read_model_directory(tmp_path).frontend).ivectors
    assert ivectors is not None
    assert ivectors.extractor.cmvn.cmn_window == 300


def test_a_configuration_of_ivectors(tmp_path: Path) -> None:
    name = "ivectors_test_hires/conf/ivector_extractor.conf"
    lay_out(lay_out_zamia(tmp_path), {name: "ivector_extractor/ivector_extractor.conf"})
    found = read_model_directory(tmp_path)
    ivectors = open_sound_frontend(found.frontend).ivectors
    assert ivectors is not None
    assert ivectors.extractor.options.max_count == 100
    assert found.frontend.ivector_options is not None
    assert found.frontend.ivector_options.lda_matrix == str(tmp_path / "extractor/final.mat")
