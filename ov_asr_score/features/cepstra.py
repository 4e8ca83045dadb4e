"""Mel energies, MFCC and spectrograms of blocks of spectra."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.features.block_product import BlockProduct
from ov_asr_score.features.framing import EPSILON
from ov_asr_score.features.mel_banks import mel_banks
from ov_asr_score.features.options import FbankOptions, MfccOptions, PlpOptions, SpectrogramOptions
from ov_asr_score.features.spectrum import BlockSpectrum

Floats = NDArray[np.float32]

RowFunction: TypeAlias = Callable[[slice, "Floats | None", Floats], None]
"""Write the features [n, D] of those frames of a block whose spectra are in the slice; their log energies [n] are given
where they are wanted."""


class MelEnergies:
    """Energies in mel bins of blocks of spectra. Kaldi: feat/mel-computations.cc, ``MelBanks::Compute``."""

    def __init__(self, options: MfccOptions | FbankOptions | PlpOptions, warp: float, spectrum: BlockSpectrum) -> None:
        """Take the filters of ``options``, warped by ``warp``, for the powers of ``spectrum``."""
        self._spectrum = spectrum
        self._product = BlockProduct(spectrum.powers, mel_banks(options.mel, options.frame, warp).weights)
        self._least = np.float32(1 if options.mel.htk_mode else 0)
        self._use_power = options.use_power if isinstance(options, FbankOptions) else True
        self.energies = self._product.out

    def compute(self, rows: slice) -> Floats:
        """Energies [BLOCK_FRAMES, M], of which only those in ``rows`` are of this block."""
        self._spectrum.compute_powers(rows)
        if not self._use_power:
            np.sqrt(self._spectrum.powers[rows], out=self._spectrum.powers[rows])
        energies = self._product.compute()
        if self._least:
            np.maximum(energies[rows], self._least, out=energies[rows])
        return energies

    def logarithms(self, rows: slice) -> Floats:
        """Their logarithms, where they are not tiny."""
        energies = self.compute(rows)
        np.maximum(energies[rows], np.float32(EPSILON), out=energies[rows])
        np.log(energies[rows], out=energies[rows])
        return energies


def fbank_rows(options: FbankOptions, warp: float, spectrum: BlockSpectrum) -> RowFunction:
    """How filterbank features are computed. Kaldi: feat/feature-fbank.cc, ``FbankComputer::Compute``."""
    mel = MelEnergies(options, warp, spectrum)
    first = 1 if options.use_energy and not options.htk_compat else 0
    bins = slice(first, first + options.mel.num_mel_bins)

    def rows_of(rows: slice, energies: Floats | None, out: Floats) -> None:
        values = mel.logarithms(rows) if options.use_log_fbank else mel.compute(rows)
        out[:, bins] = values[rows]
        if energies is not None:
            out[:, -1 if options.htk_compat else 0] = floored(energies, options.energy_floor)

    return rows_of


def mfcc_rows(options: MfccOptions, warp: float, spectrum: BlockSpectrum) -> RowFunction:
    """How MFCC are computed. Kaldi: feat/feature-mfcc.cc, ``MfccComputer::Compute``."""
    mel = MelEnergies(options, warp, spectrum)
    matrix = cosines(options.num_ceps, options.mel.num_mel_bins)
    if options.cepstral_lifter:
        matrix = matrix * lifters(options.cepstral_lifter, options.num_ceps)
    product = BlockProduct(mel.energies, matrix.astype(np.float32))

    def rows_of(rows: slice, energies: Floats | None, out: Floats) -> None:
        mel.logarithms(rows)
        cepstra = product.compute()[rows]
        if energies is not None:
            cepstra[:, 0] = floored(energies, options.energy_floor)
        elif options.htk_compat:
            cepstra[:, 0] *= np.float32(np.sqrt(2))
        write_ordered(cepstra, out, options.htk_compat)

    return rows_of


def spectrogram_rows(options: SpectrogramOptions, spectrum: BlockSpectrum) -> RowFunction:
    """How spectrograms are computed. Kaldi: feat/feature-spectrogram.cc, ``SpectrogramComputer::Compute``."""

    def rows_of(rows: slice, energies: Floats | None, out: Floats) -> None:
        if options.return_raw_fft:
            parts = spectrum.spectrum[rows].view(np.float32)
            out[:, 0], out[:, 1] = parts[:, 0], parts[:, -2]
            out[:, 2:] = parts[:, 2:-2]
            return
        spectrum.compute_powers(rows)
        np.maximum(spectrum.powers[rows], np.float32(EPSILON), out=out)
        np.log(out, out=out)
        if energies is not None:
            out[:, 0] = floored(energies, options.energy_floor)

    return rows_of


def floored(log_energies: Floats, floor: float) -> Floats:
    """The logarithms, none below that of ``floor`` if that is more than 0."""
    return np.maximum(log_energies, np.log(np.float32(floor))) if floor > 0 else log_energies


def write_ordered(cepstra: Floats, out: Floats, energy_last: bool) -> None:
    """Write cepstra [n, D] to ``out``, with the first column as the last one if HTK has it so."""
    if energy_last:
        out[:, :-1], out[:, -1] = cepstra[:, 1:], cepstra[:, 0]
    else:
        out[...] = cepstra


def cosines(num_ceps: int, num_bins: int) -> NDArray[np.float64]:
    """The cosine transform [M, C]. Kaldi: matrix/matrix-functions.cc, ``ComputeDctMatrix``."""
    angles = np.pi / num_bins * (np.arange(num_bins) + 0.5)
    matrix = np.sqrt(2 / num_bins) * np.cos(angles[:, None] * np.arange(num_ceps))
    matrix[:, 0] = np.sqrt(1 / num_bins)
    return np.asarray(matrix, np.float64)


def lifters(lifter: float, num_ceps: int) -> NDArray[np.float64]:
    """Factors of cepstra [C]. Kaldi: feat/mel-computations.cc, ``ComputeLifterCoeffs``."""
    lifter = float(np.float32(lifter))
    return np.asarray(1 + 0.5 * lifter * np.sin(np.pi * np.arange(num_ceps) / lifter), np.float64)
