"""Columns that are selected from features, and features side by side, as select-feats and paste-feats give them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import ShapeMismatchError, UsageError
from ov_asr_score.features.steps.live_step import LiveRowByRow, Rows
from ov_asr_score.kaldi_io.matrices.cuts import parse_columns


def parse_selection(text: str) -> NDArray[np.intp]:
    """The columns of ``0,24-22,3-12``, in that order; a comma may follow.

    Raises UsageError for anything else, such as an empty text.
    """
    try:
        columns = parse_columns(text.removesuffix(","))
    except UsageError as error:
        raise UsageError(f"select_{error}", fields=("select_columns",)) from error
    if columns is None:
        raise UsageError("select_columns: expected numbers and ranges as in 0-12,39", fields=("select_columns",))
    return columns


def select_columns(features: Rows, columns: str | Sequence[int] | NDArray[np.intp]) -> Rows:
    """The ``columns`` of the features [T, D], in the order in which they are named, as often as they are.

    Raises UsageError (what is no list of columns) and ShapeMismatchError (a column that is not there).
    Source: featbin/select-feats.cc, which takes ``10-9`` for ``1-9``.
    """
    chosen = parse_selection(columns) if isinstance(columns, str) else np.asarray(columns, np.intp)
    width = features.shape[1]
    if not len(features) and not width:  # Kaldi's matrix of no rows
        return np.zeros((0, len(chosen)), features.dtype)
    if len(chosen) and not 0 <= chosen.min() <= chosen.max() < width:
        raise ShapeMismatchError(f"column {chosen.max()}: expected one below the width {width}")
    return np.ascontiguousarray(features[:, chosen])


def live_selection(columns: str | Sequence[int] | NDArray[np.intp]) -> LiveRowByRow:
    """The live form of ``select_columns``. Raises UsageError; its first rows raise ShapeMismatchError."""
    chosen = parse_selection(columns) if isinstance(columns, str) else np.asarray(columns, np.intp)
    return LiveRowByRow(lambda rows: select_columns(rows, chosen))


def paste_features(parts: Sequence[Rows], length_tolerance: int = 0) -> Rows:
    """Features of an utterance side by side, cut to the shortest: float32 [T, sum of D].

    Raises ShapeMismatchError where the numbers of rows differ by more than ``length_tolerance``, or one is 0.
    Source: featbin/paste-feats.cc, ``AppendFeats``.
    """
    lengths = [len(part) for part in parts]
    _check_lengths(lengths, length_tolerance)
    return np.concatenate([part[: min(lengths)] for part in parts], 1, dtype=np.float32)


class LivePasting:
    """The live form of ``paste_features``: of several features, a row is ready when all of them have it."""

    delay = 0

    def __init__(self, count: int, length_tolerance: int = 0) -> None:
        """``count`` features will be put side by side."""
        self._tolerance = length_tolerance
        self._lengths = [0] * count
        self._held: list[Rows | None] = [None] * count

    def accept(self, parts: Sequence[Rows]) -> Rows:
        """The rows that are complete; one piece of each of the features follows, of any number of rows."""
        held = [
            part if before is None else np.concatenate((before, part))
            for before, part in zip(self._held, parts, strict=True)
        ]
        ready = min(map(len, held))
        self._lengths = [length + len(part) for length, part in zip(self._lengths, parts, strict=True)]
        self._held = [part[ready:].copy() for part in held]
        return np.concatenate([part[:ready] for part in held], 1, dtype=np.float32)

    def finish(self) -> Rows:
        """No rows. Raises ShapeMismatchError where the numbers of rows differ by more than the tolerance."""
        _check_lengths(self._lengths, self._tolerance)
        return np.zeros((0, sum(0 if part is None else part.shape[1] for part in self._held)), np.float32)


def _check_lengths(lengths: Sequence[int], tolerance: int) -> None:
    if not min(lengths) or max(lengths) - min(lengths) > tolerance:
        found = ", ".join(map(str, lengths))
        raise ShapeMismatchError(
            f"expected features to paste of as many frames as each other, or up to {tolerance} less, found {found}"
        )
