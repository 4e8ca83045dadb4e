from __future__ import annotations

import numpy as np
import pytest

from ov_asr_score.errors import UsageError
from ov_asr_score.features.steps.splice import live_splice, splice_frames
from tests.features.steps.kaldi_post import BASE, assert_same, in_pieces, table

ROWS = BASE["es_Annie-t0024"]


@pytest.mark.parametrize(
    ("name", "source", "left", "right"),
    [
        ("splice_default", "post/base.ark", 4, 4),
        ("splice_l3_r1", "mfcc/snip_edges_false.ark", 3, 1),
        ("splice_0", "post/base.ark", 0, 0),
    ],
)
def test_splices_of_kaldi(name: str, source: str, left: int, right: int) -> None:
    made = {key: splice_frames(rows, left, right) for key, rows in table(source).items()}
    assert_same(made, name, 0)


def test_the_oldest_frame_comes_first() -> None:
    rows = np.arange(8, dtype=np.float32).reshape(4, 2)
    assert splice_frames(rows, 2, 1).tolist() == [
        [0, 1, 0, 1, 0, 1, 2, 3],
        [0, 1, 0, 1, 2, 3, 4, 5],
        [0, 1, 2, 3, 4, 5, 6, 7],
        [2, 3, 4, 5, 6, 7, 6, 7],
    ]


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("frames", [0, 1, 3, len(ROWS)])
def test_pieces_give_the_same_bits(seed: int, frames: int) -> None:
    np.testing.assert_array_equal(in_pieces(live_splice(5, 2), ROWS[:frames], seed), splice_frames(ROWS[:frames], 5, 2))


def test_a_row_waits_for_its_context_only() -> None:
    live = live_splice(4, 3)
    assert [len(live.accept(ROWS[first : first + 2])) for first in range(0, 8, 2)] == [0, 1, 2, 2]
    assert len(live.finish()) == live.delay == 3


def test_negative_contexts() -> None:
    for refuse in (lambda: splice_frames(ROWS, -1, 0), lambda: live_splice(0, -2)):
        with pytest.raises(UsageError, match="0 or more"):
            refuse()
