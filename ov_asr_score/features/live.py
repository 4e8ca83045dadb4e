"""Features of sound that comes in pieces: the same bits as those of the whole sound, however it is cut."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ov_asr_score.features.computing import blocks_while_alive, checked_samples, resampler_for
from ov_asr_score.features.framing import cut_frames, first_sample, num_frames
from ov_asr_score.features.options import FeatureOptions

Floats = NDArray[np.float32]


class LiveFeatures:
    """Features of one sound, frame by frame; keeps the samples that are needed yet, less than two frames.

    A frame is returned as soon as its last sample is there. Without ``snip_edges`` the first frame needs nothing
    before the sound, and those at its end come with ``finish``. Kaldi: feat/online-feature.cc,
    ``OnlineGenericBaseFeature``, but resampling is that of its offline programs.
    """

    def __init__(
        self, options: FeatureOptions, vtln_warp: float = 1.0, *, rate: float | None = None, seed: int = 0
    ) -> None:
        """Make ready for a new sound; the arguments and errors are those of ``compute_features``."""
        self._frame = options.frame
        self._blocks = blocks_while_alive(self, options, vtln_warp, seed)
        self._resampler = resampler_for(options, rate)
        self._kept = np.zeros(0, np.float32)
        self._offset = 0  # index of the first sample that is kept
        self._num_frames = 0
        self.dim = self._blocks.dim

    def accept(self, samples: ArrayLike) -> Floats:
        """The features [t, D] of the frames that ``samples`` [n] complete. Raises SoundFormatError for NaN."""
        return self.accept_checked(checked_samples(samples))

    def accept_checked(self, samples: Floats) -> Floats:
        """The same of samples that ``checked_samples`` would give back."""
        if self._resampler is not None:
            samples = self._resampler.accept(samples)
        return self._advance(samples, is_whole=False)

    def finish(self) -> Floats:
        """The features [t, D] of the frames that are left; then the sound is over."""
        rest = np.zeros(0, np.float32) if self._resampler is None else self._resampler.finish()
        return self._advance(rest, is_whole=True)

    def _advance(self, samples: Floats, *, is_whole: bool) -> Floats:
        self._kept = np.concatenate([self._kept, samples])
        first, total = self._num_frames, num_frames(self._offset + len(self._kept), self._frame, is_whole=is_whole)
        if total <= first:
            return np.zeros((0, self.dim), np.float32)
        features = self._blocks.compute(cut_frames(self._kept, self._frame, first, total - first, self._offset), first)
        self._num_frames = total
        # at its end the sound is mirrored, by less than a frame
        needed = first_sample(total, self._frame) - self._frame.window_size - self._offset
        if needed > 0:
            self._kept = self._kept[needed:].copy()
            self._offset += needed
        return features
