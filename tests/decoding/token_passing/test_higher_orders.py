"""Lookahead pairs with language models of three and four words: each word may back off over several states."""

from __future__ import annotations

import numpy as np
import pytest

from tests.decoding.kaldi_live_searches import scores
from tests.decoding.token_passing.small_pairs import FOLDER, numbers, pair, pair_graph, searched

pytest.importorskip("numba")


@pytest.mark.parametrize("order", [3, 4])
def test_words_alignments_and_costs_are_those_of_kaldi(order: int) -> None:
    assert pair(f"Gr_order_{order}.fst").model.order == order
    words, alignments = (numbers(f"order_{order}_{what}") for what in ("words.int", "ali.txt"))
    lines = (FOLDER / f"decoded/order_{order}_costs.txt").read_text().splitlines()
    costs = {key: float(cost) for key, cost in map(str.split, lines)}
    for key, values in scores().items():
        path = searched(pair_graph(f"Gr_order_{order}.fst"), values).finish(key).path
        assert path is not None
        assert (path.words.tolist(), path.alignment.tolist()) == (words[key], alignments[key])
        cost = -(path.graph_cost + path.acoustic_cost) / len(values)
        np.testing.assert_allclose(cost, costs[key], rtol=3e-6)
