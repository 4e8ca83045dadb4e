"""Copies of arrays of records, as bytes: numpy copies field by field, forty times slower."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.decoding.token_passing.search_arrays import Records


def copied(records: Records) -> Records:
    """A copy of contiguous records [N]."""
    return _bytes(records).copy().view(records.dtype)


def joined(parts: Sequence[Records]) -> Records:
    """Contiguous records of one type in one array."""
    return np.concatenate([_bytes(part) for part in parts]).view(parts[0].dtype)


def doubled(records: Records) -> Records:
    """The records, and behind them room for as many."""
    wider: Records = np.empty(2 * len(records), records.dtype)
    put(wider, records)
    return wider


def put(target: Records, source: Records) -> None:
    """Write records over the first ones of ``target``; both may be parts of one array."""
    _bytes(target)[: source.nbytes] = _bytes(source)


def _bytes(records: Records) -> NDArray[np.uint8]:
    found: NDArray[np.uint8] = records.view(np.uint8)
    return found
