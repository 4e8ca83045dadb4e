"""Rows that follow from frames in one way, and rows that do not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from ov_asr_score.errors import ShapeMismatchError
from ov_asr_score.scoring.requests.row_relation import RowRelation

LENGTHS = [7, 7, 300, 3, 55, 1200, 56, 57, 2, 299, 1, 1201, 100]


@pytest.mark.parametrize(
    "rows",
    [
        lambda frames: frames,
        lambda frames: -(-frames // 3),
        lambda frames: frames // 4,
        lambda frames: max(frames - 40, 1),  # a convolution without padding
        lambda frames: ((frames - 1) // 2 - 1) // 2,
        lambda frames: 2 * frames,
        lambda frames: 1,
        lambda frames: (frames + 7) // 8,
    ],
)
def test_what_graphs_do_to_lengths_passes(rows: Callable[[int], int]) -> None:
    orders = [
        LENGTHS,
        LENGTHS[::-1],
        sorted(LENGTHS),
        *(list(np.random.default_rng(n).permutation(LENGTHS)) for n in range(20)),
    ]
    for order in orders:
        relation = RowRelation("y")
        for frames in order:
            relation.check("u", int(frames), rows(int(frames)))


def test_rows_that_depend_on_values_are_named() -> None:
    relation = RowRelation("y")
    relation.check("a", 100, 33)
    with pytest.raises(
        ShapeMismatchError, match=r"^utterance 'b': output 'y': 100 frames give 31 rows, where 100 gave 33"
    ):
        relation.check("b", 100, 31)
    with pytest.raises(ShapeMismatchError, match="90 frames give 34 rows"):
        relation.check("c", 90, 34)
    relation.check("d", 400, 133)
    with pytest.raises(ShapeMismatchError, match="where 100 gave 33 and 400 gave 133: its rows depend on more"):
        relation.check("e", 250, 60)


def test_silence_that_is_left_out_is_noticed_soon() -> None:
    generator = np.random.default_rng(0)
    relation = RowRelation("y")
    with pytest.raises(ShapeMismatchError):
        for number, frames in enumerate(generator.integers(50, 1000, 20)):
            relation.check(str(number), int(frames), int(frames * generator.uniform(0.5, 1.0)))
