"""Where sets begin, as a walk from one to the next tells."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from ov_asr_score.fst.set_places import set_places


def one_by_one(words: NDArray[np.int32], count: int) -> list[int]:
    places: list[int] = []
    place = 0
    while place + 3 <= len(words) and len(places) < count:
        places.append(place)
        if words[place] < 0:
            break
        place += 3 + 2 * int(words[place])
    return places


def packed(sizes: NDArray[np.int64], like: int = 7) -> NDArray[np.int32]:
    """Sets of these sizes; all other words are ``like``."""
    places = np.cumsum(3 + 2 * sizes) - 3 - 2 * sizes
    words = np.full(int((3 + 2 * sizes).sum()), like, np.int32)
    words[places] = sizes
    words[places + 1] = 0
    return words


@pytest.mark.parametrize("like", [7, 1, 0])  # of ones and zeros the intervals look like sets themselves
@pytest.mark.parametrize("sizes", ["ones", "mixed", "large", "none"])
def test_as_one_by_one(like: int, sizes: str) -> None:
    chance = np.random.default_rng(len(sizes))
    choices = {"ones": [1], "mixed": [1] * 40 + [0, 2, 3, 300], "large": [0, 1, 5000], "none": [0]}[sizes]
    words = packed(chance.choice(choices, 6000).astype(np.int64), like)
    for count in (6000, 5999, 2500, 1, 0, 10**9):
        assert set_places(words, count).tolist() == one_by_one(words, count)
    for end in (len(words) - 1, len(words) - 4, len(words) // 2, 4096, 5, 2, 0):
        assert set_places(words[:end], 6000).tolist() == one_by_one(words[:end], 6000)


def test_damaged_sets() -> None:
    """The walk ends at a size below 0, and goes on elsewhere behind another wrong one."""
    chance = np.random.default_rng(1)
    whole = packed(chance.choice([1] * 20 + [0, 2, 9], 9000).astype(np.int64))
    for _ in range(100):
        words = whole.copy()
        places = np.array(one_by_one(words, 9000))
        words[chance.choice(places)] = chance.integers(-3, 50)
        words[chance.integers(len(words))] = chance.integers(-3, 3)
        assert set_places(words, 9000).tolist() == one_by_one(words, 9000)
