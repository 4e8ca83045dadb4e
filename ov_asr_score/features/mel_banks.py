"""Triangular filters on the mel scale, also warped for the length of a vocal tract (VTLN)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import UsageError
from ov_asr_score.features.frame_options import FrameOptions, MelOptions, single

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class MelBanks:
    """Weights [F, M] of F frequencies (FFT bins from 0 on, without the last) in M bins; their centers in Hz [M]."""

    weights: Floats
    centers: Floats


@lru_cache(maxsize=64)
def mel_banks(options: MelOptions, frame: FrameOptions, warp: float = 1.0) -> MelBanks:
    """The filters for a spectrum of ``frame.padded_window_size`` samples, warped by ``warp``.

    Raises UsageError for what Kaldi cannot compute either. Kaldi: feat/mel-computations.cc, ``MelBanks::MelBanks``;
    computed in single precision, because weights near the ends of a triangle are differences of large numbers.
    """
    count, size = options.num_mel_bins, frame.padded_window_size
    if count < 3:
        raise UsageError(f"num_mel_bins: expected at least 3, found {count}", fields=("num_mel_bins",))
    if count > size:  # more bins than frequencies; the search for empty ones would take all memory
        raise _too_many(options)
    low, high = options.limits(frame.sample_frequency)
    warp = single(warp)
    lowest, highest = _mel(np.float32(low)), _mel(np.float32(high))
    delta = (highest - lowest) / np.float32(count + 1)
    edges = lowest + np.arange(count + 2, dtype=np.float32) * delta
    if warp != 1.0 and not np.isnan(warp):
        edges = _warped(edges, options, frame, (low, high), warp)
    left, center, right = edges[:-2], edges[1:-1], edges[2:]
    width = np.float32(single(frame.sample_frequency) / size)
    mel = _mel(width * np.arange(size // 2, dtype=np.float32))[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        weights = np.where(mel <= center, (mel - left) / (center - left), (right - mel) / (right - center))
    inside = (mel > left) & (mel < right)
    if not inside.any(axis=0).all():
        raise _too_many(options, warp)
    weights = np.where(inside, weights, np.float32(0))
    if options.htk_mode and lowest != 0:
        weights[np.argmax(inside[:, 0]), 0] = 0
    weights.flags.writeable = False
    return MelBanks(weights, _hertz(center))


def _mel(frequency: Floats | np.float32) -> Floats:
    # numpy's logarithm of single precision is off by more units in the last place than that of C
    whole = np.log(np.asarray(np.float32(1) + frequency / np.float32(700), np.float64))
    return np.float32(1127) * np.asarray(whole, np.float32)


def _hertz(mel: Floats) -> Floats:
    whole = np.exp(np.asarray(mel / np.float32(1127), np.float64))
    return np.float32(700) * (np.asarray(whole, np.float32) - np.float32(1))


def _warped(
    edges: Floats, options: MelOptions, frame: FrameOptions, limits: tuple[float, float], warp: float
) -> Floats:
    """The edges [M + 2] in mel, moved by the piecewise linear warp. Kaldi: ``MelBanks::VtlnWarpFreq``."""
    low, high = limits
    first, last = single(options.vtln_low), single(options.vtln_high)
    last = last if last >= 0 else single(last + 0.5 * single(frame.sample_frequency))
    if not low < first < last < high:
        raise UsageError(
            f"vtln_low and vtln_high: expected values between {low:g} and {high:g} Hz, in this order, found "
            f"{first:g} and {last:g}",
            fields=("vtln_low", "vtln_high"),
        )
    bottom, top = np.float32(low), np.float32(high)
    hertz = _hertz(edges)
    with np.errstate(all="ignore"):  # a warp of 0, or less, or far too much: bins will be empty
        lower, upper = np.float32(first) * np.float32(max(1.0, warp)), np.float32(last) * np.float32(min(1.0, warp))
        scale = np.float32(1) / np.float32(warp)
        below = (scale * lower - bottom) / (lower - bottom)
        above = (top - scale * upper) / (top - upper)
        moved = np.where(
            hertz < lower,
            bottom + below * (hertz - bottom),
            np.where(hertz < upper, scale * hertz, top + above * (hertz - top)),
        )
        return _mel(np.where((hertz < bottom) | (hertz > top), hertz, moved))


def _too_many(options: MelOptions, warp: float = 1.0) -> UsageError:
    if warp != 1.0:
        return UsageError(
            f"vtln_warp {warp:g}: expected a factor near 1, found that one of {options.num_mel_bins} mel bins is empty",
            fields=("vtln_warp",),
        )
    return UsageError(
        f"num_mel_bins: expected fewer, found that one of {options.num_mel_bins} is so narrow that it is empty",
        fields=("num_mel_bins",),
    )
