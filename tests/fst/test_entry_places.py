"""Where entries begin, as a walk from one to the next tells."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from ov_asr_score.fst.entry_places import SETS, STATES, EntryLayout, entry_places, number_of_items, wrong_entry


def one_by_one(words: NDArray[np.int32], count: int, layout: EntryLayout) -> list[int]:
    places: list[int] = []
    place = 0
    while place + layout.own <= len(words) and len(places) < count:
        places.append(place)
        if words[place + layout.count_at] < 0:
            break
        place += layout.own + layout.each * int(words[place + layout.count_at])
    return places


def packed(sizes: NDArray[np.int64], layout: EntryLayout, like: int = 7) -> NDArray[np.int32]:
    """Entries of these sizes; all other words are ``like``."""
    lengths = layout.own + layout.each * sizes
    places = np.cumsum(lengths) - lengths
    words = np.full(int(lengths.sum()), like, np.int32)
    words[places + layout.count_at] = sizes
    words[places + layout.count_at + 1] = 0
    return words


@pytest.mark.parametrize("layout", [SETS, STATES], ids=["sets", "states"])
@pytest.mark.parametrize("like", [7, 1, 0])  # of ones and zeros the items look like entries themselves
@pytest.mark.parametrize("sizes", ["ones", "mixed", "large", "none"])
def test_as_one_by_one(like: int, sizes: str, layout: EntryLayout) -> None:
    chance = np.random.default_rng(len(sizes))
    choices = {"ones": [1], "mixed": [1] * 40 + [0, 2, 3, 300], "large": [0, 1, 5000], "none": [0]}[sizes]
    words = packed(chance.choice(choices, 6000).astype(np.int64), layout, like)
    for count in (6000, 5999, 2500, 1, 0, 10**9):
        assert entry_places(words, count, layout).tolist() == one_by_one(words, count, layout)
    for end in (len(words) - 1, len(words) - 4, len(words) // 2, 4096, 5, 2, 0):
        assert entry_places(words[:end], 6000, layout).tolist() == one_by_one(words[:end], 6000, layout)


@pytest.mark.parametrize("layout", [SETS, STATES], ids=["sets", "states"])
def test_damaged_entries(layout: EntryLayout) -> None:
    """The walk ends at a size below 0, and goes on elsewhere behind another wrong one."""
    chance = np.random.default_rng(1)
    whole = packed(chance.choice([1] * 20 + [0, 2, 9], 9000).astype(np.int64), layout)
    for _ in range(100):
        words = whole.copy()
        places = np.array(one_by_one(words, 9000, layout))
        words[chance.choice(places) + layout.count_at] = chance.integers(-3, 50)
        words[chance.integers(len(words))] = chance.integers(-3, 3)
        assert entry_places(words, 9000, layout).tolist() == one_by_one(words, 9000, layout)


def test_places_that_are_not_aligned() -> None:
    words = packed(np.full(3000, 1), STATES, 0)
    data = np.concatenate([np.zeros(1, np.uint8), words.view(np.uint8)])[1:].view("<i4")
    assert not data.flags.aligned
    assert entry_places(data, 3000, STATES).tolist() == one_by_one(words, 3000, STATES)


@pytest.mark.parametrize("layout", [SETS, STATES], ids=["sets", "states"])
def test_wrong_numbers_of_items(layout: EntryLayout) -> None:
    words = packed(np.array([1, 0, 2]), layout)
    places = entry_places(words, 3, layout)
    assert wrong_entry(words, places, layout) is None and wrong_entry(words, places[:0], layout) is None
    assert number_of_items(words, int(places[2]), layout) == 2
    for entry, low, high, found in ((2, 3, 0, 3), (2, -1, 0, 2**32 - 1), (0, 1, 1, 2**32 + 1)):
        changed = words.copy()
        changed[places[entry] + layout.count_at : places[entry] + layout.count_at + 2] = low, high
        assert wrong_entry(changed, entry_places(changed, 3, layout), layout) == entry
        assert number_of_items(changed, int(places[entry]), layout) == found
