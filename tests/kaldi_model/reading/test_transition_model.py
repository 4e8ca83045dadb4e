"""The transition model in front of an acoustic model, in all its forms."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import pytest

from ov_asr_score.errors import ModelFormatError
from ov_asr_score.kaldi_model.loading import load_network
from tests.kaldi_model.model_files import FOLDER


def written(folder: Path, content: bytes | str) -> Path:
    path = folder / "x.mdl"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize("suffix", [".mdl", ".txt"])
@pytest.mark.parametrize(
    ("name", "token", "num_pdfs"),
    # The self-loops of the chain model have pdfs of their own: 0 2 for steps ahead, 1 3 for loops.
    [("nnet3_chain_am", b"<Tuples>", 4), ("nnet3_usual_am", b"<Triples>", 4), ("nnet2_am", b"<Triples>", 4)],
)
def test_number_of_pdfs(name: str, token: bytes, num_pdfs: int, suffix: str) -> None:
    path = FOLDER / f"{name}{suffix}"
    assert token in path.read_bytes()
    assert load_network(path).num_pdfs == num_pdfs


def test_pdfs_of_loops_count(tmp_path: Path) -> None:
    """The largest number may stand in the last column of <Tuples> only."""
    text = (FOLDER / "nnet3_chain_am.txt").read_text()
    last = "2 0 2 3 \n</Tuples>"
    assert last in text
    assert load_network(written(tmp_path, text.replace(last, "2 0 2 7 \n</Tuples>"))).num_pdfs == 8


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("<Triples> 4", "<Triples> -4", "expected a number of transition states, found '-4'"),
        ("<Triples> 4", "<Triples> 5", "expected an integer, found '</Triples>'"),
        ("<Triples> 4", "<Triples> 3", "expected </Tuples> or </Triples>, found '3'"),
        ("<Triples> 4", "<Pairs> 4", "expected <Tuples> or <Triples>, found '<Pairs>'"),
        ("1 1 1", "1 x 1", "expected an integer, found 'x'"),
        ("</Topology>", "</Topologie>", "expected <TopologyEntry> or </Topology>, found '</Topologie>'"),
        ("<LogProbs>", "<Probs>", "expected <LogProbs>, found '<Probs>'"),
        ("</LogProbs>", "</Logs>", "expected </LogProbs>, found '</Logs>'"),
        ("[ 0 -0.6", "[ 0 zero", "expected a number, found 'zero'"),
        ("<Nnet3>", "<Nnet4>", "expected <Nnet3>, <Nnet> or <TransitionModel>, found '<Nnet4>'"),
    ],
)
def test_damaged_text(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = (FOLDER / "nnet3_usual_am.txt").read_text()
    assert old in text
    with pytest.raises(ModelFormatError, match=f"at byte \\d+: {re.escape(message)}"):
        load_network(written(tmp_path, text.replace(old, new, 1)))


@pytest.mark.parametrize("name", ["nnet3_usual_am", "nnet3_chain_am"])
@pytest.mark.parametrize("number", [-1, 2**31 - 1, 1 << 27])
def test_lengths_in_binary_that_cannot_be(tmp_path: Path, name: str, number: int) -> None:
    """Every number of the transition model made very large, one after the other: never a large allocation."""
    content = (FOLDER / f"{name}.mdl").read_bytes()
    end = content.index(b"<Nnet3>")
    places = [match.start() for match in re.finditer(b"\x04", content[:end])]
    assert len(places) > 20
    for place in places:
        damaged = content[: place + 1] + struct.pack("<i", number) + content[place + 5 :]
        try:
            load_network(written(tmp_path, damaged))
        except ModelFormatError as error:
            assert re.search(r"at byte \d+: ", str(error)), (place, error)
