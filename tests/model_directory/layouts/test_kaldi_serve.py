"""Directories of kaldi-serve."""

from __future__ import annotations

from pathlib import Path

import pytest

from ov_asr_score.errors import ConfigFormatError, FileAccessError
from ov_asr_score.model_directory.reading import read_model_directory
from ov_asr_score.settings.words.decoding import DecodingOptions
from tests.model_directory.layouts.places import lay_out, lay_out_kaldi_serve

SPECIFICATION = """[[model]]
name = "general"
language_code = "en"
path = "/home/app/models/general-en"
n_decoders = 20 # 1
beam = 7.0
max_active = 3000
lattice_beam = 3.0
frame_subsampling_factor = 1
"""


def test_without_a_specification(tmp_path: Path) -> None:
    found = read_model_directory(lay_out_kaldi_serve(tmp_path))
    assert found.layout == "kaldi-serve"
    assert found.words.search == DecodingOptions(13.0, 7000, 200, 6.0, decoding_scale=1.0)
    assert found.looped.frame_subsampling_factor == 3
    assert found.words.graph.word_boundary == str(tmp_path / "word_boundary.int")
    assert found.frontend.ivector_options is not None
    assert not found.silence_weighting.is_active


@pytest.mark.parametrize("folder", ["", "general-en"])
def test_the_specification_counts(tmp_path: Path, folder: str) -> None:
    lay_out_kaldi_serve(tmp_path / folder)
    found = read_model_directory(lay_out(tmp_path, {"model-spec.toml": SPECIFICATION}))
    assert found.model == str(tmp_path / folder / "final.mdl")
    assert found.words.search == DecodingOptions(7.0, 3000, 200, 3.0, decoding_scale=1.0)
    assert (found.looped.frame_subsampling_factor, found.language) == (1, "en")
    assert any("n_decoders changes no words" in note for note in found.notes)


def test_several_models_are_asked_for(tmp_path: Path) -> None:
    lay_out(lay_out_kaldi_serve(tmp_path), {"model-spec.toml": SPECIFICATION * 2})
    with pytest.raises(FileAccessError, match="expected one model, found 2; name the folder of one: /home"):
        read_model_directory(tmp_path)


def test_an_unknown_key_is_told_with_its_line(tmp_path: Path) -> None:
    lay_out(lay_out_kaldi_serve(tmp_path), {"model-spec.toml": SPECIFICATION + "beem = 3\n"})
    with pytest.raises(ConfigFormatError, match=r"model-spec.toml:10: unknown key 'beem'; did you mean 'beam'"):
        read_model_directory(tmp_path)
