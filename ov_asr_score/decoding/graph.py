"""Decoding graphs as the search for the best path wants them that is in the hands of OpenFst (FasterDecoder).

A graph has transition-ids on its arcs, but a score belongs to a pdf, and many transition-ids share one. So arcs get the
column of their pdf as input label: the search then takes scores as they are, without a matrix of frames by
transition-ids. What an arc said before is found by its output label.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any, BinaryIO, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.decoding.kaldifst_api import import_kaldi_decoder, import_kaldifst, nameable_file
from ov_asr_score.errors import ShapeMismatchError, TableFormatError, UnsupportedModelError
from ov_asr_score.fst.graph_file import GraphFst
from ov_asr_score.fst.header import MAGIC
from ov_asr_score.fst.reading import Fst

IntArray = NDArray[np.int32]
GraphArrays: TypeAlias = GraphFst | Fst

_ARC = np.dtype([("ilabel", "<i4"), ("olabel", "<i4"), ("weight", "<f4"), ("next", "<i4")])
_STATE = np.dtype([("final", "<f4"), ("first", "<u4"), ("arcs", "<u4"), ("ieps", "<u4"), ("oeps", "<u4")])
_HEADER = struct.Struct("<iiQqqq")  # version, flags, properties, start, states, arcs
_EXPANDED = 1  # the only property that OpenFst expects of a constant automaton
_BLOCK = 1 << 20  # arcs that are converted at a time


class PdfsOfLabels(Protocol):
    """What input labels of a graph as it is written mean, such as a transition model."""

    @property
    def pdfs(self) -> IntArray:
        """The column of scores that each label has, from label 1 on."""
        ...

    @property
    def num_pdfs(self) -> int:
        """Columns of the scores."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class GraphLabels:
    """What labels of a searched graph mean: input label ``p + 1`` is pdf ``p``, output labels are rows here."""

    transition_ids: IntArray  # [L]; 0 for none
    words: IntArray  # [L]; 0 for none
    num_pdfs: int


@dataclass(frozen=True, slots=True, eq=False)
class DecodingGraph:
    """A graph in the hands of OpenFst."""

    name: str
    automaton: Any  # kaldifst.StdConstFst
    labels: GraphLabels
    word_penalty: float  # in the weight of every arc that has a word


def make_graph(name: str, fst: GraphArrays, pdfs: IntArray, num_pdfs: int, word_penalty: float = 0.0) -> DecodingGraph:
    """The graph ``fst`` for the search; ``pdfs`` [transition-ids + 1] gives the pdf of each transition-id, from 1.

    ``word_penalty`` is added to the weight of every arc that has a word. Raises MissingExtraError,
    UnsupportedModelError (no start, weights without an order) and ShapeMismatchError (transition-ids out of range).
    """
    import_kaldi_decoder()
    with nameable_file() as (file, path):
        labels = write_graph(file, name, fst, pdfs, num_pdfs, word_penalty)
        return open_graph_file(path, name, labels, word_penalty)


def open_graph_file(path: str, name: str, labels: GraphLabels, word_penalty: float) -> DecodingGraph:
    """The graph in a file of `write_graph`. Raises MissingExtraError and TableFormatError."""
    automaton = import_kaldifst().StdConstFst.read(path)
    if automaton is None:
        raise TableFormatError(f"{name}: OpenFst cannot read the graph")
    return DecodingGraph(name, automaton, labels, word_penalty)


def write_graph(
    file: BinaryIO, name: str, fst: GraphArrays, pdfs: IntArray, num_pdfs: int, word_penalty: float = 0.0
) -> GraphLabels:
    """Write a graph for the search as a constant automaton of OpenFst, and return what its labels mean.

    Arguments and errors are those of `make_graph`. Source: OpenFst 1.7, const-fst.h.
    """
    check_searchable(name, fst, pdfs)
    labels, olabels = _output_labels(fst, len(pdfs), num_pdfs)
    counts = np.diff(fst.first_arcs)
    states = np.zeros(fst.num_states, _STATE)
    states["final"] = fst.final_weights
    states["first"] = fst.first_arcs[:-1]
    states["arcs"] = counts
    states["ieps"] = _sums(fst.ilabels == 0, fst.first_arcs)
    states["oeps"] = _sums(olabels == 0, fst.first_arcs)
    header = _HEADER.pack(2, 0, _EXPANDED, fst.start, fst.num_states, len(fst.ilabels))
    file.write(MAGIC + _named("const") + _named("standard") + header)
    file.write(states.data)
    columns = np.where(np.arange(len(pdfs)) > 0, pdfs + 1, 0).astype(np.int32)
    for start in range(0, len(fst.ilabels), _BLOCK):
        block = slice(start, start + _BLOCK)
        arcs = np.empty(len(fst.ilabels[block]), _ARC)
        arcs["ilabel"] = columns[fst.ilabels[block]]
        arcs["olabel"] = olabels[block]
        arcs["weight"] = fst.weights[block]
        if word_penalty:
            arcs["weight"] += np.float32(word_penalty) * (fst.olabels[block] != 0)
        arcs["next"] = fst.next_states[block]
        file.write(arcs.data)
    file.flush()
    return labels


def check_searchable(name: str, fst: GraphArrays, pdfs: IntArray) -> None:
    """Raise the errors of `make_graph` for what a search does not survive, or would answer with nonsense."""
    if fst.start < 0:
        raise UnsupportedModelError(f"{name}: expected a graph with a start, found none; the graph is empty")
    most = int(fst.ilabels.max(initial=0))
    if most >= len(pdfs):
        raise ShapeMismatchError(
            f"{name}: the graph has transition-ids up to {most}, the model {len(pdfs) - 1}; give the model of the graph"
        )
    if fst.ilabels.min(initial=0) < 0 or fst.olabels.min(initial=0) < 0:
        raise UnsupportedModelError(f"{name}: expected labels from 0, found negative ones; the graph is damaged")
    # Infinity is a path that nobody takes; these two make all comparisons of costs false, or endless loops.
    for weights in (fst.weights, fst.final_weights):
        if np.isnan(weights).any() or np.isneginf(weights).any():
            raise UnsupportedModelError(f"{name}: expected weights that are numbers, found NaN or -infinity")


def _output_labels(fst: GraphArrays, num_ids: int, num_pdfs: int) -> tuple[GraphLabels, IntArray]:
    """What output labels mean, and those of the arcs [A]: a transition-id alone, or behind them pairs with words."""
    olabels = fst.ilabels.astype(np.int32)
    with_word = np.flatnonzero(fst.olabels)
    pairs, found = np.unique(
        fst.olabels[with_word].astype(np.int64) * num_ids + fst.ilabels[with_word], return_inverse=True
    )
    olabels[with_word] = num_ids + found.reshape(-1)
    ids = np.concatenate([np.arange(num_ids), pairs % num_ids]).astype(np.int32)
    words = np.concatenate([np.zeros(num_ids, np.int64), pairs // num_ids]).astype(np.int32)
    return GraphLabels(ids, words, num_pdfs), olabels


def _sums(chosen: NDArray[np.bool_], first_arcs: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many arcs of each state are among the ``chosen``."""
    before = np.concatenate([[0], np.cumsum(chosen)])
    sums: NDArray[np.int64] = before[first_arcs[1:]] - before[first_arcs[:-1]]
    return sums


def _named(text: str) -> bytes:
    return struct.pack("<i", len(text)) + text.encode()
