from __future__ import annotations

import numpy as np
import pytest

from ov_asr_score.errors import TableFormatError, UsageError
from ov_asr_score.kaldi_io.matrices.cuts import cut, parse_columns, parse_rows

MATRIX = np.arange(20, dtype=np.float32).reshape(5, 4)


@pytest.mark.parametrize(
    ("text", "indices"),
    [
        ("0", [0]),
        ("0-2", [0, 1, 2]),
        ("2-0,3", [2, 1, 0, 3]),
        ("1,1,1-1", [1, 1, 1]),
        ("3, 0-1", [3, 0, 1]),
    ],
)
def test_columns_come_as_they_are_named(text: str, indices: list[int]) -> None:
    columns = parse_columns(text)
    assert columns is not None and columns.tolist() == indices
    part = cut(MATRIX, columns)
    assert part.flags.c_contiguous
    np.testing.assert_array_equal(part, MATRIX[:, indices])
    np.testing.assert_array_equal(cut(MATRIX[0], columns), MATRIX[0][indices])


@pytest.mark.parametrize("text", [",", "a", "1-", "-1", "1:2", "0-99999999", "0-9999999", "1,,2"])
def test_what_are_no_columns(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_columns(text)
    assert caught.value.fields == ("columns",)


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("0:4", range(5)),
        ("1:2", range(1, 3)),
        ("3:", range(3, 5)),
        (":1", range(2)),
        (":", range(5)),
        ("-2:", range(3, 5)),
        ("-2:-2", range(3, 4)),
        (":-3", range(3)),
        ("1:-2", range(1, 4)),
        ("-9:1", range(2)),
        ("2:99", range(2, 5)),
    ],
)
def test_rows_have_both_ends(text: str, rows: range) -> None:
    np.testing.assert_array_equal(cut(MATRIX, None, parse_rows(text)), MATRIX[list(rows)])


@pytest.mark.parametrize("text", ["1", "2:1", "-1:-2", "a:b", "1:2:3", "1-2"])
def test_what_are_no_rows(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_rows(text)
    assert caught.value.fields == ("rows",)


def test_nothing_to_cut() -> None:
    assert parse_columns("") is None and parse_rows("") is None
    np.testing.assert_array_equal(cut(MATRIX), MATRIX)
    empty = np.zeros((0, 0), np.float32)
    assert cut(empty, parse_columns("3"), parse_rows("1:2")).shape == (0, 0)


@pytest.mark.parametrize(
    ("array", "columns", "rows", "message"),
    [
        (MATRIX, "1,4", "", "column 4: expected one below the width 4"),
        (MATRIX, "", "5:9", "rows 5:9: expected one of them in 0:4, found none"),
        (MATRIX, "", ":-6", "rows 0:-6: expected one of them in 0:4, found none"),
        (MATRIX[0], "", "0:1", "found a vector, which has no rows"),
    ],
)
def test_what_is_not_there(array: np.ndarray, columns: str, rows: str, message: str) -> None:
    with pytest.raises(TableFormatError, match=message):
        cut(array, parse_columns(columns), parse_rows(rows))
