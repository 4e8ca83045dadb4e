from __future__ import annotations

import struct

import numpy as np
import pytest

from ov_asr_score.decoding.graph import GraphLabels
from ov_asr_score.decoding.kaldifst_api import automaton_bytes, import_kaldifst
from ov_asr_score.decoding.traceback import best_path, parse_traceback
from ov_asr_score.errors import TableFormatError

# transition-ids 1 and 2 alone, or with word 5; word 6 alone
LABELS = GraphLabels(np.array([0, 1, 2, 2, 0], np.int32), np.array([0, 0, 0, 5, 6], np.int32), 2)
SCORES = np.array([[1, 2], [4, 8], [16, 32]], np.float32)
# input label (pdf + 1, or 0), output label, cost of the graph
STEPS = [(1, 1, 1.0), (2, 3, 2.0), (0, 4, 4.0), (1, 2, 8.0)]


@pytest.mark.parametrize("states", [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [2, 0, 4, 1, 3]])
def test_a_path_however_its_states_are_numbered(states: list[int]) -> None:
    kaldifst = import_kaldifst()
    lattice = kaldifst.Lattice()
    for _ in states:
        lattice.add_state()
    lattice.start = states[0]
    for (pdf, label, graph), source, target in zip(STEPS, states[:-1], states[1:], strict=True):
        weight = kaldifst.LatticeWeight(graph, -99.0)
        lattice.add_arc(source, kaldifst.LatticeArc(pdf, label, weight, target))
    lattice.set_final(states[-1], kaldifst.LatticeWeight(0.5, 0.0))
    path = best_path(parse_traceback(automaton_bytes(lattice)), LABELS, SCORES, 1.5, is_final=True)
    assert path.alignment.tolist() == [1, 2, 2]
    assert path.words.tolist() == [5, 6]
    assert path.word_frames.tolist() == [1, 2]
    assert path.graph_cost == pytest.approx(15.5 - 3.0)
    assert path.acoustic_cost == -(1 + 8 + 16)
    assert path.is_final


def test_another_kind_of_automaton() -> None:
    names = [struct.pack("<i", len(name)) + name for name in (b"const", b"standard")]
    with pytest.raises(TableFormatError, match="expected an automaton of type vector with lattice4, found"):
        parse_traceback(b"\xd6\xfd\xb2~" + b"".join(names) + bytes(40))


def test_a_path_without_arcs() -> None:
    kaldifst = import_kaldifst()
    lattice = kaldifst.Lattice()
    lattice.start = lattice.add_state()
    lattice.set_final(0, kaldifst.LatticeWeight(2.0, 0.0))
    path = best_path(parse_traceback(automaton_bytes(lattice)), LABELS, SCORES, 0.0, is_final=True)
    assert len(path.alignment) == 0 and path.graph_cost == 2.0
