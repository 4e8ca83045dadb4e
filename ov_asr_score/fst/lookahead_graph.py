"""Lookahead graphs: HCLr.fst, whose words a language model in Gr.fst weighs while it is searched.

HCLr is of the kind ``olabel_lookahead``: a transducer from transition-ids to labels of words, and for each state the
labels that can be reached from it. The labels are numbered so that those of a state are few intervals; Gr has the same
numbers on its input side.

Sources: OpenFst 1.7 (add-on.h, ``AddOnImpl::Read``; matcher-fst.h), utils/mkgraph_lookahead.sh of Kaldi.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.fst.arc_columns import largest, used_labels
from ov_asr_score.fst.graph_file import GraphFst, read_graph_behind, telling_foreign_kinds
from ov_asr_score.fst.header import FstHeader, read_header
from ov_asr_score.fst.label_reach import read_flag, read_label_reach
from ov_asr_score.fst.language_model import LanguageModel, LanguageModelFile, open_language_model
from ov_asr_score.fst.symbols import SymbolTable, read_symbols
from ov_asr_score.kaldi_io.matrices.stream import KaldiStream, open_stream
from ov_asr_score.text import clipped

__all__ = [
    "HCLR_KIND",
    "HclrGraph",
    "LanguageModel",
    "LookaheadPair",
    "open_hclr",
    "open_lookahead_pair",
    "read_hclr",
]

HCLR_KIND = "olabel_lookahead"
_ADD_ON_MAGIC = struct.pack("<i", 446681434)
_HCLR = "the first half of a lookahead graph (HCLr.fst)"
_DAMAGED = "the graph is damaged"


@dataclass(frozen=True, slots=True, eq=False)
class HclrGraph(GraphFst):
    """A graph whose output labels are those of Gr, and the labels that can be reached from each state, as K sets.

    Input labels are transition-ids, and disambiguation symbols behind them. A set is made of intervals
    ``begin <= label < end``, ascending and apart from each other.
    """

    set_of_state: NDArray[np.int32]  # [S]
    set_first: NDArray[np.int64]  # [K + 1]: where the intervals of each set begin
    interval_begin: NDArray[np.int32]  # [I]
    interval_end: NDArray[np.int32]  # [I]
    final_label: int  # in a set: a final state can be reached; -1: there is none
    num_intervals: int  # of all states, before equal sets were joined

    @property
    def set_has_final(self) -> NDArray[np.bool_]:
        """Whether a final state can be reached from the states of each set [K]."""
        has = (self.interval_begin <= self.final_label) & (self.final_label < self.interval_end)
        sets = np.repeat(np.arange(len(self.set_first) - 1), np.diff(self.set_first))
        return np.bincount(sets[has], minlength=len(self.set_first) - 1) > 0


@dataclass(frozen=True, slots=True, eq=False)
class LookaheadPair:
    """Both halves. Arcs of HCLr that have the label of backoff arcs are gone: the model backs off where it has to."""

    hclr: HclrGraph
    model: LanguageModel
    gr_kind: str  # ngram, const or vector
    symbols: SymbolTable | None  # of ``model.words_of_label``


def open_lookahead_pair(
    hclr: str | os.PathLike[str],
    gr: str | os.PathLike[str],
    words: str | os.PathLike[str] | None = None,
    *,
    allow_commands: bool = False,
) -> LookaheadPair:
    """The graph in two files, with the symbols of a table ``words``, or those in the files.

    Raises FileAccessError, SpecifierError, TableFormatError (file, byte, what was expected) and UnsupportedModelError
    (other kinds, or halves that share no label).
    """
    graph, output_symbols = open_hclr(hclr, allow_commands)
    second = open_language_model(gr, allow_commands)
    _check_labels(os.fspath(hclr), graph, second)
    if words is not None:
        symbols: SymbolTable | None = read_symbols(words, allow_commands)
    else:
        symbols = second.words or (output_symbols if second.kind == "ngram" else None)
    if second.backoff_label:
        graph = _without_output(graph, second.backoff_label)
    return LookaheadPair(graph, second.model, second.kind, symbols)


def open_hclr(path: str | os.PathLike[str], allow_commands: bool = False) -> tuple[HclrGraph, SymbolTable | None]:
    """The graph in a file of the kind ``olabel_lookahead``, and the symbols of its labels, if it has any.

    Raises FileAccessError, SpecifierError, TableFormatError and UnsupportedModelError.
    """
    with open_stream(os.fspath(path), allow_commands=allow_commands) as stream:
        with telling_foreign_kinds(stream, _HCLR):
            header = read_header(stream)
        return read_hclr(stream, header)


def read_hclr(stream: KaldiStream, header: FstHeader) -> tuple[HclrGraph, SymbolTable | None]:
    """The graph behind its header, and the symbols of its labels. Raises TableFormatError and UnsupportedModelError."""
    if header.kind != HCLR_KIND or header.arc_type != "standard":
        found = f"{clipped(header.kind)} with arcs of type {clipped(header.arc_type)}"
        raise UnsupportedModelError(
            f"{stream.name}: expected {_HCLR} of the kind {HCLR_KIND}, found {found}; Kaldi's mkgraph_lookahead.sh "
            "makes one"
        )
    offset = stream.offset
    if (magic := stream.read(4)) != _ADD_ON_MAGIC:
        raise stream.error("a graph with something added", clipped(magic), _DAMAGED, offset=offset)
    offset = stream.offset
    inner = read_header(stream)
    if inner.kind != "const":  # the kind is made of no other
        raise stream.error("a graph of the kind const", clipped(inner.kind), _DAMAGED, offset=offset)
    fst = read_graph_behind(stream, inner, _HCLR)
    offset = stream.offset
    has_pair = read_flag(stream)
    # Reachable labels of the input, of the output.
    if not has_pair or read_flag(stream) or not read_flag(stream):
        raise stream.error("the labels that can be reached by output", "none", _DAMAGED, offset=offset)
    return _hclr(stream, fst), header.output_symbols or inner.output_symbols


def _hclr(stream: KaldiStream, fst: GraphFst) -> HclrGraph:
    reach = read_label_reach(stream, fst.num_states)
    return HclrGraph(
        start=fst.start,
        first_arcs=fst.first_arcs,
        arcs=fst.arcs,
        final_weights=fst.final_weights,
        num_final_states=fst.num_final_states,
        largest_ilabel=fst.largest_ilabel,
        largest_olabel=fst.largest_olabel,
        set_of_state=reach.set_of_state,
        set_first=reach.set_first,
        interval_begin=reach.begins,
        interval_end=reach.ends,
        final_label=reach.final_label,
        num_intervals=reach.num_intervals,
    )


def _check_labels(path: str, graph: HclrGraph, second: LanguageModelFile) -> None:
    """Refuse halves that cannot be of one graph: no path has a word then."""
    words = second.model.words_of_label
    labels = used_labels(graph.olabels)
    if not words[labels[labels < len(words)]].any():
        raise UnsupportedModelError(
            f"{path}: expected labels of {second.path}, found none of its {np.count_nonzero(words)}; "
            "are they halves of one graph?"
        )


def _without_output(graph: HclrGraph, label: int) -> HclrGraph:
    """The graph without the arcs of an output label."""
    keep = graph.olabels != label
    if keep.all():
        return graph
    before = np.zeros(len(keep) + 1, np.int64)
    np.cumsum(keep, out=before[1:])
    arcs = graph.arcs[keep]
    return replace(
        graph,
        first_arcs=before[graph.first_arcs],
        arcs=arcs,
        largest_ilabel=largest(arcs["ilabel"]),
        largest_olabel=largest(arcs["olabel"]),
    )
