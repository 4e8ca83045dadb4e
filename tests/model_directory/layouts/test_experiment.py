"""Experiment directories of Kaldi's recipes."""

from __future__ import annotations

from pathlib import Path

import pytest

from ov_asr_score.errors import FileAccessError, UnsupportedModelError
from ov_asr_score.frontend.opening import open_sound_frontend
from ov_asr_score.model_directory.reading import read_model_directory
from ov_asr_score.settings.words.decoding import DecodingOptions
from tests.model_directory.layouts.places import extractor_files, graph_files, lay_out, lay_out_experiment


def test_everything_is_found_as_recipes_lay_it_out(tmp_path: Path) -> None:
    folder = lay_out_experiment(tmp_path)
    found = read_model_directory(folder)
    assert (found.layout, found.program) == ("kaldi experiment", "nnet3-latgen-faster")
    assert found.frontend.feature_type == "mfcc"
    assert Path(found.frontend.feature_config).resolve() == tmp_path / "conf/mfcc_hires.conf"
    assert found.words.graph.graph == str(folder / "graph_tgsmall/HCLG.fst")
    assert found.words.search == DecodingOptions(15.0, 7000, 200, 8.0)
    assert (found.kaldi.frames_per_chunk, found.kaldi.frame_subsampling_factor) == (50, 3)
    assert found.frontend.steps.cmvn is None
    assert found.whole_file_frontend == found.frontend
    ivectors = open_sound_frontend(found.frontend).ivectors
    assert ivectors is not None
    assert Path(ivectors.name).resolve() == tmp_path / "exp/nnet3/extractor/final.ie"
    assert (ivectors.extractor.options.max_count, ivectors.period) == (0, 10)
    assert ivectors.extractor.splice == (3, 3)


def test_several_graphs_are_asked_for(tmp_path: Path) -> None:
    folder = lay_out_experiment(tmp_path)
    lay_out(folder, graph_files("graph_tglarge"))
    with pytest.raises(FileAccessError, match=r"found 2: graph_tglarge, graph_tgsmall; say which in .*model\.toml"):
        read_model_directory(folder)
    lay_out(folder, {"model.toml": '[model]\nlayout = "kaldi experiment"\n[graph]\nfolder = "graph_tgsmall"\n'})
    assert read_model_directory(folder).words.graph.graph == str(folder / "graph_tgsmall/HCLG.fst")


def test_features_that_nothing_tells_are_asked_for(tmp_path: Path) -> None:
    folder = lay_out_experiment(tmp_path)
    (tmp_path / "conf/mfcc_hires.conf").unlink()
    with pytest.raises(FileAccessError, match=r"features of 40 columns, .*found ../../../conf/mfcc.conf \(13\); say"):
        read_model_directory(folder)
    lay_out(tmp_path, {"conf/mfcc_a.conf": "conf/mfcc.conf", "conf/fbank_b.conf": "--num-mel-bins=40\n"})
    with pytest.raises(FileAccessError, match=r"found 2: .*conf/fbank_b.conf, .*conf/mfcc_a.conf; say which"):
        read_model_directory(folder)
    toml = '[model]\nlayout = "kaldi experiment"\n[features]\nconfig = "../../../conf/mfcc_a.conf"\n'
    found = read_model_directory(lay_out(folder, {"model.toml": toml}))
    assert Path(found.frontend.feature_config).resolve() == tmp_path / "conf/mfcc_a.conf"
    assert found.frontend.feature_type == "mfcc"


def test_a_configuration_of_the_directory_itself_is_nearer(tmp_path: Path) -> None:
    folder = lay_out(lay_out_experiment(tmp_path), {"conf/mfcc.conf": "conf/mfcc.conf"})
    assert read_model_directory(folder).frontend.feature_config == str(folder / "conf/mfcc.conf")


def test_extractors_that_nothing_tells_are_asked_for(tmp_path: Path) -> None:
    folder = lay_out_experiment(tmp_path)
    lay_out(tmp_path, extractor_files("exp/nnet3_cleaned/extractor"))
    with pytest.raises(FileAccessError, match=r"found 2: ../../nnet3/extractor, ../../nnet3_cleaned/extractor; say"):
        read_model_directory(folder)
    toml = '[model]\nlayout = "kaldi experiment"\n[ivectors]\nfolder = "../../nnet3/extractor"\nmax-count = 100\n'
    found = read_model_directory(lay_out(folder, {"model.toml": toml}))
    ivectors = open_sound_frontend(found.frontend).ivectors
    assert ivectors is not None
    assert ivectors.extractor.options.max_count == 100


def test_no_extractor(tmp_path: Path) -> None:
    folder = lay_out_experiment(tmp_path)
    (tmp_path / "exp/nnet3/extractor/final.ie").unlink()
    with pytest.raises(FileAccessError, match=r"expected an extractor of i-vectors, .*\[ivectors\] folder = "):
        read_model_directory(folder)


def test_normalized_features(tmp_path: Path) -> None:
    folder = lay_out_experiment(tmp_path)
    lay_out(folder, {"cmvn_opts": "--norm-vars=true\n"})
    found = read_model_directory(folder)
    assert (found.frontend.steps.cmvn, found.frontend.steps.norm_vars) == ("utterance", True)
    assert any("statistics of each recording alone" in note for note in found.notes)


def test_a_model_of_another_kind(tmp_path: Path) -> None:
    folder = lay_out_experiment(tmp_path)
    lay_out(folder, {"final.mdl": "../nnet1_dnn/final.nnet"})
    with pytest.raises(UnsupportedModelError, match="expected a network of nnet3, found"):
        read_model_directory(folder)
