"""Frames that may still count, or count differently: the newest of an utterance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import OvAsrScoreError
from ov_asr_score.ivector.gaussian_frames import Frames

_LEAST_ROOM = 64


class RememberedFrames:
    """Rows [F] of the newest frames with their log-likelihoods [G], by number of the frame."""

    def __init__(self, dim: int, num_gaussians: int) -> None:
        """Remember none."""
        self._first = 0  # the frame in row 0
        self._start = self._end = 0  # the rows that count
        self._rows = np.empty((_LEAST_ROOM, dim), np.float32)
        self._likelihoods = np.empty((_LEAST_ROOM, num_gaussians), np.float32)

    @property
    def end(self) -> int:
        """The number of the next frame."""
        return self._first + self._end

    def append(self, rows: Frames, likelihoods: Frames) -> None:
        """Add the frames that come next."""
        if self._end + len(rows) > len(self._rows):
            self._make_room(len(rows))
        self._rows[self._end : self._end + len(rows)] = rows
        self._likelihoods[self._end : self._end + len(rows)] = likelihoods
        self._end += len(rows)

    def forget(self, before: int) -> None:
        """Forget the frames before one."""
        self._start = min(max(self._start, before - self._first), self._end)

    def between(self, first: int, last: int) -> tuple[Frames, Frames]:
        """Rows and log-likelihoods of frames ``first`` to ``last`` - 1, which are remembered."""
        rows = slice(first - self._first, last - self._first)
        return self._rows[rows], self._likelihoods[rows]

    def at(self, frames: NDArray[np.intp]) -> tuple[Frames, Frames]:
        """Rows and log-likelihoods of some frames. Raises OvAsrScoreError for one that is forgotten."""
        rows = frames - self._first
        if len(rows) and rows.min() < self._start:
            raise OvAsrScoreError(
                f"frame {int(frames.min())}: expected a weight for one of the last {self._end - self._start} frames "
                "only; remember more of them"
            )
        return self._rows[rows], self._likelihoods[rows]

    def _make_room(self, count: int) -> None:
        kept = slice(self._start, self._end)
        room = max(2 * (self._end - self._start + count), _LEAST_ROOM)
        for name in ("_rows", "_likelihoods"):
            old = getattr(self, name)
            new = np.empty((max(room, len(old)), old.shape[1]), np.float32)
            new[: self._end - self._start] = old[kept]
            setattr(self, name, new)
        self._first += self._start
        self._start, self._end = 0, self._end - self._start
