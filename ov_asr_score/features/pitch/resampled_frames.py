"""The frames of the sound at the lower rate at which pitch is looked for, and its energy so far."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ov_asr_score.features.linear_resample import LinearResample
from ov_asr_score.features.pitch.options import PitchExtractionOptions

Samples = NDArray[np.float32]

_PLACES = 32  # partial sums


class ResampledFrames:
    """Sound in pieces, and its frames: windows of ``window_size`` samples and those that the longest lag needs more.

    Source: feat/pitch-functions.cc, ``OnlinePitchFeatureImpl``.
    """

    def __init__(self, options: PitchExtractionOptions) -> None:
        """No sound yet."""
        rates = int(options.sample_frequency), int(options.resample_frequency)
        self._resample = LinearResample(*rates, options.lowpass_cutoff, options.lowpass_filter_width)
        self._options = options
        self._width = options.window_size + options.last_lag
        self._held: Samples = np.zeros(0, np.float32)
        self._held_from = 0
        self._is_last = False
        self._sums = np.zeros(2)  # of all samples, and of their squares
        self._sums_to = 0, np.zeros(2)  # the same up to a sample: nccf_ballast_online

    def take(self, samples: Samples, is_last: bool) -> None:
        """Take the next samples; ``is_last``: there are no more."""
        made = self._resample.accept(samples)
        if is_last:
            self._is_last = True
            made = np.concatenate((made, self._resample.finish()))
        self._held = np.concatenate((self._held, made))
        self._sums += np.array((made.sum(dtype=np.float64), _sum_of_squares(made)))

    @property
    def _length(self) -> int:
        """Samples at the lower rate so far."""
        return self._held_from + len(self._held)

    @property
    def num_frames(self) -> int:
        """How many frames can be had of the sound so far. Source: ``NumFramesAvailable``."""
        shift = self._options.window_shift
        needed = self._options.window_size if self._is_last else self._width
        if self._length < needed:
            return 0
        if self._options.snip_edges:
            return (self._length - needed) // shift + 1
        known = self._length if self._is_last else self._length - needed // 2
        return int(np.float32(known) / np.float32(shift) + np.float32(0.5))

    def windows(self, first: int, end: int) -> Samples:
        """The samples [``end`` - ``first``, W] of frames, with preemphasis; zeros beyond the edges of the sound.

        Source: ``ExtractFrame``.
        """
        starts = self._start(np.arange(first, end))
        before = max(0, -int(starts[0]))
        behind = max(0, int(starts[-1]) + self._width - self._length)
        padded = np.concatenate((np.zeros(before, np.float32), self._held, np.zeros(behind, np.float32)))
        windows = sliding_window_view(padded, self._width)[starts - self._held_from + before]
        coefficient = np.float32(self._options.preemphasis_coefficient)
        if coefficient:
            raw = windows
            windows = raw.copy()
            windows[:, 1:] -= coefficient * raw[:, :-1]
            # Each frame by itself: its first sample inside of the sound has none before it.
            firsts = np.clip(-starts, 0, self._width - 1)
            rows = np.arange(len(starts))
            windows[rows, firsts] = raw[rows, firsts] * np.float32(1.0 - float(coefficient))
            for row in np.flatnonzero(starts + self._width > self._length):
                windows[row, max(0, self._length - int(starts[row])) :] = 0
        return windows

    def mean_squares(self, first: int, end: int) -> NDArray[np.float64]:
        """The variance of the samples so far, for each of these frames; with ``nccf_ballast_online``, up to its end.

        To be asked for one frame after the other.
        """
        if not self._options.nccf_ballast_online:
            return np.full(end - first, self.mean_square)
        ends = np.minimum(self._start(np.arange(first, end)) + self._width, self._length)
        begin, sums = self._sums_to
        part = self._held[begin - self._held_from : int(ends[-1]) - self._held_from].astype(np.float64)
        running = np.concatenate(([sums], np.stack((part, part * part), axis=1))).cumsum(axis=0)[ends - begin]
        self._sums_to = int(ends[-1]), running[-1]
        found: NDArray[np.float64] = _variance(running.T, ends)
        return found

    @property
    def mean_square(self) -> float:
        """The variance of all samples so far; 0 without samples."""
        return float(_variance(self._sums, max(1, self._length)))

    def forget(self, frame: int) -> None:
        """Forget what only the frames before this one need."""
        begin = max(0, int(self._start(np.array(frame))))
        if self._options.nccf_ballast_online:
            begin = min(begin, self._sums_to[0])
        drop = min(max(0, begin - self._held_from), len(self._held))
        self._held = self._held[drop:].copy()
        self._held_from += drop

    def _start(self, frames: NDArray[np.int64]) -> NDArray[np.int64]:
        shift = self._options.window_shift
        return frames * shift if self._options.snip_edges else (2 * frames + 1) * shift // 2 - self._width // 2


def _sum_of_squares(samples: Samples) -> float:
    """The sum as OpenBLAS adds it up for Kaldi on processors with AVX2: in single precision and 32 places.

    There quiet sound is lost behind loud sound, which decides between tracks that cost nearly the same. (Processors
    without AVX2 have 16 places, those with AVX-512 64.)
    """
    squares = np.zeros(-(-len(samples) // _PLACES) * _PLACES, np.float32)
    np.multiply(samples, samples, out=squares[: len(samples)])
    return float(np.add.reduce(squares.reshape(-1, _PLACES), axis=0).sum())


def _variance(sums: NDArray[np.float64], count: Any) -> Any:
    means = sums / count
    return means[1] - means[0] ** 2
