"""Spectra of blocks of windowed frames, in single precision."""

from __future__ import annotations

from typing import Any, TypeAlias, cast

import numpy as np
from numpy.lib import NumpyVersion
from numpy.typing import NDArray

from ov_asr_score.features.block_product import BLOCK_FRAMES

Floats = NDArray[np.float32]
Complexes: TypeAlias = NDArray[np.complex64]

# numpy 1 knows FFTs in double precision only: a little nearer to the truth, and slower
_HAS_SINGLE_FFT = NumpyVersion(np.__version__) >= "2.0.0"


class BlockSpectrum:
    """Spectra and powers of blocks of BLOCK_FRAMES frames, in buffers that the next block overwrites."""

    def __init__(self, size: int) -> None:
        """Make room for FFTs of ``size`` samples."""
        bins = size // 2 + 1
        self.spectrum: Complexes = np.zeros((BLOCK_FRAMES, bins), np.complex64)
        self.powers: Floats = np.zeros((BLOCK_FRAMES, bins), np.float32)
        self._squares = np.zeros((BLOCK_FRAMES, 2 * bins), np.float32)

    def transform(self, windowed: Floats, rows: slice) -> Complexes:
        """The spectra [n, F + 1] of those of the frames [BLOCK_FRAMES, 2F] that are in ``rows``."""
        spectrum = self.spectrum[rows]
        if _HAS_SINGLE_FFT:
            np.fft.rfft(windowed[rows], axis=1, out=cast(Any, spectrum))
        else:
            spectrum[...] = np.fft.rfft(windowed[rows], axis=1)
        return spectrum

    def compute_powers(self, rows: slice) -> None:
        """Compute the ``powers`` [BLOCK_FRAMES, F + 1] of those spectra that are in ``rows``.

        Kaldi: feat/feature-functions.cc, ``ComputePowerSpectrum``.
        """
        parts, squares = self.spectrum.view(np.float32)[rows], self._squares[rows]
        np.multiply(parts, parts, out=squares)
        np.add(squares[:, 0::2], squares[:, 1::2], out=self.powers[rows])
