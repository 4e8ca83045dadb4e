"""What is found block by block is what is found in whole columns."""

from __future__ import annotations

from collections.abc import Iterator
from unittest.mock import patch

import numpy as np
import pytest

from ov_asr_score.fst import arc_columns
from ov_asr_score.fst.arc_columns import (
    are_weights,
    blocks,
    count_of_states,
    largest,
    states_of_arcs,
    used_labels,
    wrong_value,
)


@pytest.fixture(autouse=True)
def small_blocks() -> Iterator[None]:
    with patch.object(arc_columns, "BLOCK", 7):
        yield


def test_blocks() -> None:
    assert [[*range(15)][block] for block in blocks(15)] == [[*range(7)], [*range(7, 14)], [14]]
    assert list(blocks(0)) == []


def test_values() -> None:
    column = np.random.default_rng(1).permutation(40).astype(np.int32)
    assert (largest(column), largest(column[:0])) == (39, 0)
    assert wrong_value(column, 0, 39) is None
    assert (wrong_value(column, 1, 39), wrong_value(column, 0, 38)) == (0, 39)
    weights = np.linspace(0, 1, 40, dtype=np.float32)
    weights[20] = np.inf
    assert are_weights(weights)
    for wrong in (-np.inf, np.nan):
        weights[30] = wrong
        assert not are_weights(weights)


@pytest.mark.parametrize("most_counted", [1, 1 << 24])
def test_labels(most_counted: int) -> None:
    column = np.random.default_rng(2).integers(0, 60, 40).astype(np.int32)
    with patch.object(arc_columns, "_MOST_COUNTED", most_counted):
        assert used_labels(column).tolist() == sorted(set(column.tolist()) - {0})
        assert used_labels(column[:0]).tolist() == []


def test_arcs_of_states() -> None:
    """States without arcs, and one with more than a block has."""
    counts = np.array([0, 3, 3, 3, 20, 0, 0, 1, 6, 7, 1, *[0] * 20])
    first_arcs = np.concatenate([[0], np.cumsum(counts)])
    chosen = np.random.default_rng(3).random(first_arcs[-1]) < 0.5
    found, states = [], 0
    for own, arcs in states_of_arcs(first_arcs):
        assert (own.start, arcs.start) == (states, first_arcs[states])
        states = own.stop
        assert arcs.stop - arcs.start <= 7 or own.stop - own.start == 1
        found += count_of_states(chosen[arcs], first_arcs[own.start : own.stop + 1] - arcs.start).tolist()
    assert found == [int(chosen[slice(*first_arcs[state : state + 2])].sum()) for state in range(len(counts))]
