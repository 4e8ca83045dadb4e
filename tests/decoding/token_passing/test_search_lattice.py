from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from itertools import groupby

import numpy as np
import pytest

from ov_asr_score.decoding.search import PARTIAL
from ov_asr_score.decoding.token_passing import search_lattice, search_run
from ov_asr_score.decoding.token_passing.search_graph import SearchGraph, with_language_model
from ov_asr_score.decoding.token_passing.utterance_search import UtteranceSearch, search_utterance
from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.fst.reading import Fst
from ov_asr_score.lattice.costs import Scales
from ov_asr_score.lattice.lattice import Lattice
from ov_asr_score.lattice.nbest import n_best
from ov_asr_score.settings.words.decoding import DecodingOptions
from tests.decoding import kaldi_decodings
from tests.decoding.kaldi_live_searches import joined_scores, scores, whole_graph
from tests.decoding.token_passing.small_pairs import CHAIN, FOLDER, pair, pair_graph

WIDE = replace(CHAIN, beam=15.0, lattice_beam=8.0, decoding_scale=0.2)


def lattice_of(search: UtteranceSearch, key: str) -> Lattice:
    search.advance(scores()[key])
    lattice = search.finish(key).lattice
    assert lattice is not None
    return lattice


def test_the_best_within_the_beam_are_those_of_kaldi() -> None:
    expected: dict[str, dict[tuple[int, ...], tuple[float, float]]] = defaultdict(dict)
    for line in (FOLDER / "decoded/wide_nbest.txt").read_text().splitlines():
        name, graph, acoustic, *words = line.split()
        expected[name.rpartition("-")[0]][tuple(map(int, words))] = (float(graph), float(acoustic))
    for key, paths in expected.items():
        lattice = lattice_of(UtteranceSearch(pair_graph(), WIDE, wants_lattice=True), key)
        found = n_best(lattice, 10, Scales(acoustic=0.2), 8.0)
        least = min(graph + 0.2 * acoustic for graph, acoustic in paths.values())
        near = {words for words, (graph, acoustic) in paths.items() if graph + 0.2 * acoustic < least + 7.9}
        assert near and near <= {tuple(path.words.tolist()) for path in found} <= set(paths)
        for path in found:
            costs = paths[tuple(path.words.tolist())]
            # OpenFst rounds what it pushes
            assert path.graph_cost == pytest.approx(costs[0], abs=0.02)
            assert path.acoustic_cost == pytest.approx(costs[1], abs=2e-3)


@pytest.mark.parametrize("graph", [pair_graph(), whole_graph()], ids=["pair", "whole"])
def test_lattices_are_in_order_and_begin_with_their_start(graph: object) -> None:
    key = next(iter(scores()))
    lattice = lattice_of(UtteranceSearch(graph, WIDE, wants_lattice=True), key)  # type: ignore[arg-type]
    assert (lattice.targets > lattice.sources).all() and (np.diff(lattice.sources) >= 0).all()
    assert set(range(1, lattice.num_states)) == set(lattice.targets.tolist())
    assert set(range(lattice.num_states)) == set(lattice.sources.tolist()) | set(lattice.final_states.tolist())
    assert lattice.transition_ids.max() <= 300


@pytest.mark.parametrize("graph", [pair_graph(), whole_graph()], ids=["pair", "whole"])
def test_no_arc_is_there_twice(graph: SearchGraph) -> None:
    search = UtteranceSearch(graph, replace(CHAIN, lattice_beam=8.0, allow_partial=True), wants_lattice=True)
    search.advance(joined_scores()[:300])
    found = search.finish("a").lattice
    assert found is not None
    rows = np.column_stack([found.sources, found.targets, found.transition_ids, found.words, found.graph_costs])
    assert len(np.unique(rows, axis=0)) == len(rows) > 500


@pytest.mark.parametrize("lowered", [800.0, 1e4])
def test_words_may_be_boosted_as_much_as_options_take(lowered: float) -> None:
    model = pair().model
    weights = model.weights - np.float32(lowered) * (model.labels == 3)
    graph, options = (
        with_language_model(pair_graph(), replace(model, weights=weights)),
        replace(WIDE, allow_partial=True),
    )
    search = UtteranceSearch(graph, options, wants_lattice=True)
    search.advance(joined_scores()[:200])
    found = search.finish("a")
    assert found.path is not None and found.lattice is not None
    assert (found.path.words == model.words_of_label[3]).mean() > 0.9
    best = n_best(found.lattice, 1, Scales(acoustic=0.2), 8.0)[0]
    assert best.words.tolist() == found.path.words.tolist()
    assert best.graph_cost == pytest.approx(found.path.graph_cost, rel=1e-5)


def kaldis() -> dict[str, list[list[str]]]:
    """Lines of each lattice of latgen-faster-mapped."""
    lines = (line.split() for line in (kaldi_decodings.FOLDER / "raw_lattices.txt").read_text().splitlines())
    blocks = [list(block) for filled, block in groupby(lines, key=bool) if filled]
    return {key: rest for (key,), *rest in blocks}


@pytest.mark.parametrize("key", ["es_Andrea-t0004", "es_Annie-t0002"])
def test_arcs_of_kaldis_lattice(key: str) -> None:
    options = DecodingOptions(beam=11.0, lattice_beam=4.0, decoding_scale=1.0)
    found = kaldi_decodings.decode_either(options, key, kaldi_decodings.scores()[key], wants_lattice=True).lattice
    assert found is not None
    arcs = [line for line in kaldis()[key] if len(line) == 5]
    expected = sorted((int(ids), int(word), *map(float, costs.split(","))) for _, _, ids, word, costs in arcs)
    columns = (found.transition_ids, found.words, found.graph_costs, found.acoustic_costs)
    assert np.array(sorted(zip(*columns, strict=True))) == pytest.approx(np.array(expected), abs=1e-4)
    assert found.num_states == len({line[0] for line in kaldis()[key]})
    assert len(found.final_states) == len([line for line in kaldis()[key] if len(line) < 5])


def small_lattice(num_states: int, *arcs: tuple[int, int, int, int]) -> Lattice:
    """Of one frame; arcs are (source, target, transition-id, word), with a cost of their place if they are several."""
    array = np.array(sorted(arcs), np.int64)
    fst = Fst(
        start=0,
        final_weights=np.array([np.inf] * (num_states - 2) + [0.25, 0.5], np.float32),
        first_arcs=np.searchsorted(array[:, 0], np.arange(num_states + 1)),
        ilabels=array[:, 2],
        olabels=array[:, 3],
        weights=np.arange(len(arcs)).astype(np.float32) * (len(arcs) > 3),
        next_states=array[:, 1],
    )
    graph = kaldi_decodings.searchable("hand", fst, np.array([-1, 0], np.int32), 1)
    options = DecodingOptions(beam=100.0, lattice_beam=100.0, decoding_scale=1.0)
    lattice = search_utterance(graph, options, "a", np.array([[2.0]], np.float32), wants_lattice=True).lattice
    assert lattice is not None
    return lattice


def test_arcs_without_frames_before_between_and_behind() -> None:
    # two ways before the frame, and two behind it, one of which is longer
    arcs = ((0, 1, 0, 7), (0, 2, 0, 0), (1, 2, 0, 0), (2, 3, 1, 0), (3, 4, 0, 8), (4, 5, 0, 9), (3, 5, 0, 0))
    found = small_lattice(7, *arcs)
    assert (found.sources < found.targets).all() and found.num_states == 6
    assert sorted(found.words.tolist()) == [0, 0, 0, 0, 7, 8, 9]
    assert found.acoustic_costs.sum() == -2
    assert found.final_graph_costs.tolist() == [0.25]


def test_a_cycle_without_frames() -> None:
    with pytest.raises(UnsupportedModelError, match="a cycle of arcs without transition-ids"):
        small_lattice(3, (0, 1, 1, 0), (1, 1, 0, 7), (1, 2, 0, 0))


def test_a_cycle_is_found_as_fast_in_a_long_lattice() -> None:
    # 200,000 frames with a cycle of two arcs each: as many rounds as there are arcs would take days
    frames = np.repeat(np.arange(200_000), 2)
    states = np.arange(len(frames)).astype(np.int32)
    with pytest.raises(UnsupportedModelError, match="a cycle of arcs without transition-ids"):
        search_lattice._levels("x", states, states ^ 1, frames)
    assert search_lattice._levels("x", states[::2], states[1::2], frames).tolist() == [0, 1] * 200_000


@pytest.mark.parametrize("frames", [0, 3, 60])
def test_arcs_that_are_settled_early_are_in_the_lattice(frames: int, monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for pruned in (10_000, frames):
        monkeypatch.setattr(search_run, "_PRUNED_FRAMES", pruned)
        search = UtteranceSearch(pair_graph(), replace(WIDE, prune_interval=10, allow_partial=True), wants_lattice=True)
        values = joined_scores()
        for first in range(0, len(values), 17):
            search.advance(values[first : first + 17])
            if first % 5 == 0:
                search.lattice_so_far("a")
        found.append(search.finish("a").lattice)
    whole, settled = found
    assert whole is not None and settled is not None and whole.num_states == settled.num_states
    for name in ("sources", "targets", "transition_ids", "words", "graph_costs", "acoustic_costs"):
        assert np.array_equal(getattr(whole, name), getattr(settled, name))


def test_a_lattice_before_the_end_lets_paths_end_anywhere() -> None:
    search, key = UtteranceSearch(pair_graph(), WIDE, wants_lattice=True), next(iter(scores()))
    assert search.lattice_so_far(key) is None
    search.advance(scores()[key][:10])
    found = search.lattice_so_far(key)
    assert found is not None and found.lattice is not None and found.warnings == (PARTIAL,)
    assert len(found.lattice.final_states) > 5
    # the words that are within reach there are in the costs, as in those of the best path
    best, path = n_best(found.lattice, 1, Scales(acoustic=0.2), 8.0)[0], search.best_path(False)
    assert path is not None and best.words.tolist() == path.words.tolist()
    assert best.graph_cost == pytest.approx(path.graph_cost, abs=1e-3)
    assert found.lattice.final_graph_costs.any()
    assert UtteranceSearch(pair_graph(), WIDE).lattice_so_far(key) is None


def test_the_penalty_of_words_is_not_in_the_costs() -> None:
    key = next(iter(scores()))
    plain = lattice_of(UtteranceSearch(pair_graph(), WIDE, wants_lattice=True), key)
    dear = lattice_of(UtteranceSearch(pair_graph(), replace(WIDE, word_insertion_penalty=1.0), True), key)
    paths = [n_best(lattice, 1, Scales(acoustic=0.2), 8.0)[0] for lattice in (plain, dear)]
    assert paths[0].words.tolist() == paths[1].words.tolist()
    assert paths[0].graph_cost == pytest.approx(paths[1].graph_cost, abs=1e-3)
