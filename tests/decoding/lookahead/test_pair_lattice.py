from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import numpy as np
import pytest

from ov_asr_score.decoding.lookahead.lookahead_search import LookaheadSearch
from ov_asr_score.decoding.search import PARTIAL
from ov_asr_score.lattice.costs import Scales
from ov_asr_score.lattice.lattice import Lattice
from ov_asr_score.lattice.nbest import n_best
from tests.decoding.kaldi_live_searches import scores
from tests.decoding.lookahead.small_pairs import CHAIN, FOLDER, pair_graph, whole_graph

WIDE = replace(CHAIN, beam=15.0, lattice_beam=8.0, decoding_scale=0.2)


def lattice_of(search: LookaheadSearch, key: str) -> Lattice:
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
        lattice = lattice_of(LookaheadSearch(pair_graph(), WIDE, wants_lattice=True), key)
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
    lattice = lattice_of(LookaheadSearch(graph, WIDE, wants_lattice=True), key)  # type: ignore[arg-type]
    assert (lattice.targets > lattice.sources).all() and (np.diff(lattice.sources) >= 0).all()
    assert set(range(1, lattice.num_states)) == set(lattice.targets.tolist())
    assert set(range(lattice.num_states)) == set(lattice.sources.tolist()) | set(lattice.final_states.tolist())
    assert lattice.transition_ids.max() <= 300


def test_a_lattice_before_the_end_lets_paths_end_anywhere() -> None:
    search, key = LookaheadSearch(pair_graph(), WIDE, wants_lattice=True), next(iter(scores()))
    assert search.lattice_so_far(key) is None
    search.advance(scores()[key][:10])
    found = search.lattice_so_far(key)
    assert found is not None and found.lattice is not None and found.warnings == (PARTIAL,)
    assert len(found.lattice.final_states) > 5 and not found.lattice.final_graph_costs.any()
    assert LookaheadSearch(pair_graph(), WIDE).lattice_so_far(key) is None


def test_the_penalty_of_words_is_not_in_the_costs() -> None:
    key = next(iter(scores()))
    plain = lattice_of(LookaheadSearch(pair_graph(), WIDE, wants_lattice=True), key)
    dear = lattice_of(LookaheadSearch(pair_graph(), replace(WIDE, word_insertion_penalty=1.0), True), key)
    paths = [n_best(lattice, 1, Scales(acoustic=0.2), 8.0)[0] for lattice in (plain, dear)]
    assert paths[0].words.tolist() == paths[1].words.tolist()
    assert paths[0].graph_cost == pytest.approx(paths[1].graph_cost, abs=1e-3)
