"""Model directories as ``inspect`` shows them."""

from __future__ import annotations

from pathlib import Path

import pytest

from ov_asr_score.errors import FileAccessError
from ov_asr_score.job.inspect_model import inspect_model
from tests.model_directory.layouts.pairs import lay_out_vosk_2_pair
from tests.model_directory.layouts.places import CHAIN, lay_out, lay_out_online, lay_out_vosk_2


def test_the_shipped_directory() -> None:
    sections = dict(inspect_model(str(CHAIN)))
    assert sections["Model directory"] == {
        "path": str(CHAIN),
        "layout": "kaldi online",
        "words of whole files as by": "online2-wav-nnet3-latgen-faster",
        "language": "",
    }
    recognition = sections["Recognition"]
    assert recognition["graph"] == "graph/HCLG.fst"
    assert recognition["search"] == "beam 15, max-active 7000, min-active 200, lattice-beam 8"
    assert (recognition["frames per row of scores"], recognition["frames per chunk"]) == (3, 24)
    assert sections["Used files"]["final.mdl"] == "acoustic model"
    assert "Missing files" not in sections
    assert sections["Ignored files"]["graph/phones/silence.csl"] == "phones of silence are said elsewhere"
    assert any("beam 15" in str(note) for note in sections["Notes"].values())


def test_what_is_missing_and_ignored(tmp_path: Path) -> None:
    lay_out(lay_out_vosk_2(tmp_path), {"rescore/G.fst": "x\n", "notes.txt": "x\n"})
    (tmp_path / "ivector/final.dubm").unlink()
    sections = dict(inspect_model(str(tmp_path)))
    assert "cannot be used" in sections["Model directory"]
    assert str(sections["Model directory"]["cannot be used"]).startswith("vosk 2: expected ivector/final.dubm (")
    assert "Recognition" not in sections
    assert list(sections["Missing files"]) == ["ivector/final.dubm"]
    assert "second pass" in str(sections["Ignored files"]["rescore/G.fst"])
    assert sections["Ignored files"]["notes.txt"] == "not needed"


def test_files_that_do_not_belong_together(tmp_path: Path) -> None:
    folder = lay_out(lay_out_online(tmp_path / "model"), {"final.mdl": "../nnet3_chain_tdnnf/final.mdl"})
    sections = dict(inspect_model(str(folder)))
    assert "the network takes no i-vectors" in str(sections["Model directory"]["cannot be used"])
    assert sections["Used files"]["final.mdl"] == "acoustic model"


def test_silence_weights_and_rules(tmp_path: Path) -> None:
    recognition = dict(inspect_model(str(lay_out_vosk_2(tmp_path))))["Recognition"]
    assert recognition["endpoints"] == "Kaldi's rules, but for 3, 4"
    assert recognition["silence in i-vectors"] == "weight 0.001"


def test_a_lookahead_pair(tmp_path: Path) -> None:
    sections = dict(inspect_model(str(lay_out_vosk_2_pair(tmp_path))))
    assert "cannot be used" not in sections["Model directory"]
    assert sections["Recognition"]["graph"] == "graph/HCLr.fst with Gr.fst, composed while it is searched"
    assert sections["Used files"]["graph/HCLr.fst"] == "decoding graph without the language model"
    assert str(sections["Used files"]["graph/Gr.fst"]).startswith("language model, composed with the graph")


def test_no_model_directory(tmp_path: Path) -> None:
    with pytest.raises(FileAccessError, match=r"expected a model directory .*found none of these files"):
        inspect_model(str(tmp_path))
