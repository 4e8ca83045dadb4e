"""Kaldi's directories for online decoding."""

from __future__ import annotations

from pathlib import Path

import pytest

from ov_asr_score.errors import ConfigFormatError, FileAccessError, TableFormatError
from ov_asr_score.frontend.opening import open_sound_frontend
from ov_asr_score.model_directory.reading import read_model_directory
from ov_asr_score.settings.words.decoding import DecodingOptions
from tests.model_directory.layouts.places import CHAIN, graph_files, lay_out, lay_out_online


def test_the_shipped_directory() -> None:
    found = read_model_directory(CHAIN)
    assert (found.layout, found.program) == ("kaldi online", "online2-wav-nnet3-latgen-faster")
    assert found.model == str(CHAIN / "final.mdl")
    assert found.words.search == DecodingOptions(15.0, 7000, 200, 8.0)
    assert found.looped.frame_subsampling_factor == 3
    assert found.endpoints.silence_phones == tuple(range(1, 11))
    assert not found.silence_weighting.is_active
    assert all(each.role != "missing" for each in found.files)


def test_paths_of_another_machine(tmp_path: Path) -> None:
    folder = lay_out_online(tmp_path / "model")
    for name in ("conf/online.conf", "ivector_extractor/ivector_extractor.conf"):
        text = (folder / name).read_text()
        (folder / name).write_text(text.replace("models/chain_ivector", "/export/b03/exp/nnet3_online"))
    found = read_model_directory(folder)
    assert found.frontend.feature_config == str(folder / "conf/mfcc.conf")
    frontend = open_sound_frontend(found.frontend)
    assert frontend.ivectors is not None
    assert frontend.ivectors.extractor.options.max_count == 100


def test_files_of_the_directory_count_before_those_of_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CHAIN.parents[1])
    folder = lay_out_online(tmp_path / "model")
    (folder / "conf/mfcc.conf").write_text("--num-ceps=40\n--num-mel-bins=40\n")
    found = read_model_directory(folder)
    assert found.frontend.feature_config == str(folder / "conf/mfcc.conf")
    assert any("models/chain_ivector/conf/mfcc.conf is another file" in note for note in found.notes)


def test_files_outside_of_the_directory_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CHAIN.parents[1])
    folder = lay_out_online(tmp_path / "model")
    (folder / "conf/mfcc.conf").unlink()
    found = read_model_directory(folder)
    assert found.frontend.feature_config == "models/chain_ivector/conf/mfcc.conf"
    assert any("conf/mfcc.conf is not in the directory, but exists, and is used" in note for note in found.notes)


def test_options_of_the_search_network_and_silence(tmp_path: Path) -> None:
    folder = lay_out_online(tmp_path / "model")
    with (folder / "conf/online.conf").open("a") as file:
        file.write("--beam=12\n--acoustic-scale=0.5\n--frames-per-chunk=51\n--extra-left-context-initial=5\n")
        file.write("--ivector-silence-weighting.silence-phones=1:2\n--ivector-silence-weighting.silence-weight=0.01\n")
        file.write("--ivector-silence-weighting.max-state-duration=40\n--frame-subsampling-factor=1\n--online=true\n")
        file.write("--endpoint.rule5.min-utterance-length=10\n")
    found = read_model_directory(folder)
    assert found.words.search == DecodingOptions(12.0, 7000, 200, 8.0, decoding_scale=0.5)
    assert (found.looped.frames_per_chunk, found.looped.extra_left_context_initial) == (51, 5)
    assert (found.looped.frame_subsampling_factor, found.kaldi.frame_subsampling_factor) == (1, 1)
    assert found.silence_weighting.silence_phones == (1, 2)
    assert found.silence_weighting.max_state_duration == 40
    assert found.endpoints.rule5.min_utterance_length == 10
    assert any(": online changes no words" in note for note in found.notes)


def test_silence_phones_of_the_graph(tmp_path: Path) -> None:
    folder = lay_out_online(tmp_path / "model")
    config = folder / "conf/online.conf"
    config.write_text("".join(line for line in config.open() if "silence-phones" not in line))
    assert read_model_directory(folder).endpoints.silence_phones == tuple(range(1, 11))
    (folder / "graph/phones/silence.csl").write_text("1:x\n")
    with pytest.raises(TableFormatError, match=r"silence.csl: expected numbers of phones"):
        read_model_directory(folder)


def test_online_cmvn_of_the_features(tmp_path: Path) -> None:
    folder = lay_out_online(tmp_path / "model")
    lay_out(
        folder, {"conf/cmvn.conf": "--cmn-window=300\n", "global_cmvn.stats": "ivector_extractor/global_cmvn.stats"}
    )
    with (folder / "conf/online.conf").open("a") as file:
        file.write("--cmvn-config=/x/conf/cmvn.conf\n")
    with pytest.raises(ConfigFormatError, match="line 5: cmvn-config: expected global-cmvn-stats with it"):
        read_model_directory(folder)
    with (folder / "conf/online.conf").open("a") as file:
        file.write("--global-cmvn-stats=/x/y_online/global_cmvn.stats\n")
    with pytest.raises(FileAccessError, match=r"expected one file of that name in .*which differ"):
        (folder / "global_cmvn.stats").write_text("other\n")
        read_model_directory(folder)
    (folder / "global_cmvn.stats").write_bytes((folder / "ivector_extractor/global_cmvn.stats").read_bytes())
    steps = read_model_directory(folder).frontend.steps
    assert (steps.cmvn, steps.cmn_window, steps.speaker_frames) == ("online", 300, None)


def test_the_graph_beside(tmp_path: Path) -> None:
    folder = lay_out_online(tmp_path / "exp" / "tdnn_online")
    for path in sorted((folder / "graph").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    with pytest.raises(FileAccessError, match=r"kaldi online: expected graph/HCLG.fst \(decoding graph\)"):
        read_model_directory(folder)
    lay_out(tmp_path / "exp", graph_files("graph_small"))
    found = read_model_directory(folder)
    assert Path(found.words.graph.graph).resolve() == tmp_path / "exp/graph_small/HCLG.fst"
    assert any("../graph_small" in note for note in found.notes)


def test_several_graphs_are_asked_for(tmp_path: Path) -> None:
    folder = lay_out(lay_out_online(tmp_path / "model"), graph_files("graph_large"))
    with pytest.raises(FileAccessError, match=r"found 2: graph, graph_large; say which in .*model.toml: .*folder = "):
        read_model_directory(folder)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("--feature-type=lpc", "line 5: feature-type: expected mfcc, plp, fbank, found 'lpc'"),
        ("--beem=3", "line 5: expected an option of online2-wav-nnet3-latgen-faster, found 'beem'"),
        ("--max-active=1", "line 5: max-active: expected 2 or more, found 1"),
        ("--prune-interval=0", "line 5: prune-interval: expected 1 or more"),
        ("--hash-ratio=0.5", "line 5: hash-ratio: expected 1 or more, found 0.5"),
        ("--min-active=9000", "line 5: min-active: expected at most max-active"),
        ("--beam=-1", "line 5: beam: expected a number above 0"),
        ("--lattice-beam=0", "line 5: lattice-beam: expected a number above 0"),
        ("--frames-per-chunk=0", "line 5: frames-per-chunk: expected 1 or more"),
        ("--endpoint.silence-phones=1:a", "line 5: endpoint.silence-phones: expected numbers of phones"),
        ("--endpoint.rule1.min-trailing-silence=x", "line 5: endpoint.rule1.min-trailing-silence: expected a number"),
        ("--fbank-config=fbank.conf", ""),  # has no effect
        ("--mfcc-config=/gone/hires.conf", "line 5: /gone/hires.conf: expected this file"),
        (f"--mfcc-config={'x' * 5000}.conf", "line 5: x*.conf: expected this file"),
    ],
)
def test_options_that_cannot_be(tmp_path: Path, line: str, message: str) -> None:
    folder = lay_out_online(tmp_path / "model")
    with (folder / "conf/online.conf").open("a") as file:
        file.write(f"{line}\n")
    if not message:
        assert any("has no effect" in note for note in read_model_directory(folder).notes)
        return
    with pytest.raises((ConfigFormatError, FileAccessError), match=message):
        read_model_directory(folder)


def test_a_file_of_features_that_model_toml_names(tmp_path: Path) -> None:
    folder = lay_out_online(tmp_path / "model")
    (folder / "conf/mfcc.conf").rename(folder / "hires.conf")
    text = (folder / "conf/online.conf").read_text()
    (folder / "conf/online.conf").write_text(text.replace("models/chain_ivector", "/gone"))
    toml = '[model]\nlayout = "kaldi online"\n[features]\nconfig = "hires.conf"\n'
    found = read_model_directory(lay_out(folder, {"model.toml": toml}))
    assert found.frontend.feature_config == str(folder / "hires.conf")


def test_a_graph_behind_a_link(tmp_path: Path) -> None:
    folder = lay_out_online(tmp_path / "model")
    (folder / "graph").rename(tmp_path / "elsewhere")
    (folder / "graph_linked").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    assert read_model_directory(folder).words.graph.graph == str(folder / "graph_linked/HCLG.fst")
