"""Automata that OpenFst wrote in all layouts, text as Kaldi writes it, and damage. data/fst/make.sh made the files."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.errors import TableFormatError
from ov_asr_score.fst.reading import Fst, read_fst, read_text_fst
from ov_asr_score.kaldi_io.matrices.stream import KaldiStream

FOLDER = Path(__file__).parent / "data" / "fst"
ACCEPTORS = ["vector", "const", "const_aligned", "compact", "compact_aligned", "symbols"]

# acceptor.txt
ARCS = [(0, 1, 3, 0.5), (0, 2, 1, 0.0), (1, 2, 2, -0.25), (1, 3, 7, 1.5), (3, 3, 4, 0.125)]
FINALS = [np.inf, np.inf, 0.75, 0.0]


def stream_of(data: bytes) -> KaldiStream:
    return KaldiStream(io.BytesIO(data), "x.fst")


def written(name: str) -> bytes:
    return (FOLDER / f"{name}.fst").read_bytes()


def arcs_of(fst: Fst) -> list[tuple[int, int, int, float]]:
    columns = (fst.sources(), fst.next_states, fst.ilabels, fst.weights)
    return list(zip(*(column.tolist() for column in columns), strict=True))


@pytest.mark.parametrize("name", ACCEPTORS)
def test_acceptor_of_openfst(name: str) -> None:
    stream = stream_of(written(name) + b"rest")
    fst = read_fst(stream)
    assert arcs_of(fst) == ARCS
    assert fst.final_weights.tolist() == FINALS
    assert fst.olabels.tolist() == fst.ilabels.tolist()
    assert (fst.start, fst.num_states) == (0, 4)
    assert stream.read_all() == b"rest"


def test_alignment_counts_from_the_beginning_of_the_file() -> None:
    """An aligned automaton behind other bytes has its padding where OpenFst looks for it."""
    data = written("compact_aligned")
    # Header of 75 bytes, 5 of padding, 5 positions of 4 bytes, 12 of padding, 7 items of 12 bytes.
    assert len(data) == 196 and data[75:80] == bytes(5)
    moved = b"key" + data[:75] + bytes(2) + data[80:100] + bytes(12) + data[112:]
    stream = stream_of(moved)
    stream.read(3)
    assert arcs_of(read_fst(stream)) == ARCS


def test_output_labels_of_a_transducer() -> None:
    fst = read_fst(stream_of(written("transducer")))
    assert arcs_of(fst) == ARCS
    assert fst.olabels.tolist() == [label + 1 for _, _, label, _ in ARCS]


def test_unknown_number_of_states_reads_to_the_end() -> None:
    """OpenFst writes -1 where it cannot go back in the file."""
    data = written("vector")
    assert struct.unpack_from("<q", data, 50) == (4,)
    assert arcs_of(read_fst(stream_of(data[:50] + struct.pack("<q", -1) + data[58:]))) == ARCS


def test_arcs_of_another_type() -> None:
    with pytest.raises(TableFormatError, match="arcs of type standard, found 'log'"):
        read_fst(stream_of(written("log")))


def test_another_layout() -> None:
    data = written("vector").replace(b"vector", b"ngrams")
    with pytest.raises(TableFormatError, match=r"at byte 0: expected an automaton of type vector, .* found 'ngrams'"):
        read_fst(stream_of(data))


@pytest.mark.parametrize("data", [b"", b"\x00BFM ", b"0 1 2 2\n"])
def test_no_automaton(data: bytes) -> None:
    with pytest.raises(TableFormatError, match=r"x\.fst: at byte 0: expected an automaton of OpenFst in binary form"):
        read_fst(stream_of(data))


@pytest.mark.parametrize("name", ACCEPTORS)
def test_cut_files_are_refused(name: str) -> None:
    data = written(name)
    for length in range(len(data)):
        with pytest.raises(TableFormatError):
            read_fst(stream_of(data[:length]))


@pytest.mark.parametrize("name", [*ACCEPTORS, "transducer"])
def test_damaged_bytes_give_an_automaton_or_an_error(name: str) -> None:
    """Each byte in turn is changed: never another exception, memory for what is not there, or states out of range."""
    data = written(name)
    for place in range(len(data)):
        for value in (0, 1, 0x7F, 0x80, 0xFF):
            changed = bytearray(data)
            changed[place] = value
            try:
                fst = read_fst(stream_of(bytes(changed)))
            except TableFormatError as error:
                assert "\n" not in str(error)
                continue
            assert ((fst.next_states >= 0) & (fst.next_states < fst.num_states)).all()
            assert fst.first_arcs[-1] == len(fst.weights) == len(fst.ilabels)
            assert -1 <= fst.start < fst.num_states


def test_more_arcs_than_there_are() -> None:
    """States of a const automaton that share arcs would multiply them."""
    data = bytearray(written("const"))
    table = len(data) - 5 * 16 - 4 * 20
    for state in range(4):
        struct.pack_into("<II", data, table + 20 * state + 4, 0, 5)
    with pytest.raises(TableFormatError, match="expected states with 5 arcs in all, found more"):
        read_fst(stream_of(bytes(data)))


def text_of(name: str) -> bytes:
    return b"\n" + (FOLDER / f"{name}.txt").read_bytes() + b"\n"


def full_lines(text: str) -> bytes:
    return text.replace(" ", "\t").encode()


def test_text_of_kaldi() -> None:
    stream = stream_of(b" " + text_of("transducer") + b"</Supervision> ")
    fst = read_text_fst(stream)
    assert arcs_of(fst) == ARCS
    assert fst.final_weights.tolist() == FINALS
    assert fst.olabels.tolist() == [label + 1 for _, _, label, _ in ARCS]
    assert fst.start == 0
    assert stream.read_all() == b"</Supervision> "


def test_text_in_another_order() -> None:
    """The first state is the start; arcs of a state keep their order; final states may have infinite weight."""
    fst = read_text_fst(stream_of(full_lines("\n2 0 1 1\n0 2 5 5 1e-3\n2 1 4 4 -2\n1 Infinity\n0 3.5\n\n")))
    assert fst.start == 2
    assert arcs_of(fst) == [(0, 2, 5, pytest.approx(1e-3)), (2, 0, 1, 0.0), (2, 1, 4, -2.0)]
    assert fst.final_weights.tolist() == [3.5, np.inf, np.inf]


def test_empty_text() -> None:
    fst = read_text_fst(stream_of(b"\n\n"))
    assert (fst.start, fst.num_states, len(fst.weights)) == (-1, 0, 0)


@pytest.mark.parametrize(
    "line",
    ["0 1 2", "0 1 2 2 0.5 6", "a 1 2 2", "0 -1 2 2", "0 1 2 2 x", "0 99999999999 2 2", "0 3000000000 2 2", "0 w"],
)
def test_bad_lines(line: str) -> None:
    with pytest.raises(TableFormatError, match=r"x\.fst: at byte 9: expected a line 'state next"):
        read_text_fst(stream_of(full_lines(f"\n0 1 5 5\n{line}\n\n")))


def test_text_without_a_line_break_before_it() -> None:
    with pytest.raises(TableFormatError, match="expected a line break before an automaton, found '0"):
        read_text_fst(stream_of(b"0\t1\t5\t5\n\n"))


def test_number_of_states_in_text_is_bounded() -> None:
    with pytest.raises(TableFormatError, match="expected states that have arcs, found state 2000000000"):
        read_text_fst(stream_of(b"\n0\t2000000000\t5\t5\n\n"))


def test_states_of_a_const_automaton_in_another_order() -> None:
    """Where the arcs of a state begin is said for each state."""
    data = bytearray(written("const"))
    table = len(data) - 5 * 16 - 4 * 20
    for state, first in ((0, 2), (1, 0)):
        struct.pack_into("<I", data, table + 20 * state + 4, first)
    swapped = [(0, *arc[1:]) for arc in ARCS[2:4]] + [(1, *arc[1:]) for arc in ARCS[:2]] + ARCS[4:]
    assert arcs_of(read_fst(stream_of(bytes(data)))) == swapped
