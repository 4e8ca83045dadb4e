from __future__ import annotations

import math
import threading
from dataclasses import replace

import numpy as np
import pytest

from ov_asr_score.decoding.search import NO_FRAMES, NO_PATH, NOT_FINAL, PARTIAL, TOO_MUCH_MEMORY
from ov_asr_score.decoding.token_passing import search_buffers, search_run, utterance_search
from ov_asr_score.decoding.token_passing.search_arrays import NUM_FRAMES
from ov_asr_score.decoding.token_passing.search_graph import SearchGraph, compose_pair, plain_graph
from ov_asr_score.decoding.token_passing.utterance_search import UtteranceSearch
from ov_asr_score.errors import ShapeMismatchError, UnsupportedModelError
from ov_asr_score.fst.graph_file import GraphFst
from ov_asr_score.fst.header import ARC
from ov_asr_score.fst.lookahead_graph import HclrGraph, LanguageModel
from ov_asr_score.settings.words.decoding import DecodingOptions
from tests.decoding.kaldi_live_searches import is_silence, joined_scores, scores, steps, transitions, whole_graph
from tests.decoding.token_passing.small_pairs import (
    CHAIN,
    DISAMBIGUATION,
    FOLDER,
    numbers,
    pair,
    pair_graph,
    searched,
)


def small_plain(arcs: list[tuple[int, int, float, int]], first_arcs: list[int], finals: list[float]) -> SearchGraph:
    """A graph whose transition-ids 1, 2 … have the pdfs 0, 1 …"""
    fst = GraphFst(
        0, np.array(finals, np.float32), np.array(first_arcs, np.int64), np.array(arcs, ARC), len(finals), 2, 9
    )
    return plain_graph("plain", fst, np.array([-1, 0, 1], np.int32), 2)


@pytest.mark.parametrize("limits", [CHAIN, replace(CHAIN, beam=8.0, max_active=60, min_active=20)])
def test_words_and_alignments_of_a_pair_are_those_of_kaldi(limits: DecodingOptions) -> None:
    alignments, words = numbers("ali.txt"), numbers("words.int")
    for key, values in scores().items():
        found = searched(pair_graph(), values, limits).finish(key)
        assert found.warnings == () and found.path is not None
        assert found.path.alignment.tolist() == alignments[key]
        assert found.path.words.tolist() == words[key]
        assert len(found.path.word_frames) == len(found.path.words)


def test_a_packed_language_model_gives_the_same_alignments() -> None:
    alignments = numbers("ali.txt")
    for key, values in scores().items():
        path = searched(pair_graph("Gr_ngram.fst"), values).finish(key).path
        assert path is not None and path.alignment.tolist() == alignments[key]


def test_words_silence_and_costs_after_each_piece_as_kaldi() -> None:
    # of LatticeFasterOnlineDecoder on HCLG.fst, --beam=15 --lattice-beam=8 --max-active=7000, 8 rows at a time
    options, key = replace(CHAIN, beam=15.0), ""
    search = UtteranceSearch(whole_graph(), options)
    for step in steps("plain"):
        if step.key != key:
            search, key = UtteranceSearch(whole_graph(), options), step.key
        search.advance(scores()[key][search.num_frames : step.rows])
        path = search.best_path(False)
        assert path is not None and path.words.tolist() == step.words
        assert len(path.alignment) == search.num_frames == step.rows
        assert search.trailing_silence(is_silence()) == step.trailing_silence
        assert search.relative_cost() == pytest.approx(step.relative_cost, rel=1e-4)


@pytest.mark.parametrize("gr", ["Gr", "Gr_ngram"])
def test_silence_and_relative_costs_of_pairs_after_each_piece_as_kaldi(gr: str) -> None:
    # of LatticeFasterOnlineDecoder on LookaheadComposeFst, --beam=15 --lattice-beam=8, 8 rows at a time
    options, key = replace(CHAIN, beam=15.0), ""
    search = UtteranceSearch(pair_graph(f"{gr}.fst"), options)
    for step in steps(gr, FOLDER / "decoded"):
        if step.key != key:
            search, key = UtteranceSearch(pair_graph(f"{gr}.fst"), options), step.key
        search.advance(scores()[key][search.num_frames : step.rows])
        assert search.trailing_silence(is_silence()) == step.trailing_silence
        if step.trailing_silence:  # within a word Kaldi's costs depend on where it has taken it
            assert search.relative_cost() == pytest.approx(
                step.relative_cost, abs=0.02
            )  # OpenFst rounds what it pushes
        assert search.words().tolist() == step.words


@pytest.mark.parametrize("graph", [pair_graph(), whole_graph()], ids=["pair", "whole"])
@pytest.mark.parametrize("wants_lattice", [False, True])
def test_nothing_depends_on_how_scores_are_cut(graph: SearchGraph, wants_lattice: bool) -> None:
    options, values = replace(CHAIN, lattice_beam=3.0, allow_partial=True), joined_scores()
    whole = UtteranceSearch(graph, options, wants_lattice)
    whole.advance(values)
    expected = whole.finish("all")
    cut, first = UtteranceSearch(graph, options, wants_lattice), 0
    random = np.random.default_rng(3)
    while first < len(values):
        size = int(random.integers(0, 30))
        cut.advance(values[first : first + size])
        cut.best_path(False)
        cut.finish("so far")
        first += size
    found = cut.finish("all")
    assert found.path is not None and expected.path is not None
    assert found.path.alignment.tolist() == expected.path.alignment.tolist()
    assert found.path.words.tolist() == expected.path.words.tolist()
    assert (found.path.graph_cost, found.path.acoustic_cost) == (expected.path.graph_cost, expected.path.acoustic_cost)
    if wants_lattice:
        assert found.lattice is not None and expected.lattice is not None
        for name in ("targets", "transition_ids", "words", "graph_costs", "acoustic_costs", "final_graph_costs"):
            assert np.array_equal(getattr(found.lattice, name), getattr(expected.lattice, name))


def test_buffers_and_records_grow_and_are_swept(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = searched(pair_graph(), joined_scores()).finish("all").path
    monkeypatch.setattr(search_buffers, "_FIRST_TOKENS", 4)
    monkeypatch.setattr(search_run, "_FIRST_RECORDS", 2)
    found = pair()
    graph = compose_pair("x", found.hclr, found.model, transitions().pdfs, transitions().num_pdfs, DISAMBIGUATION)
    search = searched(graph, joined_scores())
    path = search.finish("all").path
    assert path is not None and expected is not None
    assert path.alignment.tolist() == expected.alignment.tolist()
    assert path.graph_cost == expected.graph_cost
    assert search._run.num_records < 5000


def test_searches_in_threads_share_a_graph() -> None:
    alignments, found = numbers("ali.txt"), {}

    def work(key: str) -> None:
        search = UtteranceSearch(pair_graph(), CHAIN)
        for first in range(0, len(scores()[key]), 3):
            search.advance(scores()[key][first : first + 3])
        found[key] = search.transition_ids().tolist()

    threads = [threading.Thread(target=work, args=(key,)) for key in scores()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == alignments


def test_costs_of_a_path_by_hand() -> None:
    # 0 -1:7/0.5-> 1 -2:0/0.25-> 2 (final 0.125), and a way without a frame
    graph = small_plain([(1, 7, 0.5, 1), (2, 0, 0.25, 2), (0, 8, 0.0625, 0)], [0, 1, 3, 3], [np.inf, np.inf, 0.125])
    options = replace(CHAIN, decoding_scale=0.5, word_insertion_penalty=2.0)
    path = searched(graph, np.array([[-1, -9], [-9, -2]], np.float32), options).best_path(True)
    assert path is not None and path.is_final
    assert (path.words.tolist(), path.word_frames.tolist(), path.alignment.tolist()) == ([7], [0], [1, 2])
    assert path.graph_cost == pytest.approx(0.875)
    assert path.acoustic_cost == pytest.approx(3.0)


def test_what_is_known_before_the_end_and_without_a_final_state() -> None:
    graph = small_plain([(1, 7, 0.5, 1), (2, 0, 0.25, 2)], [0, 1, 2, 2], [np.inf, np.inf, 0.125])
    search = UtteranceSearch(graph, CHAIN)
    assert search.finish("a").warnings == (NO_FRAMES,)
    assert search.best_path(False) is None and search.relative_cost() == math.inf
    assert search.transition_ids().tolist() == [] and search.words().tolist() == []
    search.advance(np.zeros((1, 2), np.float32))
    assert search.finish("a").warnings == (NOT_FINAL,)
    assert search.relative_cost() == math.inf and search.words().tolist() == [7]
    search = UtteranceSearch(graph, replace(CHAIN, allow_partial=True))
    search.advance(np.zeros((1, 2), np.float32))
    assert search.finish("a").warnings == (PARTIAL,)
    search.advance(np.zeros((5, 2), np.float32))
    assert search.finish("a").warnings == (NO_PATH,)


def test_scores_that_no_search_can_take() -> None:
    search = UtteranceSearch(whole_graph(), CHAIN)
    with pytest.raises(ShapeMismatchError, match=r"expected scores of \d+ pdfs, the model's, found 3 columns"):
        search.advance(np.zeros((2, 3), np.float32))
    values = joined_scores()[:4].copy()
    values[2, 5] = np.nan
    search.advance(values)
    assert search.finish("a").warnings == ("NaN or infinity in the scores of frame 2: no words",)


def test_the_time_may_be_up() -> None:
    search = searched(whole_graph(), joined_scores(), replace(CHAIN, decoding_seconds=1e-9))
    assert search.failure is not None and "given up" in search.failure
    rarely = replace(CHAIN, decoding_seconds=1e-9, prune_interval=1_000_000)
    search = UtteranceSearch(whole_graph(), rarely, wants_lattice=True)
    search.advance(joined_scores())
    assert search._run._counters[NUM_FRAMES] < 100  # of several hundred


def test_memory_may_be_up() -> None:
    search = UtteranceSearch(whole_graph(), replace(CHAIN, decoding_memory=1 << 18), wants_lattice=True)
    search.advance(joined_scores())
    assert search.finish("a").warnings == (TOO_MUCH_MEMORY,) and search.best_path(False) is None


def test_nothing_is_searched_after_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = whole_graph()
    graph = SearchGraph(whole.name, whole.arrays, whole.start, whole.history, whole.words_of_label, whole.num_pdfs)
    search = UtteranceSearch(graph, replace(CHAIN, allow_partial=True), wants_lattice=True)
    search.advance(joined_scores()[:30])
    prune = search_run.SearchRun.prune

    def ends(self: search_run.SearchRun) -> None:
        if self._counters[NUM_FRAMES] > 70:
            raise MemoryError
        prune(self)

    monkeypatch.setattr(search_run.SearchRun, "prune", ends)
    with pytest.raises(MemoryError):
        search.advance(joined_scores()[30:100])
    monkeypatch.undo()
    search.advance(joined_scores()[100:110])
    assert search.finish("a").warnings == ("the search was broken off by an error: no words",)
    assert search.words().tolist() == [] and search.lattice_so_far("a") is None and search.relative_cost() == math.inf
    # half-changed buffers are not lent to others
    assert not graph._free
    found, expected = (searched(each, joined_scores()).transition_ids() for each in (graph, whole))
    assert found.tolist() == expected.tolist()


def test_before_the_first_frame_and_after_a_failure() -> None:
    search = UtteranceSearch(whole_graph(), CHAIN)
    assert search.best_path(True) is None and not search.is_due
    assert search.trailing_silence(is_silence()) == 0
    values = joined_scores()[:4].copy()
    values[:] = -np.inf
    search.advance(values)
    assert search.finish("a").warnings == (NO_PATH,) and search.relative_cost() == math.inf


def test_the_search_may_go_on_after_a_result() -> None:
    options, values = replace(CHAIN, allow_partial=True), joined_scores()
    search = UtteranceSearch(whole_graph(), options)
    for first in range(0, len(values), 100):
        search.advance(values[first : first + 100])
        found, expected = search.finish("a"), searched(whole_graph(), values[: first + 100], options).finish("a")
        assert found.path is not None and expected.path is not None and found.warnings == expected.warnings
        assert found.path.alignment.tolist() == expected.path.alignment.tolist()
        assert found.path.graph_cost == expected.path.graph_cost


def test_looks_at_long_utterances_become_rare(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(utterance_search, "_TRACEBACKS", 20)
    values = np.tile(joined_scores(), (6, 1))
    search = UtteranceSearch(whole_graph(), CHAIN)
    lengths = []
    for first in range(0, len(values), 2):
        search.advance(values[first : first + 2])
        if search.is_due:
            search.best_path(False)
            lengths.append(search.num_frames)
            assert not search.is_due
    gaps = np.diff(lengths)
    assert (gaps[:18] == 2).all()
    assert all(before // 20 <= gap <= before // 20 + 2 for gap, before in zip(gaps, lengths, strict=False))


def test_a_better_path_that_is_not_final() -> None:
    # one frame: state 1 is final and dear, state 2 is not final and cheap
    graph = small_plain([(1, 5, 3.0, 1), (1, 6, 1.0, 2)], [0, 2, 2, 2], [np.inf, 0.5, np.inf])
    search = searched(graph, np.zeros((1, 2), np.float32))
    best, final = search.best_path(False), search.best_path(True)
    assert best is not None and final is not None
    assert best.words.tolist() == [6] and not best.is_final
    assert final.words.tolist() == [5] and final.is_final
    assert search.relative_cost() == pytest.approx(3.5 - 1.0)


@pytest.mark.parametrize("weight", [np.nan, -np.inf])
def test_graphs_that_no_search_can_take(weight: float) -> None:
    with pytest.raises(UnsupportedModelError, match="expected weights that are numbers"):
        small_plain([(1, 5, weight, 0)], [0, 1], [0.0])
    with pytest.raises(UnsupportedModelError, match="expected labels from 0"):
        small_plain([(1, -5, 0.0, 0)], [0, 1], [0.0])


def test_a_cycle_that_pays_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnsupportedModelError, match="a cycle of arcs without a frame makes paths ever better"):
        UtteranceSearch(small_plain([(0, 0, -1.0, 0)], [0, 1], [0.0]), CHAIN)


def test_graphs_of_another_model() -> None:
    found = pair()
    with pytest.raises(ShapeMismatchError, match=r"x: the graph has transition-ids up to 302, the model 300"):
        compose_pair("x", found.hclr, found.model, transitions().pdfs, transitions().num_pdfs)
    with pytest.raises(UnsupportedModelError, match="expected graphs with a start, found none"):
        compose_pair("x", replace(found.hclr, start=-1), found.model, transitions().pdfs, 56, DISAMBIGUATION)


def test_paths_from_the_start_compare_with_those_behind_words() -> None:
    # silence (transition-id 1) and a word (2) lead back to the root; by its language model, whose probabilities
    # add up to more than 1, the start expects as much as the root after the word
    arcs = np.array([(1, 0, 0.0, 1), (2, 1, 0.0, 0), (0, 0, 0.0, 0)], ARC)
    infinite = np.float32(np.inf)
    hclr = HclrGraph(
        start=0,
        final_weights=np.array([0.0, infinite], np.float32),
        first_arcs=np.array([0, 2, 3]),
        arcs=arcs,
        num_final_states=1,
        largest_ilabel=2,
        largest_olabel=1,
        set_of_state=np.zeros(2, np.int32),
        set_first=np.array([0, 1]),
        interval_begin=np.array([1], np.int32),
        interval_end=np.array([3], np.int32),
        final_label=2,
        num_intervals=2,
    )
    model = LanguageModel(
        start=1,
        first_arcs=np.array([0, 1, 1]),
        labels=np.array([1], np.int32),
        weights=np.array([-2.0], np.float32),
        nexts=np.array([0], np.int32),
        finals=np.array([0.0, infinite], np.float32),
        backoff_state=np.array([-1, 0], np.int32),
        backoff_cost=np.array([infinite, 0.5], np.float32),
        words_of_label=np.array([0, 7], np.int32),
    )
    graph = compose_pair("small", hclr, model, np.array([-1, 0, 1], np.int32), 2)
    for score, words, cost in ((-2.5, [], 0.5), (-1.5, [7], 0.0)):
        found = searched(graph, np.array([[0.0, score]], np.float32)).finish("a").path
        assert found is not None and found.words.tolist() == words
        assert found.graph_cost + found.acoustic_cost == pytest.approx(cost)
