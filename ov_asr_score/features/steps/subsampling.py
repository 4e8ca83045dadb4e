"""Every n-th row, repeated rows, and shifted rows, as subsample-feats and shift-feats give them."""

from __future__ import annotations

import numpy as np

from ov_asr_score.errors import UsageError
from ov_asr_score.features.steps.live_step import LiveContext, LiveRowByRow, Rows


def subsample(features: Rows, n: int, offset: int = 0) -> Rows:
    """Every ``n``-th row from row ``offset`` on; with a negative ``n`` every row ``-n`` times.

    Raises UsageError (0, an offset below 0 or with repeated rows). Source: featbin/subsample-feats.cc, where an offset
    too large leaves the utterance out; here no row is left.
    """
    check_subsampling(n, offset)
    return np.repeat(features, -n, 0) if n < 0 else features[offset::n].copy()


class LiveSubsampling:
    """The live form of ``subsample`` for positive ``n``; no row waits."""

    delay = 0

    def __init__(self, n: int, offset: int = 0) -> None:
        """Take rows ``offset``, ``offset + n``, …"""
        check_subsampling(n, offset)
        self._n = n
        self._next = offset  # rows to pass over before the next one that is taken
        self._empty = np.zeros((0, 0), np.float32)

    def accept(self, rows: Rows) -> Rows:
        """Those of the rows that are taken."""
        made = rows[self._next :: self._n].copy()
        self._next += len(made) * self._n - len(rows)
        self._empty = made[:0]
        return made

    def finish(self) -> Rows:
        """No rows."""
        return self._empty


def live_subsampling(n: int, offset: int = 0) -> LiveSubsampling | LiveRowByRow:
    """The live form of ``subsample``. Raises UsageError."""
    check_subsampling(n, offset)
    return LiveSubsampling(n, offset) if n > 0 else LiveRowByRow(lambda rows: np.repeat(rows, -n, 0))


def shift_rows(features: Rows, shift: int) -> Rows:
    """Row t of the result is row ``t - shift``; the first or last row is repeated where there is none.

    Source: featbin/shift-feats.cc.
    """
    rows = np.clip(np.arange(len(features)) - shift, 0, max(len(features) - 1, 0))
    return features[rows]


def live_shift(shift: int) -> LiveContext:
    """The live form of ``shift_rows``: a row waits for ``-shift`` rows if that is positive."""
    left, right = max(shift, 0), max(-shift, 0)
    return LiveContext(left, right, lambda rows: rows[right : len(rows) - left].copy())


def check_subsampling(n: int, offset: int) -> None:
    """Raise UsageError for what subsample-feats does not do, or does not mean to do."""
    if n == 0 or offset < 0 or (n < 0 and offset):
        raise UsageError(
            f"subsample {n},{offset}: expected a number of rows, not 0, and an offset of 0 or more; none with repeated "
            "rows",
            fields=("subsample",),
        )
