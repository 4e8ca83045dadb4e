"""Candidates for the period of the pitch (lags), and the correlation of frames at these lags.

The correlation (NCCF) is measured at all lags of whole samples, and interpolated at candidates that are a ratio apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.features.arbitrary_resample import arbitrary_resample_matrix
from ov_asr_score.features.frame_options import single
from ov_asr_score.features.pitch.options import PitchExtractionOptions

Rows = NDArray[np.float32]

# The rows of every matrix product: the last bits of a row may depend on how many there are. So few that BLAS starts no
# threads for them, which cost more than they give.
_PRODUCT_ROWS = 8


@dataclass(frozen=True, slots=True)
class Lags:
    """Candidates ``seconds`` [N], and the ``weights`` [M, N] that interpolate M measured correlations at them."""

    seconds: NDArray[np.float32]
    weights: Rows


def lags_of(options: PitchExtractionOptions) -> Lags:
    """The lags from the highest to the lowest pitch. Source: feat/pitch-functions.cc, ``SelectLags``."""
    longest, ratio = np.float32(1.0 / single(options.min_f0)), 1.0 + single(options.delta_pitch)
    lag, lags = np.float32(1.0 / single(options.max_f0)), []
    while lag <= longest:
        lags.append(lag)
        lag = np.float32(float(lag) * ratio)
    seconds = np.array(lags, np.float32)
    rate = single(options.resample_frequency)
    offset = np.float32(options.first_lag) / np.float32(rate)
    measured = options.last_lag + 1 - options.first_lag
    weights = arbitrary_resample_matrix(measured, rate, rate * 0.5, seconds - offset, options.upsample_filter_width)
    return Lags(seconds, weights)


def interpolated(measured: Rows, lags: Lags) -> Rows:
    """Correlations [T, N] at the candidates, of ``measured`` ones [T, M]; a row does not depend on the others."""
    count, width = measured.shape
    blocks = -(-count // _PRODUCT_ROWS)
    filled = np.zeros((blocks * _PRODUCT_ROWS, width), np.float32)
    filled[:count] = measured
    made: Rows = filled.reshape(blocks, _PRODUCT_ROWS, width) @ lags.weights
    return made.reshape(blocks * _PRODUCT_ROWS, len(lags.seconds))[:count]


def interpolated_at(measured: Rows, lags: Lags, states: NDArray[np.int64]) -> NDArray[np.float32]:
    """The correlation [T] of each frame at its own candidate ``states`` [T]."""
    made: NDArray[np.float32] = (measured * lags.weights.T[states]).sum(axis=1)
    return made


@dataclass(frozen=True, slots=True)
class Correlations:
    """Products of frames [T, M] with themselves at M lags, and of the energies of both (as ``ComputeCorrelation``)."""

    products: Rows
    energies: Rows

    def nccf(self, ballast: NDArray[np.float32]) -> Rows:
        """Normalized correlations [T, M], for a ``ballast`` [T, 1] to the energies. Source: ``ComputeNccf``."""
        norms = np.sqrt(self.energies + ballast)
        found: Rows = np.divide(self.products, norms, out=np.zeros_like(norms), where=norms != 0)
        return found


def correlations(windows: Rows, options: PitchExtractionOptions) -> Correlations:
    """Correlations of frames [T, window_size + last_lag] at the lags ``first_lag`` to ``last_lag``.

    Source: feat/pitch-functions.cc, ``ComputeCorrelation``; sums of products are of double precision here.
    """
    size, first, last = options.window_size, options.first_lag, options.last_lag
    centred = (windows - _means(windows[:, :size])).astype(np.float64)
    length = _fast_length(size + last)
    spectra = np.fft.rfft(centred[:, :size], length, axis=1).conj()
    spectra *= np.fft.rfft(centred, length, axis=1)
    products = np.fft.irfft(spectra, length, axis=1)[:, first : last + 1].astype(np.float32)
    sums = np.zeros((len(windows), size + last + 1))
    np.cumsum(centred * centred, axis=1, out=sums[:, 1:])
    energies = (sums[:, size:] - sums[:, : last + 1]).astype(np.float32)
    with np.errstate(over="ignore"):  # of frames of minutes at full scale
        return Correlations(products, energies[:, :1] * energies[:, first:])


def _means(windows: Rows) -> Rows:
    """Means [T, 1] of windows [T, n], rounded as by OpenBLAS: two samples at a time are added in single precision.

    Of samples that are all alike it leaves what decides whether they correlate. Source: matrix/kaldi-vector.cc,
    ``VectorBase::Sum``, which is a product with a vector whose elements are all at one place.
    """
    size = windows.shape[1]
    pairs = windows[:, 0 : size - 1 : 2] + windows[:, 1::2]
    sums = pairs.sum(axis=1, dtype=np.float64)
    if size % 2:
        sums += windows[:, -1]
    means: Rows = (sums.astype(np.float32) / np.float32(size))[:, None]
    return means


def _fast_length(least: int) -> int:
    """The next length on that FFTs are fast with: of the factors 2, 3 and 5."""
    while True:
        rest = least
        for factor in (2, 3, 5):
            while rest % factor == 0:
                rest //= factor
        if rest == 1:
            return least
        least += 1
