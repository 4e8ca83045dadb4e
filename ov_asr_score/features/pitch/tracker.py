"""Raw pitch of sound in pieces: what is known now of all frames so far, and what changes as more is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import SoundFormatError
from ov_asr_score.features.pitch.lag_search import LagSearch
from ov_asr_score.features.pitch.lags import correlations, interpolated, interpolated_at, lags_of
from ov_asr_score.features.pitch.options import PitchExtractionOptions
from ov_asr_score.features.pitch.resampled_frames import ResampledFrames

Samples = NDArray[np.float32]
Rows = NDArray[np.float32]

_BLOCK = 256  # frames at a time
_KEPT = 1024  # frames to go back to, before it is looked which of them are decided
_MOST_KEPT = 60_000
"""Pitch of so many frames ago is decided when it is not: minutes of quiet noise would fill the memory."""
LARGEST_PITCH_SAMPLE = 1e7
"""Squares of products of larger samples leave single precision; 16-bit samples are below 32768."""
_MOST_BALLAST = 1e38
"""More leaves single precision; no correlation is left long before."""


@dataclass(frozen=True, slots=True)
class _EarlyFrames:
    """Frames that may be weighed anew: their correlations [t, N] with ballast, energies [t] and mean squares [t]."""

    nccf: Rows
    energies: NDArray[np.float32]
    mean_squares: NDArray[np.float32]


class PitchTracker:
    """Kaldi's ``OnlinePitchFeature`` (feat/pitch-functions.cc): pieces of sound change numbers as they do there.

    ``changed_from`` is the first frame that is new or has changed with the last piece. Frames that are not decided
    for minutes stay as they are; in Kaldi, where memory grows with the sound, these may change, too.
    """

    def __init__(self, options: PitchExtractionOptions) -> None:
        """No sound yet."""
        self._options = options
        self._lags = lags_of(options)
        self._frames = ResampledFrames(options)
        self._search = LagSearch(self._lags.seconds, options)
        self._early: list[_EarlyFrames] | None = [] if not options.nccf_ballast_online else None
        self._measured: list[NDArray[np.float32]] = []  # correlations without ballast, from the first frame kept on
        self._states = np.zeros(0, np.int32)
        self._rows = np.zeros((0, 2), np.float32)
        self._from = 0  # the frame of the first state and row
        self._kept = _KEPT
        self._latency = 0
        self._num_samples = 0
        self.changed_from = 0

    @property
    def num_ready(self) -> int:
        """How many frames are given now; it may fall while the search is undecided. Source: ``NumFramesReady``."""
        return self._search.num_frames - self._latency

    def rows(self, first: int = 0) -> Rows:
        """The correlation and the pitch in Hz [t, 2] of the frames from ``first`` on that are given now.

        ``first`` is not forgotten.
        """
        return self._rows[first - self._from : max(0, self.num_ready - self._from)].copy()

    def forget(self, before: int) -> None:
        """Forget the frames before one, whose rows are not asked for any more; others stay as they would be.

        Nothing is forgotten until the first frames have been weighed anew, nor what still delays rows.
        """
        before = min(before, self._search.num_frames - self._options.max_frames_latency - 1)
        if self._early is not None or before - self._from < _KEPT:
            return
        self._search.forget(before)
        del self._measured[: len(self._measured) - (self._search.num_frames - self._search.first_kept)]
        self._states = self._states[before - self._from :].copy()
        self._rows = self._rows[before - self._from :].copy()
        self._from = before

    def take(self, samples: Samples, is_last: bool = False) -> None:
        """Take the next samples float32 [n]; ``is_last``: there are no more. Raises SoundFormatError for NaN and such.

        Source: ``AcceptWaveform`` and ``InputFinished``.
        """
        self._check(samples)
        before = self._search.num_frames
        self.changed_from = before
        self._advance(samples, is_last=False)
        if is_last:
            self._advance(np.zeros(0, np.float32), is_last=True)
            if self._early is not None and self._search.num_frames < self._options.recompute_frame:
                self._reweigh()
                self._go_back()
            self._latency = 0

    def _check(self, samples: Samples) -> None:
        if not np.abs(samples).max(initial=0) <= LARGEST_PITCH_SAMPLE:
            place = int(np.flatnonzero(~(np.abs(samples) <= LARGEST_PITCH_SAMPLE))[0])
            raise SoundFormatError(
                f"sample {self._num_samples + place}: expected numbers on the scale of 16-bit samples, found "
                f"{samples[place]:g}"
            )
        self._num_samples += len(samples)

    def _advance(self, samples: Samples, is_last: bool) -> None:
        self._frames.take(samples, is_last)
        start, end = self._search.num_frames, self._frames.num_frames
        if end <= start:
            return
        grown = end - self._from - len(self._states)
        if grown > 0:
            grown += len(self._states) // 4
            self._states = np.concatenate((self._states, np.full(grown, -1, np.int32)))
            self._rows = np.concatenate((self._rows, np.zeros((grown, 2), np.float32)))
        for first in range(start, end, _BLOCK):
            self._search_frames(first, min(first + _BLOCK, end))
            if self._early is None and self._search.num_frames - self._search.first_kept >= self._kept:
                self._go_back()
                kept_from = self._search.forget_decided(_MOST_KEPT)
                del self._measured[: len(self._measured) - (self._search.num_frames - kept_from)]
                self._kept = max(_KEPT, 2 * len(self._measured))
        self._frames.forget(end)
        self._go_back()
        self._latency = self._search.latency(self._options.max_frames_latency)

    def _search_frames(self, first: int, end: int) -> None:
        found = correlations(self._frames.windows(first, end), self._options)
        mean_squares = self._frames.mean_squares(first, end)
        measured = found.nccf(np.zeros((1, 1), np.float32))
        nothing = np.zeros(measured.shape[1], np.float32)
        sounds = np.logical_or.reduce(measured, axis=1).tolist()
        self._measured += [row if any_sound else nothing for row, any_sound in zip(measured, sounds, strict=True)]
        ballast = self._ballast(mean_squares)
        nccf = interpolated(found.nccf(ballast[:, None]), self._lags)
        if self._early is None:
            self._search.extend(nccf)
            return
        early = min(end, self._options.recompute_frame) - first
        if early > 0:
            averages = found.energies.mean(axis=1, dtype=np.float64).astype(np.float32)
            self._early.append(_EarlyFrames(nccf[:early], averages[:early], mean_squares[:early].astype(np.float32)))
        self._search.extend(nccf[: max(0, early)])
        if self._search.num_frames >= self._options.recompute_frame:
            self._reweigh()
            self._search.extend(nccf[max(0, early) :])

    def _ballast(self, mean_squares: NDArray[np.float64]) -> NDArray[np.float32]:
        ballast = (mean_squares * self._options.window_size) ** 2 * np.float32(self._options.nccf_ballast)
        return np.minimum(ballast, _MOST_BALLAST).astype(np.float32)

    def _reweigh(self) -> None:
        """Search the first frames anew if the energy now differs from that by which they were weighed.

        Source: ``RecomputeBacktraces``.
        """
        early, self._early = self._early or [], None
        mean_square = np.float32(self._frames.mean_square)
        before = np.concatenate([frames.mean_squares for frames in early]) if early else np.zeros(0, np.float32)
        if (np.abs(before - mean_square) <= np.float32(0.01) * (before + mean_square)).all():
            return
        ballast = self._ballast(np.full(1, mean_square, np.float64))
        self._search = LagSearch(self._lags.seconds, self._options)
        for frames in early:
            was = self._ballast(frames.mean_squares.astype(np.float64)) + frames.energies
            now = ballast + frames.energies
            # Silence without ballast has no correlation (Kaldi has NaN from there on).
            ratio = np.divide(was, now, out=np.ones_like(was), where=now != 0)
            self._search.extend(frames.nccf * np.sqrt(ratio)[:, None])
        self._states[:] = -1

    def _go_back(self) -> None:
        """Follow the best track back to where it is the one that was followed before. Source: ``SetBestState``."""
        first, end, state = self._search.first_kept, self._search.num_frames, self._search.best
        frame, known = end - 1, self._states
        while frame >= first and known[frame - self._from] != state:
            known[frame - self._from] = state
            state = self._search.state_before(frame, state)
            frame -= 1
        changed = frame + 1
        rows = slice(changed - self._from, end - self._from)
        states = known[rows].astype(np.int64)
        kept_from = end - len(self._measured)
        if len(states):
            measured = np.stack(self._measured[changed - kept_from :])
            self._rows[rows, 0] = interpolated_at(measured, self._lags, states)
            self._rows[rows, 1] = 1.0 / self._lags.seconds[states].astype(np.float64)
        self.changed_from = min(self.changed_from, changed)
