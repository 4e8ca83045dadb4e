from __future__ import annotations

import numpy as np
import pytest

from ov_asr_score.errors import ShapeMismatchError, UsageError
from ov_asr_score.features.steps.feature_columns import LivePasting, live_selection, paste_features, select_columns
from tests.features.steps.kaldi_post import BASE, Table, assert_same, in_pieces, table

ROWS = BASE["es_Annie-t0024"]
FBANK = table("fbank/default23.ark")
LONGER = table("mfcc/snip_edges_false.ark")  # by two frames


def pasted(other: Table, tolerance: int) -> Table:
    return {key: paste_features([rows, other[key]], tolerance) for key, rows in BASE.items()}


def test_columns_of_kaldi() -> None:
    assert_same({key: select_columns(rows, "0,3-5,12") for key, rows in BASE.items()}, "select", 0)


def test_columns_in_any_order() -> None:
    np.testing.assert_array_equal(select_columns(ROWS, "3-1,1"), ROWS[:, [3, 2, 1, 1]])
    np.testing.assert_array_equal(select_columns(ROWS, [5, 0]), ROWS[:, [5, 0]])
    assert select_columns(np.zeros((0, 0), np.float32), "0-2").shape == (0, 3)


def test_a_comma_at_the_end() -> None:
    rows = np.arange(6, dtype=np.float32).reshape(2, 3)
    np.testing.assert_array_equal(select_columns(rows, "2,"), rows[:, 2:])


def test_columns_that_are_not_there() -> None:
    with pytest.raises(ShapeMismatchError, match="column 13: expected one below the width 13"):
        select_columns(ROWS, "0-13")
    with pytest.raises(ShapeMismatchError, match="column 13: expected one below the width 13"):
        live_selection("13").accept(ROWS)
    for text in ("", "x"):
        with pytest.raises(UsageError, match="expected numbers and ranges") as caught:
            select_columns(ROWS, text)
        assert caught.value.fields == ("select_columns",) and str(caught.value).startswith("select_columns")


@pytest.mark.parametrize("seed", range(4))
def test_pieces_give_the_same_columns(seed: int) -> None:
    np.testing.assert_array_equal(in_pieces(live_selection("2-0"), ROWS, seed), ROWS[:, [2, 1, 0]])


def test_features_side_by_side_of_kaldi() -> None:
    assert_same(pasted(FBANK, 0), "paste_mfcc_fbank", 0)
    assert_same(pasted(table("pitch/processed.ark"), 2), "paste_mfcc_pitch_tol2", 0)
    assert_same(pasted(LONGER, 5), "paste_tol5", 0)


def test_lengths_beyond_the_tolerance() -> None:
    assert not table("post/paste_tol0.ark")
    with pytest.raises(ShapeMismatchError, match=r"or up to 1 less, found 105, 107$"):
        paste_features([np.zeros((105, 3), np.float32), np.zeros((107, 2), np.float32)], 1)
    with pytest.raises(ShapeMismatchError, match="found 0, 2"):
        paste_features([ROWS[:0], ROWS[:2]], 5)


@pytest.mark.parametrize("seed", range(6))
def test_pieces_are_pasted_as_they_come(seed: int) -> None:
    random = np.random.default_rng(seed)
    parts = [ROWS, LONGER["es_Annie-t0024"], FBANK["es_Annie-t0024"]]
    live = LivePasting(3, 2)
    made = []
    places = [0, 0, 0]
    while any(place < len(part) for place, part in zip(places, parts, strict=True)):
        after = [place + int(random.integers(0, 20)) for place in places]
        made.append(live.accept([part[a:b] for part, a, b in zip(parts, places, after, strict=True)]))
        places = after
    made.append(live.finish())
    np.testing.assert_array_equal(np.concatenate(made), paste_features(parts, 2))


def test_lengths_are_compared_at_the_end() -> None:
    live = LivePasting(2, 1)
    assert len(live.accept([ROWS[:5], ROWS[:2]])) == 2
    with pytest.raises(ShapeMismatchError, match="found 5, 2"):
        live.finish()
