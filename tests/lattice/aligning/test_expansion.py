from __future__ import annotations

import pytest

from ov_asr_score.lattice.aligning.expansion import Expansion, TooManyStates


def test_equal_contents_are_one_state() -> None:
    expansion = Expansion("start", 0)
    seen = []
    for number, content in expansion.new_states():
        seen.append((number, content))
        if content == "start":
            assert [expansion.number(each) for each in ("a", "b", "a", "start")] == [1, 2, 1, 0]
    assert sorted(seen) == [(0, "start"), (1, "a"), (2, "b")]
    assert len(expansion.graph.arcs) == 3


def test_the_bound() -> None:
    expansion = Expansion(0, 2)
    expansion.number(1)
    expansion.number(0)
    with pytest.raises(TooManyStates):
        expansion.number(2)
