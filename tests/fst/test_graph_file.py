"""Decoding graphs against what OpenFst tells of them, and everything that may not reach a decoder."""

from __future__ import annotations

import gzip
import io
import struct
from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.errors import (
    FileAccessError,
    OvAsrScoreError,
    SpecifierError,
    TableFormatError,
    UnsupportedModelError,
)
from ov_asr_score.fst.graph_file import GraphFile, open_graph, read_graph
from ov_asr_score.fst.header import ARC, CONST_STATE
from ov_asr_score.fst.reading import read_fst
from ov_asr_score.kaldi_io.matrices.stream import KaldiStream, open_stream

SMALL = Path(__file__).parent / "data" / "fst"
DECODING = Path(__file__).parents[1] / "kaldi_speech" / "decoding"
CONST, VECTOR = DECODING / "HCLG.fst", DECODING / "HCLG_nofinal.fst"


def test_a_graph_of_kaldi() -> None:
    """Counts as fstinfo prints them, arcs as they are read by the reader of training graphs."""
    graph = open_graph(CONST)
    fst = graph.fst
    assert (graph.kind, fst.num_states, fst.num_arcs, fst.num_final_states, fst.start) == ("const", 71, 218, 2, 0)
    assert (fst.largest_ilabel, fst.largest_olabel) == (306, 28)
    assert graph.input_symbols is graph.output_symbols is None
    with open_stream(str(CONST)) as stream:
        other = read_fst(stream)
    for name in ("final_weights", "first_arcs", "ilabels", "olabels", "weights", "next_states"):
        np.testing.assert_array_equal(getattr(fst, name), getattr(other, name))
    assert fst.ilabels.dtype == np.int32 and fst.ilabels.base is not None


def test_states_of_arcs() -> None:
    fst = open_graph(CONST).fst
    counts = np.diff(fst.first_arcs)
    expected = np.repeat(np.arange(fst.num_states), counts)
    assert [fst.state_of_arc(arc) for arc in range(fst.num_arcs)] == expected.tolist()


def test_without_final_states() -> None:
    """As a fact: Kaldi decodes with it."""
    graph = open_graph(VECTOR)
    assert (graph.kind, graph.fst.num_states, graph.fst.num_final_states) == ("vector", 71, 0)


def arcs_of(graph: GraphFile) -> list[object]:
    fst = graph.fst
    return [fst.start, fst.final_weights.tolist(), fst.first_arcs.tolist(), fst.arcs.tolist()]


@pytest.mark.parametrize("name", ["const", "const_aligned", "symbols"])
def test_all_forms_are_one_graph(name: str, tmp_path: Path) -> None:
    vector = arcs_of(open_graph(SMALL / "vector.fst"))
    assert arcs_of(open_graph(SMALL / f"{name}.fst")) == vector
    packed = tmp_path / "x.fst.gz"
    packed.write_bytes(gzip.compress((SMALL / f"{name}.fst").read_bytes()))
    assert arcs_of(open_graph(packed)) == vector
    assert arcs_of(open_graph(f"cat {SMALL / name}.fst |", allow_commands=True)) == vector
    with pytest.raises(SpecifierError):
        open_graph(f"cat {SMALL / name}.fst |")


def test_tables_of_symbols_are_kept() -> None:
    graph = open_graph(SMALL / "symbols.fst")
    assert graph.output_symbols is not None
    assert graph.output_symbols.text(0) == "<eps>"


def changed(folder: Path, source: Path, offset: int, value: bytes) -> Path:
    data = bytearray(source.read_bytes())
    data[offset : offset + len(value)] = value
    path = folder / "x.fst"
    path.write_bytes(data)
    return path


def test_unknown_number_of_states(tmp_path: Path) -> None:
    """OpenFst writes -1 where it cannot go back in the file."""
    path = changed(tmp_path, SMALL / "vector.fst", 50, struct.pack("<q", -1))
    assert arcs_of(open_graph(path)) == arcs_of(open_graph(SMALL / "vector.fst"))


def test_states_whose_arcs_lie_elsewhere(tmp_path: Path) -> None:
    """OpenFst takes any place in the table of arcs."""
    data = (SMALL / "const.fst").read_bytes()
    table, arcs = len(data) - 5 * ARC.itemsize - 4 * CONST_STATE.itemsize, len(data) - 5 * ARC.itemsize
    states = np.frombuffer(data[table:arcs], CONST_STATE).copy()
    states["first"] = [3, 1, 0, 0]  # state 0 had arcs 0 and 1, state 1 arcs 2 and 3, state 3 the last one
    order = [4, 2, 3, 0, 1]
    path = tmp_path / "x.fst"
    path.write_bytes(data[:table] + states.tobytes() + np.frombuffer(data[arcs:], ARC)[order].tobytes())
    assert arcs_of(open_graph(path)) == arcs_of(open_graph(SMALL / "const.fst"))


_ARCS = len(CONST.read_bytes()) - 218 * ARC.itemsize
_STATES = _ARCS - 71 * CONST_STATE.itemsize
_START, _NUM_STATES, _NUM_ARCS = _STATES - 24, _STATES - 16, _STATES - 8


@pytest.mark.parametrize(
    ("offset", "value", "message"),
    [
        (_ARCS + 12, struct.pack("<i", 71), "at byte 0: expected states below 71, found 71; the graph is damaged"),
        (_ARCS + 12, struct.pack("<i", -1), "at byte 0: expected states below 71, found -1; the graph is damaged"),
        (_ARCS, struct.pack("<i", -5), "at byte 0: expected labels of 0 or more, found -5; the graph is damaged"),
        (
            _ARCS + 4,
            struct.pack("<i", 0),
            f"at byte {_STATES}: expected the numbers of epsilon arcs of state 0, found",
        ),
        (_ARCS + 8, struct.pack("<f", np.nan), "at byte 0: expected weights that are numbers, found NaN or minus inf"),
        (_ARCS + 8, struct.pack("<f", -np.inf), "at byte 0: expected weights that are numbers, found NaN or minus inf"),
        (_STATES, struct.pack("<f", np.nan), "at byte 0: expected weights that are numbers, found NaN or minus inf"),
        (_STATES + 4, struct.pack("<I", 217), f"at byte {_STATES}: expected states with 218 arcs in all, found more"),
        (_STATES + 8, struct.pack("<I", 2**32 - 1), f"at byte {_STATES}: expected states with 218 arcs in all, found"),
        (_STATES + 12, struct.pack("<I", 7), f"at byte {_STATES}: expected the numbers of epsilon arcs of state 0"),
        (_START, struct.pack("<q", -1), "at byte 0: expected a state where the graph begins, found none"),
        (_START, struct.pack("<q", 71), "at byte 0: expected a state where the graph begins, found state 71 of 71"),
        (_NUM_STATES, struct.pack("<q", -2), "expected a number of states, found -2; the graph is damaged"),
        (
            _NUM_STATES,
            struct.pack("<q", 2**31 - 1),
            f"at byte {_STATES}: expected 42949672940 bytes, found 4908; the fi",
        ),
        (_NUM_ARCS, struct.pack("<q", 2**31 - 1), f"at byte {_ARCS}: expected 34359738352 bytes, found 3488; the file"),
        (_NUM_ARCS, struct.pack("<q", 1 << 60), "expected a number of arcs, found 1152921504606846976"),
    ],
)
def test_damaged_const(tmp_path: Path, offset: int, value: bytes, message: str) -> None:
    path = changed(tmp_path, CONST, offset, value)
    with pytest.raises(TableFormatError) as failure:
        open_graph(path)
    assert message in str(failure.value)
    assert str(failure.value).startswith(f"{path}: at byte ")


_FIRST = len(VECTOR.read_bytes()) - 71 * 12 - 218 * ARC.itemsize


@pytest.mark.parametrize(
    ("offset", "value", "message"),
    [
        (_FIRST + 4, struct.pack("<q", 1 << 20), f"at byte {_FIRST}: expected the arcs of state 0, found 1048576 arcs"),
        (_FIRST + 4, struct.pack("<q", -1), f"at byte {_FIRST}: expected the arcs of state 0, found -1 arcs; the file"),
        (_FIRST + 4, struct.pack("<q", 1 << 40), f"at byte {_FIRST}: expected the arcs of state 0, found 109951162777"),
        (_FIRST - 16, struct.pack("<q", 72), "expected state 71, found the end of the file; the graph is damaged"),
        (_FIRST - 16, struct.pack("<q", 1 << 40), "expected a number of states, found 1099511627776"),
        (_FIRST + 12, struct.pack("<i", -1), "expected labels of 0 or more, found -1; the graph is damaged"),
    ],
)
def test_damaged_vector(tmp_path: Path, offset: int, value: bytes, message: str) -> None:
    path = changed(tmp_path, VECTOR, offset, value)
    with pytest.raises(TableFormatError) as failure:
        open_graph(path)
    assert message in str(failure.value)


def with_kind(folder: Path, kind: bytes, arc_type: bytes = b"standard") -> Path:
    data = CONST.read_bytes()
    names = b"\5\0\0\0const\x08\0\0\0standard"
    assert names in data
    other = b"".join(struct.pack("<i", len(name)) + name for name in (kind, arc_type))
    path = folder / "x.fst"
    path.write_bytes(data.replace(names, other))
    return path


@pytest.mark.parametrize(
    ("kind", "arc_type", "message"),
    [
        (b"olabel_lookahead", b"standard", r"first half of a lookahead graph \(olabel_lookahead\), which needs Gr.fst"),
        (
            b"ilabel_lookahead",
            b"standard",
            r"fstcompose HCLr.fst Gr.fst \| fstrmsymbols disambig_tid.int \| fstconvert",
        ),
        (
            b"ngram",
            b"standard",
            r"is a language model \(ngram\), the second half of a lookahead graph, which needs HCLr",
        ),
        (
            b"compact_acceptor",
            b"standard",
            "kind const or vector, found 'compact_acceptor'; fstconvert --fst_type=const",
        ),
        (b"vector", b"lattice4", r"is a lattice; expected a decoding graph \(HCLG.fst\)"),
        (b"const", b"log", "expected arcs of type standard, found 'log'; fstmap --map_type=to_standard makes them"),
    ],
)
def test_other_kinds(tmp_path: Path, kind: bytes, arc_type: bytes, message: str) -> None:
    path = with_kind(tmp_path, kind, arc_type)
    with pytest.raises(UnsupportedModelError, match=f"x.fst: .*{message}"):
        open_graph(path)


def test_other_files(tmp_path: Path) -> None:
    path = tmp_path / "x.fst"
    for content, message in (
        (b"\0B<TransitionModel> ", r"is a Kaldi model; expected a decoding graph \(HCLG.fst\)"),
        (b"<eps> 0\nSIL 1\na 2\n", "expected a decoding graph"),
        (b"", "is empty"),
    ):
        path.write_bytes(content)
        with pytest.raises(UnsupportedModelError, match=f"x.fst: .*{message}"):
            open_graph(path)
    with pytest.raises(FileAccessError, match="no such file"):
        open_graph(tmp_path / "y.fst")
    with pytest.raises(UnsupportedModelError, match=r"^echo hello \|: is a text file that begins with 'hello'"):
        open_graph("echo hello |", allow_commands=True)


@pytest.mark.parametrize("source", [DECODING / "tiny.fst", SMALL / "const_aligned.fst", SMALL / "symbols.fst"])
def test_every_cut_and_every_bit(source: Path) -> None:
    """One line, or a graph that holds what is promised."""
    whole = source.read_bytes()
    for length in range(len(whole)):
        with pytest.raises(OvAsrScoreError):
            read_graph(KaldiStream(io.BytesIO(whole[:length]), "x.fst"), "x.fst")
    for bit in range(8 * len(whole)):
        data = bytearray(whole)
        data[bit >> 3] ^= 1 << (bit & 7)
        try:
            fst = read_graph(KaldiStream(io.BytesIO(data), "x.fst"), "x.fst").fst
        except OvAsrScoreError as error:
            assert str(error).startswith("x.fst: ") and str(error).isprintable(), bit
            continue
        assert 0 <= fst.start < fst.num_states == len(fst.first_arcs) - 1, bit
        assert fst.first_arcs[-1] == fst.num_arcs and (np.diff(fst.first_arcs) >= 0).all(), bit
        assert ((fst.next_states >= 0) & (fst.next_states < fst.num_states)).all(), bit
        assert (fst.ilabels >= 0).all() and (fst.olabels >= 0).all(), bit
        assert (fst.weights > -np.inf).all() and (fst.final_weights > -np.inf).all(), bit
