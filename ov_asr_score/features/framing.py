"""Which frames samples have, and the frames themselves: cut, without their mean, preemphasized and windowed.

Kaldi: feat/feature-window.cc.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from ov_asr_score.features.frame_options import FrameOptions, single

Floats = NDArray[np.float32]

EPSILON = float(np.finfo(np.float32).eps)
"""The least energy of which a logarithm is taken."""

TINY = float(np.finfo(np.float32).tiny)
"""The least one of PLP that are energies of windowed frames."""


def num_frames(num_samples: int, options: FrameOptions, *, is_whole: bool = True) -> int:
    """How many frames ``num_samples`` have; not ``is_whole``: how many cannot change any more if others follow.

    Kaldi: ``NumFrames``, whose ``flush`` is ``is_whole``.
    """
    shift, size = options.window_shift, options.window_size
    if options.snip_edges:
        return 0 if num_samples < size else 1 + (num_samples - size) // shift
    count = (num_samples + shift // 2) // shift
    if not is_whole and count:
        beyond = first_sample(count - 1, options) + size - num_samples
        count -= min(count, max(0, -(-beyond // shift)))
    return count


def first_sample(frame: int, options: FrameOptions) -> int:
    """The index of the first sample of a frame, negative before the sound. Kaldi: ``FirstSampleOfFrame``."""
    shift = options.window_shift
    return frame * shift if options.snip_edges else frame * shift + shift // 2 - options.window_size // 2


def cut_frames(samples: Floats, options: FrameOptions, first: int, count: int, offset: int = 0) -> Floats:
    """The frames [count, window size] from ``first`` on, not to be written to: they overlap in memory.

    ``samples`` begin with that of index ``offset``. Beyond their ends they are mirrored, again and again if need be.
    """
    shift, size = options.window_shift, options.window_size
    begin = first_sample(first, options) - offset
    end = begin + (count - 1) * shift + size
    if begin < 0 or end > len(samples):
        before, behind = np.arange(begin, min(0, end)), np.arange(max(len(samples), begin), end)
        inner = samples[max(begin, 0) : max(end, 0)]
        samples = np.concatenate(
            [samples[_mirrored(before, len(samples))], inner, samples[_mirrored(behind, len(samples))]]
        )
    else:
        samples = np.ascontiguousarray(samples[begin:end])
    step = samples.itemsize
    return as_strided(samples, (count, size), (shift * step, step), writeable=False)


def _mirrored(indexes: NDArray[np.int64], length: int) -> NDArray[np.int64]:
    """Indexes within ``length``: -1 is 0, ``length`` is ``length - 1``, and so on."""
    indexes = indexes % (2 * length)
    return np.where(indexes < length, indexes, 2 * length - 1 - indexes)


@lru_cache(maxsize=16)
def window_function(options: FrameOptions) -> Floats:
    """The weights of the samples of a frame. Kaldi: ``FeatureWindowFunction``."""
    size, kind = options.window_size, options.window_type
    if kind == "rectangular":
        return np.ones(size, np.float32)
    with np.errstate(divide="ignore", invalid="ignore"):  # a frame of one sample
        phase = np.arange(size) * (2 * np.pi / np.float64(size - 1))
    if kind == "sine":
        window = np.sin(0.5 * phase)
    elif kind == "blackman":
        coeff = single(options.blackman_coeff)
        window = coeff - 0.5 * np.cos(phase) + (0.5 - coeff) * np.cos(2 * phase)
    elif kind == "hamming":
        window = 0.54 - 0.46 * np.cos(phase)
    else:
        window = 0.5 - 0.5 * np.cos(phase)
        if kind == "povey":
            window **= 0.85
    window = window.astype(np.float32)
    window.flags.writeable = False
    return window


class FrameWindowing:
    """Windows frames of one set of options, in buffers of its own."""

    def __init__(self, options: FrameOptions, most: int) -> None:
        """Make room for ``most`` frames at a time."""
        size = options.window_size
        self._options = options
        # buffers without gaps, and a window for every frame: numpy takes them as one row
        self._windows = np.broadcast_to(window_function(options), (most, size)).copy()
        self._frames, self._scaled = np.zeros((2, most, size), np.float32)
        self._preemphasis = np.float32(options.preemphasis_coefficient)

    def apply(self, frames: Floats, windowed: Floats, noise: Floats | None, *, with_energy: bool) -> Floats | None:
        """Write ``frames`` [n, W] to ``windowed``, with ``noise`` added to the samples first.

        Returns their log energies [n] before preemphasis and window, if asked for. Kaldi: ``ProcessWindow``.
        """
        if noise is not None:
            frames = frames + noise
        count, size = frames.shape
        plain, scaled = self._frames[:count], self._scaled[:count]
        if self._options.remove_dc_offset:
            means = np.einsum("ij->i", frames) / np.float32(size)
            np.subtract(frames, means[:, None], out=plain)
        else:
            np.copyto(plain, frames)
        energies = log_energies(plain) if with_energy else None
        if self._preemphasis:
            np.multiply(plain, self._preemphasis, out=scaled)
            first = plain[:, 0] - scaled[:, 0]
            row = plain.reshape(-1)
            np.subtract(row[1:], scaled.reshape(-1)[:-1], out=row[1:])
            plain[:, 0] = first
        np.multiply(plain, self._windows[:count], out=windowed)
        return energies


def log_energies(frames: Floats, least: float = EPSILON) -> Floats:
    """The logarithm of the sum of squares of each frame [n], or of ``least``."""
    energies = np.einsum("ij,ij->i", frames, frames)
    return np.asarray(np.log(np.maximum(energies, np.float32(least))), np.float32)
