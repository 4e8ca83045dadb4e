"""A pair of graphs, or a plain graph, as the compiled search wants it; shared by any number of searches.

Tests: tests/decoding/token_passing/test_utterance_search.py
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.decoding.graph import check_searchable
from ov_asr_score.decoding.token_passing.search_arrays import LEAST_COST, SET, Records, SearchArrays
from ov_asr_score.decoding.token_passing.search_buffers import SharedBuffers
from ov_asr_score.errors import ShapeMismatchError, UnsupportedModelError
from ov_asr_score.fst.arc_columns import blocks, used_labels
from ov_asr_score.fst.graph_file import GraphFst
from ov_asr_score.fst.header import ARC
from ov_asr_score.fst.lookahead_graph import HclrGraph, LanguageModel

IntArray = NDArray[np.int32]


@dataclass(slots=True, eq=False)
class SearchGraph:
    """What any number of searches share, in any threads."""

    name: str
    arrays: SearchArrays
    start: int
    history: int  # the start of the language model
    words_of_label: IntArray
    num_pdfs: int
    _free: list[SharedBuffers] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def borrowed_buffers(self) -> Iterator[SharedBuffers]:
        """Buffers for the time of a call, as many as there are calls at a time.

        Those of a call that fails are dropped, as they may be half changed.
        """
        with self._lock:
            buffers = self._free.pop() if self._free else None
        if buffers is None:
            buffers = SharedBuffers(self.arrays)
        yield buffers
        with self._lock:
            self._free.append(buffers)


def compose_pair(
    name: str,
    hclr: HclrGraph,
    language_model: LanguageModel,
    pdfs: IntArray,
    num_pdfs: int,
    disambiguation: Iterable[int] = (),
) -> SearchGraph:
    """The pair for the search; ``pdfs`` [transition-ids + 1] gives the pdf of each transition-id, from 1.

    Input labels in ``disambiguation`` take no frame. Raises MissingExtraError (no numba), UnsupportedModelError (no
    start, labels without words) and ShapeMismatchError (transition-ids out of range).
    """
    if hclr.start < 0:
        raise UnsupportedModelError(f"{name}: expected graphs with a start, found none; a graph is empty")
    arcs = np.require(hclr.arcs, ARC, ["C", "A", "W"])
    columns = _columns(name, arcs["ilabel"], pdfs, disambiguation)
    first_half = _without_model(hclr, arcs, columns)._replace(
        sets=np.ascontiguousarray(hclr.set_of_state, np.int32),
        set_first=np.ascontiguousarray(hclr.set_first, np.int64),
        set_begins=np.ascontiguousarray(hclr.interval_begin, np.int32),
        set_ends=np.ascontiguousarray(hclr.interval_end, np.int32),
        label_sets=_label_sets(hclr),
        composes=True,
    )
    without = SearchGraph(name, first_half, hclr.start, 0, np.zeros(0, np.int32), num_pdfs)
    return with_language_model(without, language_model)


def with_language_model(graph: SearchGraph, lm: LanguageModel) -> SearchGraph:
    """A pair with the first half of another one, whose arrays it shares, and this second half.

    Raises MissingExtraError (no numba) and UnsupportedModelError (no start, labels without words).
    """
    from ov_asr_score.decoding.token_passing.look_costs import fill_sums

    if lm.start < 0:
        raise UnsupportedModelError(f"{graph.name}: expected graphs with a start, found none; a graph is empty")
    if len(lm.labels) and int(lm.labels.max()) >= len(lm.words_of_label):
        raise UnsupportedModelError(
            f"{graph.name}: the language model has labels up to {lm.labels.max()}, and words for "
            f"{len(lm.words_of_label)}; give the symbol table of the language model"
        )
    word_first = np.ascontiguousarray(lm.first_arcs, np.int64)
    costs = np.ascontiguousarray(lm.weights, np.float32)
    sums = np.empty(len(costs) + len(word_first) - 1)
    fill_sums(word_first, costs, sums)
    wide = _widest_history(lm)
    wide_arcs, wide_looks = _wide_tables(lm, wide, graph.arrays)
    arrays = graph.arrays._replace(
        label_sets=_with_backoff(graph.arrays, lm.backoff_label),
        word_first=word_first,
        labels=np.ascontiguousarray(lm.labels, np.int32),
        word_costs=costs,
        nexts=np.ascontiguousarray(lm.nexts, np.int32),
        ends=np.ascontiguousarray(lm.finals, np.float32),
        backoff_states=np.ascontiguousarray(lm.backoff_state, np.int32),
        backoff_costs=np.ascontiguousarray(lm.backoff_cost, np.float32),
        sums=sums,
        said=np.zeros(0, np.int32) if lm.said is None else np.ascontiguousarray(lm.said, np.int32),
        wide_history=wide,
        wide_arcs=wide_arcs,
        wide_looks=wide_looks,
    )
    words = np.ascontiguousarray(lm.words_of_label, np.int32)
    return SearchGraph(graph.name, arrays, graph.start, lm.start, words, graph.num_pdfs)


def plain_graph(name: str, fst: GraphFst, pdfs: IntArray, num_pdfs: int) -> SearchGraph:
    """A graph that is complete, such as an HCLG.fst, for the same search.

    Raises UnsupportedModelError (no start, weights without an order) and ShapeMismatchError (transition-ids out of
    range).
    """
    check_searchable(name, fst, pdfs)
    arcs = np.require(fst.arcs, ARC, ["C", "A", "W"])
    columns = _columns(name, arcs["ilabel"], pdfs, ())
    words = np.arange(int(arcs["olabel"].max(initial=0)) + 1, dtype=np.int32)
    return SearchGraph(name, _without_model(fst, arcs, columns), fst.start, 0, words, num_pdfs)


def _without_model(fst: GraphFst, arcs: Records, columns: IntArray) -> SearchArrays:
    """A graph alone, which is complete so."""
    none, no_ints = np.zeros(0, np.float32), np.zeros(0, np.int32)
    return SearchArrays(
        first_arcs=np.ascontiguousarray(fst.first_arcs, np.int64),
        arcs=arcs,
        finals=np.ascontiguousarray(fst.final_weights, np.float32),
        has_epsilons=_has_epsilons(fst.first_arcs, arcs["ilabel"], columns),
        sets=np.zeros(fst.num_states, np.int32),
        columns=columns,
        set_first=np.zeros(2, np.int64),
        set_begins=no_ints,
        set_ends=no_ints,
        label_sets=np.zeros(1, SET),
        word_first=np.zeros(2, np.int64),
        labels=no_ints,
        word_costs=none,
        nexts=no_ints,
        ends=np.zeros(1, np.float32),
        backoff_states=np.full(1, -1, np.int32),
        backoff_costs=np.zeros(1, np.float32),
        sums=np.zeros(1),
        said=no_ints,
        wide_history=-1,
        wide_arcs=no_ints,
        wide_looks=none,
        composes=False,
    )


def _columns(name: str, ilabels: IntArray, pdfs: IntArray, disambiguation: Iterable[int]) -> IntArray:
    """The pdf of each input label, -1 for those that take no frame."""
    used = used_labels(ilabels)
    most = int(used.max(initial=0))
    without_frame = [0, *disambiguation]
    known = np.zeros(max(most, len(pdfs) - 1) + 1, np.bool_)
    known[: len(pdfs)] = True
    known[[label for label in without_frame if label < len(known)]] = True
    unknown = used[~known[used]]
    if unknown.size:
        raise ShapeMismatchError(
            f"{name}: the graph has transition-ids up to {unknown.max()}, the model {len(pdfs) - 1}; give the model of "
            "the graph, and the disambiguation symbols of a lookahead pair (disambig_tid.int)"
        )
    columns = np.full(len(known), -1, np.int32)
    columns[1 : len(pdfs)] = pdfs[1:]
    columns[[label for label in without_frame if label < len(columns)]] = -1
    return columns


def _has_epsilons(first_arcs: NDArray[np.int64], ilabels: IntArray, columns: IntArray) -> NDArray[np.bool_]:
    """Which states have an arc without a frame [S]."""
    has = np.zeros(len(first_arcs) - 1, np.bool_)
    for block in blocks(len(ilabels)):
        arcs = np.flatnonzero(columns[ilabels[block]] < 0) + block.start
        has[np.searchsorted(first_arcs, arcs, side="right") - 1] = True
    return has


def _label_sets(hclr: HclrGraph) -> Records:
    """What is told of each set of labels [K]."""
    sets = np.zeros(len(hclr.set_first) - 1, SET)
    sets["first"], sets["count"] = hclr.set_first[:-1], np.diff(hclr.set_first)
    used = np.flatnonzero(sets["count"])
    sets["begin"][used] = hclr.interval_begin[hclr.set_first[used]]
    sets["end"][used] = hclr.interval_end[hclr.set_first[used + 1] - 1]
    sets["is_final"] = hclr.set_has_final
    return sets


def _with_backoff(first_half: SearchArrays, label: int) -> Records:
    """What is told of each set of labels, if the language model backs off by a label (0: without any)."""
    sets = first_half.label_sets.copy()
    holds = (first_half.set_begins <= label) & (label < first_half.set_ends) & (label > 0)
    sets["backs_off"] = _by_set(holds.astype(np.float64), first_half.set_first) > 0
    return sets


def _by_set(values: NDArray[np.float64], set_first: NDArray[np.int64]) -> NDArray[np.float64]:
    """Sums of the values of intervals, for each set."""
    sums: NDArray[np.float64] = np.add.reduceat(np.append(values, 0.0), set_first[:-1])
    sums[set_first[1:] == set_first[:-1]] = 0
    return sums


def _widest_history(lm: LanguageModel) -> int:
    """The state with the most arcs of those that do not back off; -1 if its table of labels would be wasteful."""
    counts = np.where(lm.backoff_state < 0, np.diff(lm.first_arcs), -1)
    widest = int(counts.argmax())
    most = int(lm.labels.max(initial=0))
    return widest if most < 16 * counts[widest] + 1024 else -1


def _wide_tables(lm: LanguageModel, widest: int, first_half: SearchArrays) -> tuple[IntArray, NDArray[np.float32]]:
    """The arcs of the widest history by label, and its looks by set."""
    if widest < 0:
        return np.zeros(0, np.int32), np.zeros(0, np.float32)
    arcs = np.arange(lm.first_arcs[widest], lm.first_arcs[widest + 1])
    top = int(lm.labels.max(initial=0)) + 1
    arc_of_label = np.full(top, -1, np.int32)
    arc_of_label[lm.labels[arcs]] = arcs
    probability = np.zeros(top)
    probability[lm.labels[arcs]] = np.exp(-np.maximum(lm.weights[arcs].astype(np.float64), LEAST_COST))
    before = np.concatenate([[0.0], np.cumsum(probability)])
    begins, ends = np.clip(first_half.set_begins, 0, top), np.clip(first_half.set_ends, 0, top)
    masses = np.maximum(before[ends] - before[begins], 0)
    counts = np.concatenate([[0], np.cumsum(probability > 0)])
    holds_any = counts[np.maximum(begins, ends)] > counts[begins]
    masses[~holds_any] = 0
    few = np.flatnonzero((masses < 1e-9 * (1 + before[ends])) & holds_any)  # such differences have lost their digits
    few = few[np.argsort(begins[few])]  # what lies between two is added up, too
    bounds = np.stack([begins[few], ends[few]], axis=1).reshape(-1)
    masses[few] = np.add.reduceat(np.append(probability, 0.0), bounds)[::2]
    totals = _by_set(masses, first_half.set_first)
    with np.errstate(divide="ignore"):
        looks = -np.log(totals)
    is_final = first_half.label_sets["is_final"] > 0
    looks[is_final] = np.minimum(looks[is_final], lm.finals[widest])
    return arc_of_label, looks.astype(np.float32)
