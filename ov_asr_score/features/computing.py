"""From samples to MFCC, filterbank features, PLP or spectrograms, as Kaldi's compute-mfcc-feats and its siblings do.

Everything that follows a matrix product is computed in blocks of BLOCK_FRAMES frames that begin at multiples of it, so
that a frame gets the same bits whether it comes with all others or alone (:mod:`ov_asr_score.features.live`).
"""

from __future__ import annotations

import weakref
from functools import lru_cache
from threading import get_ident

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ov_asr_score.errors import SoundFormatError
from ov_asr_score.features.block_product import BLOCK_FRAMES
from ov_asr_score.features.cepstra import RowFunction, fbank_rows, mfcc_rows, spectrogram_rows
from ov_asr_score.features.frame_options import single
from ov_asr_score.features.framing import EPSILON, TINY, FrameWindowing, cut_frames, log_energies, num_frames
from ov_asr_score.features.linear_resample import LinearResample, waveform_resampler
from ov_asr_score.features.options import FbankOptions, FeatureOptions, MfccOptions, PlpOptions
from ov_asr_score.features.plp import correlation_rows, plp_of_correlations
from ov_asr_score.features.spectrum import BlockSpectrum

Floats = NDArray[np.float32]

LARGEST_SAMPLE = 1e12
"""Larger ones, which no sound has, would have an infinite energy."""


def compute_features(
    samples: ArrayLike, options: FeatureOptions, vtln_warp: float = 1.0, *, rate: float | None = None, seed: int = 0
) -> Floats:
    """Features [T, D] of ``samples`` [N] on the scale of 16-bit integers; [0, D] if there are too few for a frame.

    ``rate`` in Hz is that of the samples, where it may differ from ``options.frame.sample_frequency``: then they are
    resampled if the options allow it. ``vtln_warp`` has no meaning for spectrograms. ``seed`` is for dither; without
    dither nothing is random. Raises SoundFormatError (another rate, samples that are NaN or huge) and UsageError (a
    warp that leaves bins empty). Kaldi: feat/feature-common-inl.h, ``OfflineFeatureTpl::ComputeFeatures``.
    """
    samples = checked_samples(samples)
    if (resampler := resampler_for(options, rate)) is not None:
        samples = np.concatenate([resampler.accept(samples), resampler.finish()])
    count = num_frames(len(samples), options.frame)
    if not count:
        return np.zeros((0, feature_dim(options)), np.float32)
    blocks = _kept_blocks(options, vtln_warp, seed, get_ident())
    return blocks.compute(cut_frames(samples, options.frame, 0, count), 0)


@lru_cache(maxsize=8)
def _kept_blocks(options: FeatureOptions, vtln_warp: float, seed: int, thread: int) -> FeatureBlocks:
    """Buffers for the utterances of one thread: making them takes as long as 40 frames."""
    return FeatureBlocks(options, vtln_warp, seed)


_MOST_SPARE = 8
_spare_blocks: list[tuple[FeatureOptions, float, FeatureBlocks]] = []


def blocks_while_alive(holder: object, options: FeatureOptions, vtln_warp: float, seed: int) -> FeatureBlocks:
    """Buffers for ``holder`` alone, until it is garbage-collected; without dither those of others before it."""
    found: FeatureBlocks | None = None
    if not options.frame.dither:
        try:
            spare = _spare_blocks.pop()
            if spare[:2] == (options, vtln_warp):
                found = spare[2]
        except IndexError:
            pass
        found = found or FeatureBlocks(options, vtln_warp)
        weakref.finalize(holder, _keep_spare, options, vtln_warp, found).atexit = False
    return found or FeatureBlocks(options, vtln_warp, seed)


def _keep_spare(options: FeatureOptions, vtln_warp: float, blocks: FeatureBlocks) -> None:
    if len(_spare_blocks) < _MOST_SPARE:
        _spare_blocks.append((options, vtln_warp, blocks))


def feature_dim(options: FeatureOptions) -> int:
    """The number of columns of the features."""
    if isinstance(options, MfccOptions | PlpOptions):
        return options.num_ceps
    if isinstance(options, FbankOptions):
        return options.mel.num_mel_bins + options.use_energy
    size = options.frame.padded_window_size
    return size if options.return_raw_fft else size // 2 + 1


def checked_samples(samples: ArrayLike) -> Floats:
    """The samples [N] in single precision. Raises SoundFormatError if they are no numbers that have a spectrum."""
    with np.errstate(over="ignore"):
        array = np.asarray(samples, np.float32)
    if array.ndim != 1:
        raise SoundFormatError(f"samples: expected one channel, an array [N], found an array of shape {array.shape}")
    if len(array) and not max(-array.min(), array.max()) <= LARGEST_SAMPLE:
        place = int(np.argmin(np.abs(array) <= LARGEST_SAMPLE))
        raise SoundFormatError(
            f"samples: expected numbers on the scale of 16-bit integers, found {array[place]:g} at sample {place}"
        )
    return array


def resampler_for(options: FeatureOptions, rate: float | None) -> LinearResample | None:
    """What makes samples of ``rate`` Hz those that the options are for; None if they are.

    Raises SoundFormatError if the options do not allow it. Kaldi: ``OfflineFeatureTpl::ComputeFeatures``.
    """
    wanted = single(options.frame.sample_frequency)
    if rate is None or single(rate) == wanted:
        return None
    name = "allow_downsample" if rate > wanted else "allow_upsample"
    if not getattr(options.frame, name):
        raise SoundFormatError(
            f"expected sound of {wanted:g} Hz, found {rate:g} Hz; set sample_frequency, or {name} to resample it",
            fields=("sample_frequency", name),
        )
    return waveform_resampler(rate, wanted)


class FeatureBlocks:
    """Features of frames that come in order, in any numbers at a time."""

    def __init__(self, options: FeatureOptions, vtln_warp: float = 1.0, seed: int = 0) -> None:
        """Make ready for frames of ``options``. Raises UsageError for a warp that leaves bins empty."""
        frame = options.frame
        self.dim = feature_dim(options)
        self._plp = options if isinstance(options, PlpOptions) else None
        self._use_energy, self._raw_energy = getattr(options, "use_energy", True), options.raw_energy
        self._least_energy = EPSILON if self._plp is None else TINY
        self._dither, self._seed = np.float32(frame.dither), seed
        self._window = FrameWindowing(frame, BLOCK_FRAMES)
        self._windowed = np.zeros((BLOCK_FRAMES, frame.padded_window_size), np.float32)
        self._spectrum = BlockSpectrum(frame.padded_window_size)
        self._rows = _row_function(options, vtln_warp, self._spectrum)

    def compute(self, frames: Floats, first: int) -> Floats:
        """Features [n, D] of ``frames`` [n, W], of which the first is frame ``first`` of the sound."""
        plp = self._plp
        out = np.empty((len(frames), self.dim if plp is None else plp.lpc_order + 2), np.float32)
        begin = 0
        while begin < len(frames):
            block, row = divmod(first + begin, BLOCK_FRAMES)
            count = min(BLOCK_FRAMES - row, len(frames) - begin)
            piece = slice(begin, begin + count)
            self._compute_block(frames[piece], block, slice(row, row + count), out[piece])
            begin += count
        return out if plp is None else plp_of_correlations(out, plp)

    def _compute_block(self, frames: Floats, block: int, rows: slice, out: Floats) -> None:
        windowed = self._windowed[rows, : frames.shape[1]]
        noise = self._noise(block, frames.shape[1])[rows] if self._dither else None
        raw = self._use_energy and self._raw_energy
        energies = self._window.apply(frames, windowed, noise, with_energy=raw)
        if self._use_energy and not raw:
            energies = log_energies(windowed, self._least_energy)
        self._spectrum.transform(self._windowed, rows)
        self._rows(rows, energies, out)

    def _noise(self, block: int, size: int) -> Floats:
        random = np.random.default_rng([self._seed, block])
        return random.standard_normal((BLOCK_FRAMES, size), np.float32) * self._dither


def _row_function(options: FeatureOptions, vtln_warp: float, spectrum: BlockSpectrum) -> RowFunction:
    if isinstance(options, MfccOptions):
        return mfcc_rows(options, vtln_warp, spectrum)
    if isinstance(options, FbankOptions):
        return fbank_rows(options, vtln_warp, spectrum)
    if isinstance(options, PlpOptions):
        return correlation_rows(options, vtln_warp, spectrum)
    return spectrogram_rows(options, spectrum)
