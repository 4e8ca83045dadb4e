"""Parts of model directories that do not belong together."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from ov_asr_score.errors import ShapeMismatchError
from ov_asr_score.model_directory.reading import read_model_directory
from tests.model_directory.layouts.places import lay_out, lay_out_online


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return lay_out_online(tmp_path / "model")


def refused(folder: Path) -> str:
    with pytest.raises(ShapeMismatchError) as caught:
        read_model_directory(folder)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_features_of_another_width_than_the_network_takes(folder: Path) -> None:
    lay_out(folder, {"conf/online.conf": "--mfcc-config=mfcc.conf\n", "final.mdl": "../nnet3_chain_tdnnf/final.mdl"})
    (folder / "conf/mfcc.conf").write_text("--num-ceps=20\n")
    message = refused(folder)
    assert f"{folder}/final.mdl: the network takes features of 40 columns, {folder}/conf/mfcc.conf gives 20" in message


def test_features_of_another_width_than_the_extractor_takes(folder: Path) -> None:
    (folder / "conf/mfcc.conf").write_text("--num-ceps=20\n")
    assert f"final.ie: the extractor takes features of 40 columns, {folder}/conf/mfcc.conf gives 20" in refused(folder)


def test_a_network_without_ivectors(folder: Path) -> None:
    lay_out(folder, {"final.mdl": "../nnet3_chain_tdnnf/final.mdl"})
    message = refused(folder)
    assert "final.mdl: the network takes no i-vectors" in message
    assert "final.ie gives i-vectors of 24 columns" in message


def test_a_directory_without_extractor(folder: Path) -> None:
    lay_out(folder, {"conf/online.conf": "--mfcc-config=conf/mfcc.conf\n"})
    assert "final.mdl: the network takes i-vectors of 24 columns, and " in refused(folder)


def test_ivectors_of_another_width(folder: Path) -> None:
    content = (folder / "final.mdl").read_bytes()
    at = content.index(b"input-node name=ivector dim=24")
    (folder / "final.mdl").write_bytes(content[:at] + b"input-node name=ivector dim=23" + content[at + 30 :])
    message = refused(folder)
    assert "the network takes i-vectors of 23 columns" in message
    assert "final.ie gives 24" in message


def test_a_graph_of_a_larger_model(folder: Path) -> None:
    content = bytearray((folder / "graph/HCLG.fst").read_bytes())
    content[-16:-12] = struct.pack("<i", 9999)  # the input label of the last arc of an automaton of the kind const
    (folder / "graph/HCLG.fst").write_bytes(content)
    message = refused(folder)
    assert "HCLG.fst: the graph has transition-ids up to 9999, the model " in message
    assert "final.mdl" in message


def test_words_of_another_graph(folder: Path) -> None:
    lines = (folder / "graph/words.txt").read_text().splitlines(keepends=True)
    (folder / "graph/words.txt").write_text("".join(lines[:10]))
    assert "graph/words.txt: expected a symbol for each of the " in refused(folder)


def test_word_boundaries_of_another_language(folder: Path) -> None:
    lines = (folder / "graph/phones/word_boundary.int").read_text().splitlines(keepends=True)
    (folder / "graph/phones/word_boundary.int").write_text("".join(lines[:20]))
    message = refused(folder)
    assert "word_boundary.int: expected the position of each of the " in message
    assert "graph/HCLG.fst, found none for " in message


def test_phones_of_silence_that_the_model_lacks(folder: Path) -> None:
    text = (folder / "conf/online.conf").read_text().replace("1:2:3:4:5:6:7:8:9:10", "9999")
    (folder / "conf/online.conf").write_text(text)
    notes = read_model_directory(folder).notes
    assert any("none of the 1 phones of silence is among the " in note for note in notes)
