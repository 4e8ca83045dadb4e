"""Frames joined with those around them, as splice-feats joins them."""

from __future__ import annotations

import numpy as np

from ov_asr_score.errors import UsageError
from ov_asr_score.features.steps.live_step import LiveContext, Rows, with_edges


def splice_frames(features: Rows, left: int = 4, right: int = 4) -> Rows:
    """Each row with ``left`` rows before it and ``right`` rows after it, oldest first: [T, D · (left + 1 + right)].

    Beyond the edges the first and last rows are repeated. No rows give no rows (splice-feats refuses them). Raises
    UsageError for a negative context. Source: feat/feature-functions.cc, ``SpliceFrames``.
    """
    _check(left, right)
    if not len(features):
        return np.zeros((0, features.shape[1] * (left + 1 + right)), features.dtype)
    return _spliced(with_edges(features, left, right), left + 1 + right)


def live_splice(left: int = 4, right: int = 4) -> LiveContext:
    """The live form of ``splice_frames``: each row waits for ``right`` rows. Raises UsageError."""
    _check(left, right)
    return LiveContext(left, right, lambda rows: _spliced(rows, left + 1 + right))


def _spliced(padded: Rows, frames: int) -> Rows:
    width = padded.shape[1]
    count = len(padded) - frames + 1
    if not (count and width):
        return np.zeros((count, width * frames), padded.dtype)
    flat = np.ascontiguousarray(padded).reshape(-1)
    return np.lib.stride_tricks.sliding_window_view(flat, width * frames)[::width].copy()


def _check(left: int, right: int) -> None:
    if left < 0 or right < 0:
        raise UsageError(f"splice {left},{right}: expected numbers of frames, 0 or more", fields=("splice",))
