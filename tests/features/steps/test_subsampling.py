from __future__ import annotations

import numpy as np
import pytest

from ov_asr_score.errors import UsageError
from ov_asr_score.features.steps.subsampling import live_shift, live_subsampling, shift_rows, subsample
from tests.features.steps.kaldi_post import BASE, assert_same, in_pieces

ROWS = BASE["es_Annie-t0024"]


@pytest.mark.parametrize(
    ("name", "n", "offset"), [("subsample3", 3, 0), ("subsample3_offset1", 3, 1), ("subsample-2", -2, 0)]
)
def test_rows_of_kaldi(name: str, n: int, offset: int) -> None:
    assert_same({key: subsample(rows, n, offset) for key, rows in BASE.items()}, name, 0)


def test_shifts_of_kaldi() -> None:
    assert_same({key: shift_rows(rows, 2) for key, rows in BASE.items()}, "shift2", 0)


@pytest.mark.parametrize(("shift", "expected"), [(1, [0, 0, 1]), (-1, [1, 2, 2]), (5, [0, 0, 0]), (-5, [2, 2, 2])])
def test_shifts_by_their_definition(shift: int, expected: list[int]) -> None:
    rows = np.arange(3, dtype=np.float32)[:, None]
    assert shift_rows(rows, shift)[:, 0].tolist() == expected


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("frames", [0, 1, 4, len(ROWS)])
@pytest.mark.parametrize(("n", "offset"), [(1, 0), (3, 0), (3, 1), (4, 9), (-3, 0)])
def test_pieces_give_the_same_rows(seed: int, frames: int, n: int, offset: int) -> None:
    rows = ROWS[:frames]
    np.testing.assert_array_equal(in_pieces(live_subsampling(n, offset), rows, seed), subsample(rows, n, offset))
    shift = n + offset
    np.testing.assert_array_equal(in_pieces(live_shift(shift), rows, seed), shift_rows(rows, shift))


def test_an_offset_behind_the_end_leaves_no_row() -> None:
    assert subsample(ROWS, 3, len(ROWS)).shape == (0, 13)


@pytest.mark.parametrize(("n", "offset"), [(0, 0), (2, -1), (-2, 1)])
def test_what_is_no_subsampling(n: int, offset: int) -> None:
    for refuse in (lambda: subsample(ROWS, n, offset), lambda: live_subsampling(n, offset)):
        with pytest.raises(UsageError) as caught:
            refuse()
        assert caught.value.fields == ("subsample",)
