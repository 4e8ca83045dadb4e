from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from ov_asr_score.decoding import live_search
from ov_asr_score.decoding.decoded import Decoded
from ov_asr_score.decoding.graph import make_graph
from ov_asr_score.decoding.live_search import TOO_LONG_FOR_LATTICES, LiveGraph, LiveSearch, make_live_graph
from ov_asr_score.decoding.search import NO_FRAMES, NO_PATH, NOT_FINAL, PARTIAL, decode
from ov_asr_score.errors import OvAsrScoreError, ShapeMismatchError
from ov_asr_score.settings.words.decoding import DecodingOptions
from tests.decoding import kaldi_decodings
from tests.decoding.kaldi_live_searches import is_silence, joined_scores, live_graph, scores, steps

CHAIN = DecodingOptions(beam=15.0, max_active=7000, decoding_scale=1.0)
Scores = NDArray[np.float32]


def in_pieces(values: Scores, options: DecodingOptions, seed: int, graph: LiveGraph | None = None) -> LiveSearch:
    search = LiveSearch(graph or live_graph(), options, wants_partial=False)
    random = np.random.default_rng(seed)
    first = 0
    while first < len(values):
        size = int(random.integers(0, 20))
        search.advance(values[first : first + size])
        first += size
    assert search.num_frames == len(values)
    return search


def assert_same(found: Decoded, expected: Decoded) -> None:
    assert (found.key, found.num_frames, found.warnings) == (expected.key, expected.num_frames, expected.warnings)
    assert (found.path is None) == (expected.path is None)
    assert (found.lattice is None) == (expected.lattice is None)
    if found.path is not None and expected.path is not None:
        for name in ("words", "word_frames", "alignment"):
            assert np.array_equal(getattr(found.path, name), getattr(expected.path, name))
        for name in ("graph_cost", "acoustic_cost", "is_final"):
            assert getattr(found.path, name) == getattr(expected.path, name)
    if found.lattice is not None and expected.lattice is not None:
        assert np.array_equal(found.lattice.acoustic_costs, expected.lattice.acoustic_costs)
        assert np.array_equal(found.lattice.targets, expected.lattice.targets)


def test_words_silence_and_costs_after_each_piece_as_kaldi() -> None:
    # of LatticeFasterOnlineDecoder, --beam=15 --lattice-beam=8 --max-active=7000, 8 rows at a time
    search, key = LiveSearch(live_graph(), CHAIN), ""
    for step in steps("plain"):
        if step.key != key:
            search, key = LiveSearch(live_graph(), CHAIN), step.key
        search.advance(scores()[key][search.num_frames : step.rows])
        path = search.best_path(False)
        assert path is not None and path.words.tolist() == step.words
        assert search.words().tolist() == step.words
        assert len(path.alignment) == search.num_frames == step.rows
        assert search.trailing_silence(is_silence()) == step.trailing_silence
        assert search.relative_cost() == pytest.approx(step.relative_cost, rel=1e-4)


@pytest.mark.parametrize("wants_lattice", [False, True])
def test_results_are_those_of_all_scores_at_once(wants_lattice: bool) -> None:
    options = replace(CHAIN, decoding_scale=0.3, allow_partial=True)
    for seed, (key, values) in enumerate(scores().items()):
        expected = decode(live_graph().graph, options, key, values, wants_lattice)
        search = LiveSearch(live_graph(), options, wants_lattice)
        for first in range(0, len(values), seed + 1):
            search.advance(values[first : first + seed + 1])
            search.best_path(False)
        assert_same(search.finish(key), expected)
        if not wants_lattice:
            assert_same(in_pieces(values, options, seed).finish(key), expected)


def test_the_search_may_go_on_after_a_result() -> None:
    values = joined_scores()
    search = LiveSearch(live_graph(), replace(CHAIN, allow_partial=True))
    for first in range(0, len(values), 100):
        search.advance(values[first : first + 100])
        expected = decode(live_graph().graph, replace(CHAIN, allow_partial=True), "a", values[: first + 100])
        assert_same(search.finish("a"), expected)


def test_utterances_without_a_result() -> None:
    strict, values = CHAIN, scores()["es_Annie-t0002"]
    assert LiveSearch(live_graph(), strict).finish("a").warnings == (NO_FRAMES,)
    endless = make_live_graph(kaldi_decodings.graph("HCLG_nofinal.fst"))
    for partial, warning in ((False, NOT_FINAL), (True, PARTIAL)):
        search = LiveSearch(endless, replace(strict, allow_partial=partial))
        search.advance(values)
        assert search.finish("a").warnings == (warning,)
        assert search.relative_cost() == math.inf
    # two arcs, then no way to go on
    tiny = make_live_graph(kaldi_decodings.graph("tiny.fst"))
    for rows in (1, len(values)):
        assert in_pieces(values, strict, rows, tiny).finish("a").warnings == (NO_PATH,)


def test_lattices_before_the_end() -> None:
    values = joined_scores()
    search = LiveSearch(live_graph(), CHAIN, wants_lattice=True)
    assert search.lattice_so_far("a") is None
    for first in range(0, len(values), 40):
        search.advance(values[first : first + 40])
        found, path = search.lattice_so_far("a"), search.best_path(False)
        assert found is not None and found.path is not None and path is not None
        assert np.array_equal(found.path.words, path.words) and np.array_equal(found.path.alignment, path.alignment)
        assert found.lattice is not None and not found.lattice.final_graph_costs.any()
    search.advance(np.full((1, values.shape[1]), np.nan, np.float32))
    assert search.lattice_so_far("a") is None
    assert LiveSearch(live_graph(), CHAIN).lattice_so_far("a") is None


def test_scores_that_cannot_be_compared() -> None:
    values = scores()["es_Annie-t0002"].copy()
    values[11, 5] = np.nan
    search = LiveSearch(live_graph(), CHAIN)
    for first in range(0, len(values), 4):
        search.advance(values[first : first + 4])
    assert_same(search.finish("a"), decode(live_graph().graph, CHAIN, "a", values))
    assert search.failure is not None and "of frame 11" in search.failure
    assert search.best_path(False) is None and search.relative_cost() == math.inf
    assert search.trailing_silence(is_silence()) == 0
    values[:] = -np.inf
    search = LiveSearch(live_graph(), CHAIN)
    for first in range(0, len(values), 4):
        search.advance(values[first : first + 4])
        assert search.best_path(False) is None and search.relative_cost() == math.inf
    assert search.finish("a").warnings == (NO_PATH,)


def test_scores_of_another_width() -> None:
    with pytest.raises(ShapeMismatchError, match=r"expected scores of 56 pdfs.* found 55"):
        LiveSearch(live_graph(), CHAIN).advance(np.zeros((2, 55), np.float32))


def test_time_is_up() -> None:
    search = LiveSearch(live_graph(), replace(CHAIN, decoding_seconds=0.0))
    search.advance(scores()["es_Annie-t0002"])
    assert search.finish("a").warnings == ("given up after 0 seconds; choose a narrower beam",)


def test_before_the_first_frame() -> None:
    search = LiveSearch(live_graph(), CHAIN)
    assert search.best_path(False) is None and search.best_path(True) is None and not search.is_due
    assert search.relative_cost() == math.inf and search.trailing_silence(is_silence()) == 0


def test_a_search_that_tells_nothing_before_the_end() -> None:
    search = in_pieces(scores()["es_Annie-t0002"], CHAIN, 1)
    with pytest.raises(OvAsrScoreError, match="wants_partial"):
        search.best_path(False)


@pytest.mark.parametrize("part", [0.0, 1 / 3])
def test_scores_that_are_not_kept(part: float) -> None:
    values = joined_scores()
    most = int(part * values.nbytes)
    whole = decode(live_graph().graph, CHAIN, "a", values).path
    search = LiveSearch(live_graph(), CHAIN, wants_lattice=True, kept_bytes=most)
    for first in range(0, len(values), 8):
        search.advance(values[first : first + 8])
        assert sum(each.nbytes for each in search._kept) <= most
    found = search.finish("a")
    assert found.lattice is None and found.warnings == (TOO_LONG_FOR_LATTICES,)
    assert found.path is not None and whole is not None
    assert np.array_equal(found.path.alignment, whole.alignment)
    assert found.path.acoustic_cost == pytest.approx(whole.acoustic_cost, rel=1e-6)


def test_looks_at_long_utterances_become_rare(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_search, "_TRACEBACKS", 20)
    values = np.tile(joined_scores(), (6, 1))
    search = LiveSearch(live_graph(), CHAIN)
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
    fst = kaldi_decodings.linear_fst((1, 5, 0.0), (1, 6, 0.0), final=0.0)
    fst = replace(
        fst,
        final_weights=np.array([np.inf, 0.5, np.inf], np.float32),
        first_arcs=np.array([0, 2, 2, 2], np.int64),
        weights=np.array([3.0, 1.0], np.float32),
        next_states=np.array([1, 2]),
    )
    graph = make_live_graph(make_graph("two", fst, np.array([-1, 0], np.int32), 1))
    search = LiveSearch(graph, DecodingOptions(decoding_scale=1.0))
    search.advance(np.zeros((1, 1), np.float32))
    best, final = search.best_path(False), search.best_path(True)
    assert best is not None and final is not None
    assert best.words.tolist() == [6] and not best.is_final
    assert final.words.tolist() == [5] and final.is_final
    assert search.relative_cost() == pytest.approx(3.5 - 1.0)
