from __future__ import annotations

import numpy as np
import pytest

from ov_asr_score.errors import ShapeMismatchError, UsageError
from ov_asr_score.features.steps.deltas import add_deltas, add_shifted_deltas, live_deltas, live_shifted_deltas
from tests.features.steps.kaldi_post import BASE, assert_same, in_pieces, table

ROWS = BASE["es_Annie-t0024"]


@pytest.mark.parametrize(
    ("name", "order", "window", "truncate"),
    [
        ("deltas", 2, 2, 0),
        ("deltas_order1", 1, 2, 0),
        ("deltas_order3", 3, 2, 0),
        ("deltas_window3", 2, 3, 0),
        ("deltas_window1", 2, 1, 0),
        ("deltas_truncate5", 2, 2, 5),
    ],
)
def test_deltas_of_kaldi(name: str, order: int, window: int, truncate: int) -> None:
    assert_same({key: add_deltas(rows, order, window, truncate) for key, rows in BASE.items()}, name, 5e-6)


def test_deltas_of_two_frames() -> None:
    features = table("mfcc/snip_edges_false.ark")
    assert min(map(len, features.values())) == 2
    assert_same({key: add_deltas(rows) for key, rows in features.items()}, "deltas_tiny", 5e-6)


def test_deltas_by_their_definition() -> None:
    ramp = np.arange(9, dtype=np.float32)[:, None] ** 2
    made = add_deltas(ramp, 1, 2)
    # sum over n of n (x[t + n] - x[t - n]) / (2 sum n²): the slope of t² is 2 t
    np.testing.assert_allclose(made[2:7, 1], 2 * np.arange(2, 7), rtol=1e-6)
    np.testing.assert_array_equal(add_deltas(ramp, 0), ramp)


def test_shifted_deltas_by_their_definition() -> None:
    window, blocks, shift = 1, 3, 2
    made = add_shifted_deltas(ROWS, window, blocks, shift)
    width = ROWS.shape[1]
    last = len(ROWS) - 1
    for frame in (0, 3, last):
        np.testing.assert_array_equal(made[frame, :width], ROWS[frame])
        for block in range(blocks):
            center = frame + block * shift
            after, before = (ROWS[min(max(center + step, 0), last)] for step in (1, -1))
            np.testing.assert_allclose(
                made[frame, (block + 1) * width : (block + 2) * width], (after - before) / 2, rtol=1e-5, atol=1e-5
            )


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("frames", [0, 1, 2, 5, len(ROWS)])
def test_pieces_give_the_same_bits(seed: int, frames: int) -> None:
    rows = ROWS[:frames]
    np.testing.assert_array_equal(in_pieces(live_deltas(2, 3, 4), rows, seed), add_deltas(rows, 2, 3, 4))
    made = in_pieces(live_shifted_deltas(2, 4, 3), rows, seed)
    np.testing.assert_array_equal(made, add_shifted_deltas(rows, 2, 4, 3))


def test_a_row_waits_for_its_context_only() -> None:
    live = live_deltas(2, 2)
    assert len(live.accept(ROWS[:5])) == 1 and len(live.accept(ROWS[5:7])) == 2
    assert len(live.finish()) == live.delay == 4


@pytest.mark.parametrize(("order", "window", "field"), [(-1, 2, "delta_order"), (2, 0, "delta_window")])
def test_orders_and_windows_out_of_range(order: int, window: int, field: str) -> None:
    for refuse in (lambda: add_deltas(ROWS, order, window), lambda: live_deltas(order, window)):
        with pytest.raises(UsageError, match="expected a number from") as caught:
            refuse()
        assert caught.value.fields == (field,)


def test_truncation_to_more_columns_than_there_are() -> None:
    with pytest.raises(ShapeMismatchError, match=r"at least 14 columns.*found 13"):
        add_deltas(ROWS, truncate=14)
    with pytest.raises(ShapeMismatchError, match="at least 14 columns"):
        live_deltas(truncate=14).accept(ROWS)
