from __future__ import annotations

from typing import NamedTuple

import pytest

from ov_asr_score.lattice.aligning.expansion import Expansion, TooLargeError


class Place(NamedTuple):
    state: int
    ids: bytes = b""


def test_equal_contents_are_one_state() -> None:
    expansion = Expansion(Place(7), 0)
    seen = []
    for number, content in expansion.new_states():
        seen.append((number, content.state))
        if content.state == 7:
            assert [expansion.number(Place(state)) for state in (8, 9, 8, 7)] == [1, 2, 1, 0]
    assert sorted(seen) == [(0, 7), (1, 8), (2, 9)]
    assert len(expansion.graph.arcs) == 3


def test_too_many_states() -> None:
    expansion = Expansion(Place(0), 2)
    expansion.number(Place(1))
    expansion.number(Place(0))
    with pytest.raises(TooLargeError, match="more than 2 states"):
        expansion.number(Place(2))


def test_too_much_that_waits() -> None:
    expansion = Expansion(Place(0), 0, most_units=8)
    expansion.number(Place(1, b"12345678"))
    expansion.number(Place(1, b"12345678"))
    expansion.number(Place(2))
    with pytest.raises(TooLargeError, match="too much memory"):
        expansion.number(Place(1, b"9"))
