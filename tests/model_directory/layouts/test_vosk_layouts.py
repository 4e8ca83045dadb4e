"""Directories of vosk."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ov_asr_score.errors import ConfigFormatError, FileAccessError, ShapeMismatchError, UnsupportedModelError
from ov_asr_score.frontend.opening import open_sound_frontend
from ov_asr_score.fst.lookahead_graph import open_hclr
from ov_asr_score.model_directory.model_directory import DirectoryFile
from ov_asr_score.model_directory.reading import read_model_directory, survey_model_directory
from ov_asr_score.settings.recognition.endpointing import EndpointRule
from ov_asr_score.settings.words.decoding import DecodingOptions
from tests.model_directory.layouts.pairs import PAIR, lay_out_vosk_1_pair, lay_out_vosk_2_pair
from tests.model_directory.layouts.places import CHAIN, lay_out, lay_out_vosk_1, lay_out_vosk_2


def test_version_2(tmp_path: Path) -> None:
    found = read_model_directory(lay_out_vosk_2(tmp_path))
    assert (found.layout, found.program) == ("vosk 2", "online2-wav-nnet3-latgen-faster")
    assert found.model == str(tmp_path / "am/final.mdl")
    assert found.words.graph.word_boundary == str(tmp_path / "graph/phones/word_boundary.int")
    assert found.words.search == DecodingOptions(10.0, 3000, 200, 2.0, decoding_scale=1.0)
    assert (found.looped.frame_subsampling_factor, found.kaldi.frame_subsampling_factor) == (3, 3)
    assert found.looped.frames_per_chunk == 24
    assert found.endpoints.silence_phones == tuple(range(1, 11))
    assert found.endpoints.rule3 == EndpointRule(True, 0.75, 8.0, 0.0)
    assert found.endpoints.rule4.min_trailing_silence == 1.0
    assert found.silence_weighting.silence_phones == tuple(range(1, 11))
    assert found.silence_weighting.silence_weight == 1e-3


def test_features_and_ivectors_are_those_that_vosk_builds_in(tmp_path: Path) -> None:
    found = read_model_directory(lay_out_vosk_2(tmp_path))
    frontend = open_sound_frontend(found.frontend)
    assert frontend.features is not None
    assert frontend.sound.allow_downsample
    assert frontend.chain is None
    assert frontend.ivectors is not None
    options = frontend.ivectors.extractor.options
    assert (options.max_count, options.ivector_period, options.num_gselect) == (100, 10, 5)
    assert (options.use_most_recent_ivector, options.greedy_ivector_extractor) == (True, False)
    whole = open_sound_frontend(found.whole_file_frontend).ivectors
    assert whole is not None
    assert whole.extractor.options.greedy_ivector_extractor


def test_version_1(tmp_path: Path) -> None:
    found = read_model_directory(lay_out_vosk_1(tmp_path))
    assert found.layout == "vosk 1"
    assert found.words.graph.word_boundary == str(tmp_path / "word_boundary.int")
    assert found.words.search == DecodingOptions(13.0, 7000, None, 6.0, decoding_scale=1.0)
    assert found.looped.frame_subsampling_factor == 3
    assert found.endpoints.silence_phones == tuple(range(1, 11))
    assert found.endpoints.rule4.min_trailing_silence == 2.0


def test_what_model_conf_does_not_say_is_kaldis_default(tmp_path: Path) -> None:
    lay_out(lay_out_vosk_2(tmp_path), {"conf/model.conf": "--beam=11\n"})
    found = read_model_directory(tmp_path)
    assert found.words.search == DecodingOptions(11.0, decoding_scale=0.1)
    assert found.looped.frame_subsampling_factor == 1
    assert not found.silence_weighting.is_active


def test_online_cmvn_and_pitch(tmp_path: Path) -> None:
    lay_out_vosk_2(tmp_path)
    files = {"am/global_cmvn.stats": "ivector_extractor/global_cmvn.stats", "conf/pitch.conf": "--frame-shift=10\n"}
    found = read_model_directory(lay_out(tmp_path, files), checks=False)
    assert found.frontend.steps.cmvn == "online"
    assert found.frontend.steps.cmvn_stats == str(tmp_path / "am/global_cmvn.stats")
    assert found.frontend.pitch_config == str(tmp_path / "conf/pitch.conf")


def test_second_passes_are_ignored(tmp_path: Path) -> None:
    lay_out(lay_out_vosk_2(tmp_path), {"rescore/G.carpa": "x\n", "rnnlm/final.raw": "x\n"})
    files = {each.path: each for each in read_model_directory(tmp_path).files}
    for name, what in (("rescore/G.carpa", "larger language model"), ("rnnlm/final.raw", "neural language model")):
        assert files[name].role == "ignored"
        assert what in files[name].use
        assert "first pass" in files[name].use


@pytest.mark.parametrize("name", ["conf/mfcc.conf", "graph/HCLG.fst", "graph/words.txt", "ivector/final.dubm"])
def test_a_missing_file_is_named_with_its_use(tmp_path: Path, name: str) -> None:
    (lay_out_vosk_2(tmp_path) / name).unlink()
    with pytest.raises(FileAccessError, match=f"vosk 2: expected {name} \\(") as caught:
        read_model_directory(tmp_path)
    assert "\n" not in str(caught.value)
    assert [each.path for each in survey_model_directory(tmp_path).files if each.role == "missing"] == [name]


def test_without_word_boundaries_times_are_not_exact(tmp_path: Path) -> None:
    (lay_out_vosk_2(tmp_path) / "graph/phones/word_boundary.int").unlink()
    missing = [each for each in read_model_directory(tmp_path).files if each.role == "missing"]
    assert missing == [
        DirectoryFile(
            "graph/phones/word_boundary.int",
            "missing",
            "times of words are those of their labels in the graph, not exact",
        )
    ]


def test_an_unknown_option_is_told_with_its_line(tmp_path: Path) -> None:
    lay_out(lay_out_vosk_2(tmp_path), {"conf/model.conf": "--beam=11\n--mfcc-config=x\n"})
    with pytest.raises(ConfigFormatError, match=r"model.conf: line 2: expected an option of .*'mfcc-config'"):
        read_model_directory(tmp_path)


def test_a_lookahead_pair(tmp_path: Path) -> None:
    found = read_model_directory(lay_out_vosk_2_pair(tmp_path))
    assert found.words.graph.graph == str(tmp_path / "graph/HCLr.fst")
    assert found.words.graph.words == str(tmp_path / "graph/words.txt")
    uses = {each.path: each.use for each in found.files if each.role == "used"}
    assert uses["graph/HCLr.fst"] == "decoding graph without the language model"
    assert uses["graph/Gr.fst"] == "language model, composed with the graph while it is searched"
    assert uses["graph/disambig_tid.int"] == "labels of the graph that take no frame"


def test_a_lookahead_pair_of_version_1(tmp_path: Path) -> None:
    assert read_model_directory(lay_out_vosk_1_pair(tmp_path)).words.graph.graph == str(tmp_path / "HCLr.fst")


@pytest.mark.parametrize("missing", ["HCLr.fst", "Gr.fst"])
def test_half_of_a_lookahead_pair_is_refused(missing: str, tmp_path: Path) -> None:
    (lay_out_vosk_2_pair(tmp_path) / "graph" / missing).unlink()
    with pytest.raises(UnsupportedModelError, match=rf"expected both halves of a lookahead graph.* found no {missing}"):
        read_model_directory(tmp_path)


def test_words_of_a_pair_are_those_of_the_pair(tmp_path: Path) -> None:
    shutil.copyfile(CHAIN / "graph/words.txt", lay_out_vosk_2_pair(tmp_path) / "graph/words.txt")
    with pytest.raises(ShapeMismatchError, match=r"a symbol for each of the 26 words in .*HCLr\.fst, found none"):
        read_model_directory(tmp_path)


def test_a_pair_without_its_disambiguation_symbols(tmp_path: Path) -> None:
    (lay_out_vosk_2_pair(tmp_path) / "graph/disambig_tid.int").unlink()
    with pytest.raises(ShapeMismatchError, match=r"HCLr\.fst: .* put disambig_tid\.int beside it, which tells"):
        read_model_directory(tmp_path)
    missing = [each.path for each in survey_model_directory(tmp_path).files if each.role == "missing"]
    assert missing == ["graph/disambig_tid.int"]


def test_halves_in_the_place_of_each_other(tmp_path: Path) -> None:
    graph = lay_out_vosk_2_pair(tmp_path) / "graph"
    shutil.move(graph / "HCLr.fst", graph / "other.fst")
    shutil.copyfile(graph / "Gr.fst", graph / "HCLr.fst")
    shutil.move(graph / "other.fst", graph / "Gr.fst")
    with pytest.raises(UnsupportedModelError, match=r"HCLr\.fst: expected .* olabel_lookahead, found 'const'"):
        read_model_directory(tmp_path)


def test_a_language_model_of_another_graph(tmp_path: Path) -> None:
    shutil.copyfile(PAIR / "tiny_Gr.fst", lay_out_vosk_2_pair(tmp_path) / "graph/Gr.fst")
    notes = [note for note in read_model_directory(tmp_path).notes if "halves of two graphs" in note]
    assert [note[: note.index(":")] for note in notes] == ["Gr.fst has 2 of the 26 words of the graph, and 0 others"]


def test_labels_of_a_graph_that_no_set_has(tmp_path: Path) -> None:
    graph = lay_out_vosk_2_pair(tmp_path) / "graph"
    shutil.copyfile(PAIR / "tiny_Gr.fst", graph / "Gr.fst")
    arcs = open_hclr(graph / "HCLr.fst")[0].arcs
    arc = arcs[[int(arcs["olabel"].argmax())]]
    damaged = arc.copy()
    damaged["olabel"] = 1 << 26
    content = (graph / "HCLr.fst").read_bytes()
    (graph / "HCLr.fst").unlink()
    (graph / "HCLr.fst").write_bytes(content.replace(arc.tobytes(), damaged.tobytes()))
    notes = read_model_directory(tmp_path).notes
    assert any(note.startswith("Gr.fst has 2 of the 2") for note in notes)
