"""Kaldi's resampling of sound, whole and by pieces."""

from __future__ import annotations

from math import ceil, floor, gcd

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ov_asr_score.features.windowed_sinc import windowed_sinc

Samples = NDArray[np.float32]

_BLOCK = 1 << 16  # values under the filter at a time


class LinearResample:
    """Samples at another rate, given sound in pieces; the same numbers, bit by bit, for pieces of any size.

    A sample waits for ``lookahead`` seconds of sound. Source: feat/resample.cc, ``LinearResample``.
    """

    def __init__(self, rate_in: int, rate_out: int, cutoff: float, num_zeros: int) -> None:
        """``cutoff`` in Hz is at most half of both rates; ``num_zeros`` > 0: how sharp the filter is."""
        self._rates = rate_in, rate_out
        unit = gcd(rate_in, rate_out)
        self._unit_in, self._unit_out = rate_in // unit, rate_out // unit
        self._cutoff, self._num_zeros = float(np.float32(cutoff)), num_zeros
        self.lookahead = half_width = num_zeros / (2.0 * self._cutoff)
        times = np.arange(self._unit_out) / rate_out
        self._first = np.ceil((times - half_width) * rate_in).astype(np.int64)
        lasts = np.floor((times + half_width) * rate_in).astype(np.int64)
        taps = np.arange(int((lasts - self._first).max()) + 1)
        indices = self._first[:, None] + taps
        weights = windowed_sinc(indices / rate_in - times[:, None], cutoff, num_zeros) / np.float32(rate_in)
        self._weights = np.where(indices <= lasts[:, None], weights, np.float32(0))
        self._num_taps = len(taps)
        # Zeros before the sound, so that the first output reads no index below 0.
        self._held: Samples = np.zeros(max(0, -int(self._first.min())), np.float32)
        self._held_from = -len(self._held)
        self._taken = 0
        self._given = 0

    def num_outputs(self, num_samples: int, is_last: bool) -> int:
        """How many samples can be computed of the first ``num_samples``, or of all of them (``is_last``).

        Source: ``LinearResample::GetNumOutputSamples``.
        """
        rate_in, rate_out = self._rates
        ticks = rate_in * self._unit_out  # per second: the least common multiple of both rates
        length = num_samples * self._unit_out
        if not is_last:
            half_width = np.float32(self._num_zeros / (2.0 * self._cutoff))
            length -= floor(half_width * np.float32(ticks))
        return max(0, ceil(length / (ticks // rate_out))) if length > 0 else 0

    def accept(self, samples: Samples) -> Samples:
        """The samples [m] that no longer depend on what comes; ``samples`` float32 [n] follow those before."""
        return self._resampled(np.asarray(samples, np.float32), is_last=False)

    def finish(self) -> Samples:
        """The rest of the samples, with zeros after the end of the sound: no more are accepted."""
        return self._resampled(np.zeros(0, np.float32), is_last=True)

    def _resampled(self, samples: Samples, is_last: bool) -> Samples:
        self._taken += len(samples)
        behind = np.zeros(self._num_taps + self._unit_in, np.float32)
        held = np.concatenate((self._held, samples, behind))
        end = self.num_outputs(self._taken, is_last)
        made = np.empty(max(0, end - self._given), np.float32)
        step = max(1, _BLOCK // self._num_taps)
        for start in range(self._given, end, step):
            outputs = np.arange(start, min(start + step, end))
            made[start - self._given : start - self._given + step] = self._filtered(held, outputs)
        self._given = max(self._given, end)
        unit, place = divmod(self._given, self._unit_out)
        first_needed = int(self._first[place]) + unit * self._unit_in - self._held_from
        keep = min(max(0, first_needed), len(held) - len(behind))
        self._held = held[keep : len(held) - len(behind)].copy()
        self._held_from += keep
        return made

    def _filtered(self, held: Samples, outputs: NDArray[np.int64]) -> Samples:
        units, places = np.divmod(outputs, self._unit_out)
        starts = self._first[places] + units * self._unit_in - self._held_from
        windows = sliding_window_view(held, self._num_taps)
        if self._unit_out == 1:
            chosen = windows[starts[0] : starts[-1] + 1 : self._unit_in]
            filtered: Samples = np.einsum("ij,j->i", chosen, self._weights[0])
        else:
            filtered = np.einsum("ij,ij->i", windows[starts], self._weights[places])
        return filtered


def resample_waveform(samples: Samples, rate_in: float, rate_out: float) -> Samples:
    """The sound [N] at another rate, as ``allow-downsample`` and ``allow-upsample`` of compute-mfcc-feats do it.

    Source: feat/resample.cc, ``ResampleWaveform``.
    """
    resample = waveform_resampler(rate_in, rate_out)
    return np.concatenate((resample.accept(samples), resample.finish()))


def waveform_resampler(rate_in: float, rate_out: float) -> LinearResample:
    """What ``resample_waveform`` does, for sound in pieces."""
    cutoff = 0.99 * 0.5 * float(np.float32(min(rate_in, rate_out)))
    return LinearResample(int(rate_in), int(rate_out), cutoff, 6)
