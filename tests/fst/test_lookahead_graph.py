"""First halves of lookahead graphs against the arcs that fstprint tells, and both halves together."""

from __future__ import annotations

import dataclasses
import gzip
import io
import struct
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest

from ov_asr_score.errors import FileAccessError, OvAsrScoreError, TableFormatError, UnsupportedModelError
from ov_asr_score.fst.header import read_header
from ov_asr_score.fst.lookahead_graph import HclrGraph, open_hclr, open_lookahead_pair, read_hclr
from ov_asr_score.fst.reading import Fst
from ov_asr_score.kaldi_io.matrices import stream as stream_module
from ov_asr_score.kaldi_io.matrices.stream import KaldiStream
from tests.fst.lookahead_files import FOLDER, aligned_otherwise, arcs_of, data_of, printed, with_symbols

HCLR, GR, NGRAM = (FOLDER / f"{name}.fst" for name in ("HCLr", "Gr", "Gr_ngram"))


def graph_of(data: bytes) -> HclrGraph:
    stream = KaldiStream(io.BytesIO(data), "x.fst")
    return read_hclr(stream, read_header(stream))[0]


def labels_of(graph: HclrGraph, state: int) -> list[int]:
    own = slice(*graph.set_first[graph.set_of_state[state] :][:2])
    intervals = zip(graph.interval_begin[own].tolist(), graph.interval_end[own].tolist(), strict=True)
    return [label for begin, end in intervals for label in range(begin, end)]


def reached(fst: Fst, final_label: int) -> list[set[int]]:
    """The labels of each state: those of its arcs, and those of states that arcs without output lead to."""
    sources = fst.sources()
    sets: list[set[int]] = [{final_label} if np.isfinite(weight) else set() for weight in fst.final_weights]
    while True:
        before = sum(map(len, sets))
        for source, label, to in zip(sources, fst.olabels, fst.next_states, strict=True):
            sets[source] |= {int(label)} if label else sets[to]
        if sum(map(len, sets)) == before:
            return sets


def test_arcs_and_labels() -> None:
    """A final state counts as a label behind all others."""
    graph, symbols = open_hclr(HCLR)
    fst = printed("HCLr")
    assert symbols is None
    assert (graph.start, graph.num_states, graph.final_label) == (fst.start, fst.num_states, fst.olabels.max() + 1)
    np.testing.assert_array_equal(graph.arcs, arcs_of(fst))
    np.testing.assert_array_equal(graph.first_arcs, fst.first_arcs)
    np.testing.assert_array_equal(graph.final_weights, fst.final_weights)
    np.testing.assert_array_equal(graph.ilabels, fst.ilabels)
    np.testing.assert_array_equal(graph.olabels, fst.olabels)
    np.testing.assert_array_equal(graph.weights, fst.weights)
    np.testing.assert_array_equal(graph.next_states, fst.next_states)
    expected = reached(fst, graph.final_label)
    assert [labels_of(graph, state) for state in range(graph.num_states)] == [sorted(labels) for labels in expected]
    has_final = [graph.final_label in labels for labels in expected]
    assert graph.set_has_final[graph.set_of_state].tolist() == has_final
    assert 1 < len(graph.set_first) - 1 == len({tuple(sorted(labels)) for labels in expected}) < graph.num_states


def everything(graph: HclrGraph) -> list[object]:
    values = [getattr(graph, field.name) for field in dataclasses.fields(graph)]
    return [value.tolist() if isinstance(value, np.ndarray) else value for value in values]


def test_aligned_and_packed_files(tmp_path: Path) -> None:
    expected = everything(open_hclr(FOLDER / "tiny_HCLr.fst")[0])
    assert len(data_of("tiny_HCLr_aligned")) > len(data_of("tiny_HCLr"))
    assert everything(open_hclr(FOLDER / "tiny_HCLr_aligned.fst")[0]) == expected
    for data in aligned_otherwise(data_of("tiny_HCLr_aligned")):
        assert everything(graph_of(data)) == expected
    packed = tmp_path / "HCLr.fst.gz"
    packed.write_bytes(gzip.compress(data_of("tiny_HCLr")))
    assert everything(open_hclr(packed)[0]) == expected
    assert everything(open_hclr(f"cat {FOLDER}/tiny_HCLr.fst |", allow_commands=True)[0]) == expected


@pytest.mark.parametrize("begin", range(4))
def test_pages_of_files_that_are_not_aligned(tmp_path: Path, begin: int) -> None:
    path = tmp_path / "HCLr.fst"
    path.write_bytes(b"x" * begin + data_of("HCLr"))
    with patch.object(stream_module, "FEWEST_MAPPED_BYTES", 1):
        graph = open_hclr(f"{path}:{begin}")[0]
    assert not graph.arcs.flags.owndata
    assert everything(graph) == everything(graph_of(data_of("HCLr")))


def test_symbols_of_either_header(tmp_path: Path) -> None:
    """OpenFst writes the tables of the inner graph."""
    data = data_of("tiny_HCLr")
    inner = data.index(b"const") - 8
    path = tmp_path / "x.fst"
    for content in (with_symbols(data, {1: "one"}, 2), data[:inner] + with_symbols(data[inner:], {1: "one"}, 2)):
        path.write_bytes(content)
        symbols = open_hclr(path)[1]
        assert symbols is not None and dict(symbols.texts) == {1: "one"}


def test_a_pair_of_kaldi() -> None:
    """The label to back off is gone from the first half."""
    pair = open_lookahead_pair(HCLR, GR, FOLDER / "words.txt")
    whole = open_hclr(HCLR)[0]
    kept = np.isin(whole.olabels, np.append(pair.model.labels, 0))
    assert pair.gr_kind == "const"
    assert not kept.all() and len(set(whole.olabels[~kept])) == 1
    np.testing.assert_array_equal(pair.hclr.arcs, whole.arcs[kept])
    sources = np.repeat(np.arange(whole.num_states), np.diff(whole.first_arcs))[kept]
    assert np.repeat(np.arange(whole.num_states), np.diff(pair.hclr.first_arcs)).tolist() == sources.tolist()
    assert pair.symbols is not None
    words = {pair.symbols.text(word) for word in pair.model.words_of_label if word}
    assert {"one", "two", "zero"} <= words and len(words) == 26


def test_a_pair_with_a_packed_model() -> None:
    pair = open_lookahead_pair(HCLR, NGRAM)
    assert (pair.gr_kind, pair.symbols, pair.model.order) == ("ngram", None, 2)
    np.testing.assert_array_equal(pair.hclr.arcs, open_hclr(HCLR)[0].arcs)


def test_words_in_the_files(tmp_path: Path) -> None:
    gr, hclr = tmp_path / "Gr.fst", tmp_path / "HCLr.fst"
    hclr.write_bytes(with_symbols(data_of("HCLr"), {1: "of HCLr"}))
    gr.write_bytes(with_symbols(data_of("Gr_ngram"), {1: "of Gr"}))
    for paths, expected in (((HCLR, gr), "of Gr"), ((hclr, NGRAM), "of HCLr"), ((hclr, gr), "of Gr")):
        symbols = open_lookahead_pair(*paths).symbols
        assert symbols is not None and symbols.text(1) == expected
    # Labels of HCLr are no words where Gr has others.
    assert open_lookahead_pair(hclr, GR).symbols is None
    symbols = open_lookahead_pair(hclr, gr, FOLDER / "words.txt").symbols
    assert symbols is not None and symbols.text(3411) == "one"


def test_halves_of_different_graphs(tmp_path: Path) -> None:
    content = b"\xd6\xfd\xb2\x7e\6\0\0\0vector\x08\0\0\0standard" + struct.pack("<iiQqqq", 2, 0, 3, 0, 1, 1)
    path = tmp_path / "Gr.fst"
    path.write_bytes(content + struct.pack("<fqiifi", 0, 1, 900, 900, 0, 0))
    with pytest.raises(UnsupportedModelError, match=r"HCLr.fst: expected labels of .*Gr.fst, found none of its 1; are"):
        open_lookahead_pair(HCLR, path)


def test_other_files(tmp_path: Path) -> None:
    for path in (GR, NGRAM):
        with pytest.raises(
            UnsupportedModelError, match=r"of the kind olabel_lookahead, found '(const|ngram)' with arcs"
        ):
            open_hclr(path)
    path = tmp_path / "x.fst"
    path.write_bytes(b"<eps> 0\nSIL 1\na 2\n")
    with pytest.raises(UnsupportedModelError, match=r"expected the first half of a lookahead graph \(HCLr.fst\)"):
        open_hclr(path)
    with pytest.raises(FileAccessError, match="no such file"):
        open_hclr(tmp_path / "y.fst")


_DATA = data_of("HCLr")
_ADD_ON = _DATA.index(b"standard") + 8 + 40


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: data[:_ADD_ON] + b"\0" + data[_ADD_ON + 1 :], "expected a graph with something added, found "),
        (
            lambda data: data.replace(b"\5\0\0\0const", b"\6\0\0\0vector"),
            "expected a graph of the kind const, found 'v",
        ),
    ],
)
def test_damaged(change: object, message: str) -> None:
    with pytest.raises(TableFormatError) as failure:
        graph_of(change(_DATA))  # type: ignore[operator]
    assert message in str(failure.value)


def test_without_reachable_labels() -> None:
    graph = graph_of(data_of("tiny_HCLr"))
    data = data_of("tiny_HCLr")
    states = data.index(b"const") + 5 + 12 + 40
    flags = states + 20 * graph.num_states + 16 * len(graph.arcs)
    assert data[flags : flags + 5] == b"\1\0\1\0\0"
    for wrong in (b"\0", b"\1\1", b"\1\0\0"):
        with pytest.raises(
            TableFormatError, match=f"at byte {flags}: expected the labels that can be reached by output"
        ):
            graph_of(data[:flags] + wrong + data[flags + len(wrong) :])


@pytest.mark.parametrize("name", ["tiny_HCLr", "tiny_HCLr_aligned"])
def test_every_cut_and_every_bit(name: str) -> None:
    """One line, or a graph that holds what is promised."""
    whole = data_of(name)
    for length in range(len(whole)):
        with pytest.raises(OvAsrScoreError, match=r"^x\.fst: "):
            graph_of(whole[:length])
    for bit in range(8 * len(whole)):
        data = bytearray(whole)
        data[bit >> 3] ^= 1 << (bit & 7)
        try:
            graph = graph_of(bytes(data))
        except OvAsrScoreError as error:
            assert str(error).startswith("x.fst: ") and str(error).isprintable(), bit
            continue
        states, sets = graph.num_states, len(graph.set_first) - 1
        assert 0 <= graph.start < states == len(graph.first_arcs) - 1 == len(graph.set_of_state), bit
        assert graph.first_arcs[-1] == len(graph.arcs), bit
        assert ((graph.next_states >= 0) & (graph.next_states < states)).all(), bit
        assert ((graph.set_of_state >= 0) & (graph.set_of_state < sets)).all(), bit
        assert graph.set_first[0] == 0 and graph.set_first[-1] == len(graph.interval_begin), bit
        assert ((graph.interval_begin >= 0) & (graph.interval_begin <= graph.interval_end)).all(), bit
