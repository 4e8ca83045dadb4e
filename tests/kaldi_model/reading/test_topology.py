"""Topologies in text and binary, and what Kaldi refuses in them."""

from __future__ import annotations

import io
import re

import pytest

from ov_asr_score.errors import ModelFormatError
from ov_asr_score.kaldi_io.matrices.stream import KaldiStream
from ov_asr_score.kaldi_model.reading.topology import HmmState, Topology, check_topology, read_topology
from ov_asr_score.kaldi_model.token_reader import ModelReader
from tests.kaldi_model.model_files import FOLDER

TEXT = """<Topology> <TopologyEntry> <ForPhones> 1 4 </ForPhones>
<State> 0 <PdfClass> 0 <Transition> 0 0.5 <Transition> 1 0.5 </State>
<State> 1 <PdfClass> 1 <Transition> 1 0.5 <Transition> 2 0.5 </State>
<State> 2 </State> </TopologyEntry>
<TopologyEntry> <ForPhones> 2 </ForPhones>
<State> 0 <PdfClass> 0 <Transition> 0 0.75 <Transition> 1 0.25 </State> <State> 1 </State>
</TopologyEntry> </Topology> """


def topology_of(text: str) -> Topology:
    reader = ModelReader(KaldiStream(io.BytesIO(text.encode()), "topo"), binary=False)
    topology = read_topology(reader)
    check_topology(reader, topology, 7)
    return topology


def test_text() -> None:
    topology = topology_of(TEXT)
    assert topology.phones.tolist() == [1, 2, 4]
    assert topology.entry_of_phone.tolist() == [-1, 0, 1, -1, 0]
    assert [len(entry) for entry in topology.entries] == [3, 2]
    assert topology.entries[1] == (HmmState(0, 0, ((0, 0.75), (1, 0.25))), HmmState(-1, -1, ()))
    assert topology.is_hmm


@pytest.mark.parametrize(("name", "is_hmm"), [("nnet3_usual_am", True), ("nnet3_chain_am", False)])
def test_binary_and_text_are_the_same(name: str, is_hmm: bool) -> None:
    found = []
    for suffix in (".mdl", ".txt"):
        content = (FOLDER / f"{name}{suffix}").read_bytes()
        binary = content.startswith(b"\0B")
        stream = KaldiStream(io.BytesIO(content[content.index(b"<Topology>") :]), name)
        topology = read_topology(ModelReader(stream, binary))
        assert stream.read_all().lstrip().startswith((b"<Triples>", b"<Tuples>"))
        found.append((topology.phones.tolist(), topology.entry_of_phone.tolist(), topology.entries, topology.is_hmm))
    assert found[0] == found[1]
    assert found[0][3] == is_hmm


def test_pdfs_of_loops() -> None:
    text = TEXT.replace("<PdfClass> 0 <Transition> 0 0.75", "<ForwardPdfClass> 0 <SelfLoopPdfClass> 1 <Transition> 0 1")
    assert topology_of(text).entries[1][0] == HmmState(0, 1, ((0, 1.0), (1, 0.25)))
    assert not topology_of(text).is_hmm


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("1 4 </", "1 x </", "expected the number of a phone, found 'x'"),
        ("1 4 </", "1 0 </", "expected the number of a phone, found '0'"),
        ("1 4 </", "1 999999999 </", "expected the number of a phone, found '999999999'"),
        ("1 4 </", "1 2 </", "expected every phone in one entry, found phone 2 in two"),
        ("1 4 </", "</", "expected topology entries that have phones, found entry 0 without"),
        ("<State> 1", "<State> 2", "expected state 1, found state 2"),
        ("</State> <State> 1 </State>", "</State>", "two states or more, found 1 (topology entry 1)"),
        ("<State> 1 </State>", "<State> 1 <PdfClass> 1 </State>", "expected a last state without pdf and transitions"),
        ("<Transition> 1 0.25", "", "expected transitions to every state, found none to state 1 (topology entry 1)"),
        ("<Transition> 1 0.25", "<Transition> 0 0.25", "expected one transition from state to state, found two of"),
        ("<Transition> 1 0.25", "<Transition> 2 0.25", "expected transitions to states up to 1, found one of state 0"),
        ("<Transition> 1 0.25", "<Transition> 1 -0.25", "expected probabilities above 0, found another of state 0"),
        ("<Transition> 1 0.25", "<Transition> 1 nan", "expected probabilities above 0, found another of state 0"),
        ("<Transition> 0 0.5 <Transition> 1 0.5", "", "expected transitions out of every state but the last, found"),
        ("<PdfClass> 1", "<PdfClass> 3", "expected classes of pdfs from 0 on, found others (topology entry 0)"),
        ("<PdfClass> 0 <Transition> 0 0.75", "<Transition> 0 0.75", "expected a pdf in states before the end"),
        ("<PdfClass> 1", "<ForwardPdfClass> 1 <PdfClass> 1", "expected <SelfLoopPdfClass>, found '<PdfClass>'"),
        (
            "<PdfClass> 1",
            "<ForwardPdfClass> 1 <SelfLoopPdfClass> -1",
            "expected two classes of pdfs or none, found one in",
        ),
        ("<Transition> 1 0.25", "<Final> 0.25", "expected <Transition> or </State>, found '<Final>'"),
        ("</TopologyEntry> </", "</", "expected <State> or </TopologyEntry>, found '</Topology>'"),
        ("</Topology>", "<End>", "expected <TopologyEntry> or </Topology>, found '<End>'"),
    ],
)
def test_what_is_refused(old: str, new: str, message: str) -> None:
    assert old in TEXT
    with pytest.raises(ModelFormatError, match=rf"^topo: at byte \d+: .*{re.escape(message)}"):
        topology_of(TEXT.replace(old, new, 1))


def test_no_phones() -> None:
    with pytest.raises(ModelFormatError, match="at byte 7: expected phones with a topology, found none"):
        topology_of("<Topology> </Topology> ")


def test_kinds_of_chain_models() -> None:
    """Loops with pdfs of their own, or a first state without a loop that leads to the end at once."""
    own = "<State> 0 <ForwardPdfClass> 0 <SelfLoopPdfClass> 1 <Transition> 0 0.5 <Transition> 1 0.5 </State>"
    two = (
        "<State> 0 <PdfClass> 0 <Transition> 1 0.5 <Transition> 2 0.5 </State> "
        "<State> 1 <PdfClass> 1 <Transition> 1 0.5 <Transition> 2 0.5 </State> <State> 2 </State>"
    )
    frame = "<Topology> <TopologyEntry> <ForPhones> 1 </ForPhones> {} </TopologyEntry> </Topology> "
    assert topology_of(frame.format(f"{own} <State> 1 </State>")).is_chain
    assert topology_of(frame.format(two)).is_chain and topology_of(frame.format(two)).is_hmm
    assert not topology_of(TEXT).is_chain
