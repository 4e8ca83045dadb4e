"""Columns and rows that are cut out of matrices.

Columns are given as Kaldi's select-feats takes them (featbin/select-feats.cc), rows like those of script lines.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import TableFormatError, UsageError

_MOST_COLUMNS = 1 << 20


def parse_columns(text: str) -> NDArray[np.intp] | None:
    """Indices of ``0,24-22,3-12``, in that order and as often as they are named; None for an empty text.

    Raises UsageError. (select-feats takes ``10-9`` for ``1-9``, because it cuts the digits of the first number off.)
    """
    if not text:
        return None
    indices: list[int] = []
    for part in text.split(","):
        match = re.fullmatch(r"(\d{1,7})(?:-(\d{1,7}))?", part.strip(), re.ASCII)
        if match is None:
            raise UsageError(f"columns {text[:20]!r}: expected numbers and ranges as in 0-12,39", fields=("columns",))
        first, last = int(match[1]), int(match[2] or match[1])
        step = 1 if first <= last else -1
        indices += range(first, last + step, step)
        if len(indices) > _MOST_COLUMNS:
            raise UsageError(f"columns {text[:20]!r}: expected at most {_MOST_COLUMNS}", fields=("columns",))
    return np.array(indices, np.intp)


def parse_rows(text: str) -> tuple[int, int] | None:
    """First and last row of ``0:99``, ``100:``, ``:-1``; negative ones count from the end. None for an empty text.

    Raises UsageError.
    """
    if not text:
        return None
    match = re.fullmatch(r"(-?\d{1,9})?:(-?\d{1,9})?", text, re.ASCII)
    first, last = (int(match[1] or 0), int(match[2] or -1)) if match else (0, 0)
    if match is None or (first > last and (first < 0) == (last < 0)):
        raise UsageError(
            f"rows {text[:20]!r}: expected FIRST:LAST, both included, as in 0:99, 100: or -50:", fields=("rows",)
        )
    return first, last


def cut(
    array: NDArray[Any], columns: NDArray[np.intp] | None = None, rows: tuple[int, int] | None = None
) -> NDArray[Any]:
    """The ``columns`` and ``rows`` of a matrix [T, D], the elements ``columns`` of a vector [D]; C-contiguous.

    Rows that a short matrix lacks are left out. Raises TableFormatError (a column that is not there, no row left).
    """
    if rows is not None:
        if array.ndim != 2:
            raise TableFormatError("expected a matrix, found a vector, which has no rows to cut")
        first, last = (row + len(array) if row < 0 else row for row in rows)
        first = max(first, 0)
        if len(array) and (first >= len(array) or last < first):
            raise TableFormatError(f"rows {rows[0]}:{rows[1]}: expected one of them in 0:{len(array) - 1}, found none")
        array = array[first : last + 1]
    if columns is not None and not (array.ndim == 2 and array.shape[0] == 0):
        width = array.shape[-1]
        if columns.max() >= width:
            raise TableFormatError(f"column {columns.max()}: expected one below the width {width}")
        array = array[..., columns]
    return np.ascontiguousarray(array)
