"""CMVN over a sliding window within the utterance, as apply-cmvn-sliding does it.

Source: feat/feature-functions.cc, ``SlidingWindowCmnInternal``.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import ShapeMismatchError, UsageError
from ov_asr_score.features.steps.live_step import Rows
from ov_asr_score.features.steps.running_sums import BLOCK_ROWS, Sums, running_sums, sum_after

logger = logging.getLogger(__name__)

_LEAST_VARIANCE = 1e-10


@dataclass(frozen=True, slots=True)
class SlidingCmvnOptions:
    """The options of SlidingWindowCmnOptions, with Kaldi's defaults; windows are numbers of frames.

    Without ``center`` the window of a frame are the ``cmn_window`` frames before it and the frame itself; at the
    beginning it ends at frame ``min_cmn_window``. With it, the window reaches as far ahead as back, and stays within
    the utterance at its ends. Raises UsageError for what Kaldi refuses.
    """

    cmn_window: int = 600
    min_cmn_window: int = 100
    norm_vars: bool = False
    center: bool = False
    max_warnings: int = 5  # of an utterance, about variances that are too small; -1: all

    def __post_init__(self) -> None:
        """Check the windows (``SlidingWindowCmnOptions::Check``)."""
        if self.cmn_window < 1:
            raise UsageError(
                f"cmn_window {self.cmn_window}: expected a number of frames, 1 or more", fields=("cmn_window",)
            )
        if self.center and not 1 <= self.min_cmn_window <= self.cmn_window:
            raise UsageError(
                f"min_cmn_window {self.min_cmn_window}: expected a number from 1 to cmn_window, {self.cmn_window}",
                fields=("min_cmn_window", "cmn_window"),
            )


DEFAULT_SLIDING_CMVN = SlidingCmvnOptions()


class LiveSlidingCmvn:
    """Sliding CMVN of one utterance, whose rows come in pieces of any size; a row waits for the end of its window."""

    def __init__(self, options: SlidingCmvnOptions = DEFAULT_SLIDING_CMVN) -> None:
        """Begin an utterance."""
        self.options = options
        self.delay = max((options.cmn_window if options.center else options.min_cmn_window) - 1, 0)
        self._held: Rows | None = None  # rows from the beginning of the last window on
        self._dropped = 0  # rows before them
        self._done = 0  # rows that were given
        self._window = (0, 0)  # of the last of these
        self._sums: Sums | None = None  # in that window, [1 or 2, D]
        self._warnings = 0

    def accept(self, rows: Rows) -> Rows:
        """The rows whose windows are complete now. Raises ShapeMismatchError for another width than before."""
        rows = np.asarray(rows, np.float32)
        if self._held is None:
            self._held = rows[:0]
        if rows.shape[1] != self._held.shape[1]:
            raise ShapeMismatchError(
                f"expected features of {self._held.shape[1]} columns as before, found {rows.shape[1]}"
            )
        self._held = np.concatenate((self._held, rows))
        return self._ready(None)

    def finish(self) -> Rows:
        """The rest of the rows, with the windows shifted or cut where the utterance ends."""
        if self._held is None:
            return np.zeros((0, 0), np.float32)
        return self._ready(self._dropped + len(self._held))

    def _ready(self, length: int | None) -> Rows:
        """The rows that are ready; ``length`` is that of the utterance if it is over."""
        assert self._held is not None
        received = self._dropped + len(self._held)
        made = [np.zeros((0, self._held.shape[1]), np.float32)]
        while self._done < received:
            frames = np.arange(self._done, min(self._done + BLOCK_ROWS, received))
            starts, ends = _windows(frames, self.options, length)
            count = len(frames) if length is not None else int(np.searchsorted(ends, received, "right"))
            if not count:
                break
            made.append(self._block(starts[:count], ends[:count], several=received > 1))
            self._done += count
            drop = self._window[0] - self._dropped
            self._held = self._held[drop:]
            self._dropped += drop
        self._held = self._held.copy()
        return np.concatenate(made) if len(made) > 2 else made[-1]

    def _block(self, starts: NDArray[np.intp], ends: NDArray[np.intp], *, several: bool) -> Rows:
        """The next rows, for which windows [start, end) are given."""
        assert self._held is not None
        sums = self._window_sums(self._held.astype(np.float64), starts, ends)
        self._window = (int(starts[-1]), int(ends[-1]))
        self._sums = sums[-1]
        count = (ends - starts)[:, None].astype(np.float64)
        first = self._done - self._dropped
        made = self._held[first : first + len(starts)] + (-1.0 / count) * sums[:, 0]
        if self.options.norm_vars:
            made *= self._scales(sums, count, several)
            made[count[:, 0] == 1] = 0
        return np.asarray(made, np.float32)

    def _window_sums(self, held: Sums, starts: NDArray[np.intp], ends: NDArray[np.intp]) -> Sums:
        """The sums [n, 1 or 2, D] in every window; Kaldi subtracts what leaves it and then adds what enters it."""
        parts = 1 + self.options.norm_vars
        before = self._sums
        if before is None:
            first = held[: ends[0]]
            both = np.stack((first, first * first)[:parts], 1)
            before = sum_after(np.zeros(parts * held.shape[1]), both.reshape(len(first), -1)).reshape(parts, -1)
            self._window = (int(starts[0]), int(ends[0]))
        leaving = np.concatenate(([self._window[0]], starts[:-1]))
        entering = np.concatenate(([self._window[1]], ends[:-1]))
        steps = np.zeros((len(starts), 2, parts, held.shape[1]))
        left, came = starts > leaving, ends > entering
        steps[left, 0, 0] = held[leaving[left] - self._dropped]
        steps[came, 1, 0] = held[entering[came] - self._dropped]
        if parts == 2:
            np.square(steps[:, :, 0], out=steps[:, :, 1])
        np.negative(steps[:, 0], out=steps[:, 0])
        after = running_sums(before.reshape(-1), steps.reshape(2 * len(starts), -1))
        return after[1::2].reshape(len(starts), parts, -1)

    def _scales(self, sums: Sums, count: Sums, several: bool) -> Sums:
        """One by the standard deviations [n, D]."""
        variance = sums[:, 1] * (1.0 / count) + (-1.0 / (count * count)) * (sums[:, 0] * sums[:, 0])
        low = (variance < _LEAST_VARIANCE) & (count > 1)
        if several and low.any():
            self._warn(low.sum(1), count[:, 0])
        return np.asarray(np.where(variance < _LEAST_VARIANCE, _LEAST_VARIANCE, variance) ** -0.5, np.float64)

    def _warn(self, numbers: NDArray[np.intp], frames: Sums) -> None:
        most = self.options.max_warnings
        for row in np.flatnonzero(numbers):
            if 0 <= most <= self._warnings:
                if most == self._warnings and most:
                    logger.warning("sliding CMVN: no more warnings of this utterance")
                self._warnings += 1
                break
            logger.warning(
                "sliding CMVN: %d variances in a window of %d frames were set to %g",
                numbers[row],
                frames[row],
                _LEAST_VARIANCE,
            )
            self._warnings += 1


def sliding_cmvn(features: Rows, options: SlidingCmvnOptions = DEFAULT_SLIDING_CMVN) -> Rows:
    """The features float32 [T, D] with the mean of a window subtracted, and divided by its standard deviation.

    Variances below 1e-10 are set to that, with a warning in the log. Raises UsageError (``SlidingCmvnOptions``).
    """
    live = LiveSlidingCmvn(options)
    ready = live.accept(features)
    return np.concatenate((ready, live.finish()))


def _windows(
    frames: NDArray[np.intp], options: SlidingCmvnOptions, length: int | None
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """First frame of every frame's window, and the one behind its last; ``length`` of the utterance if it is known."""
    if options.center:
        starts = frames - options.cmn_window // 2
        ends = np.maximum(starts, 0) + options.cmn_window
    else:
        starts = frames - options.cmn_window
        ends = np.maximum(frames + 1, options.min_cmn_window)
    starts = np.maximum(starts, 0)
    if length is not None:
        starts = np.maximum(starts - np.maximum(ends - length, 0), 0)
        ends = np.minimum(ends, length)
    return starts, ends
