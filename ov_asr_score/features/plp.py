"""Perceptual linear prediction of blocks of spectra. Kaldi: feat/feature-plp.cc, feat/mel-computations.cc."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.features.cepstra import MelEnergies, RowFunction, floored, lifters, write_ordered
from ov_asr_score.features.framing import TINY
from ov_asr_score.features.mel_banks import mel_banks
from ov_asr_score.features.options import PlpOptions
from ov_asr_score.features.spectrum import BLOCK_FRAMES, BlockSpectrum

Floats = NDArray[np.float32]

LEAST_ERROR = np.float32(1e-5)
"""Prediction leaves at least this part of the error in every step."""


def plp_rows(options: PlpOptions, warp: float) -> RowFunction:
    """How PLP are computed: NaN in all columns without energy where a frame is nothing but zeros, as in Kaldi."""
    mel = MelEnergies(options, warp)
    loudness = equal_loudness(mel_banks(options.mel, options.frame, warp).centers)
    bases = inverse_dft(options.lpc_order + 1, options.mel.num_mel_bins + 2)
    power = float(np.float32(options.compress_factor))
    scale = np.full(options.num_ceps, options.cepstral_scale, np.float32)
    if options.cepstral_lifter:
        scale = np.asarray(lifters(options.cepstral_lifter, options.num_ceps), np.float32) * scale
    doubled = np.zeros((BLOCK_FRAMES, options.mel.num_mel_bins + 2), np.float32)

    def rows_of(spectrum: BlockSpectrum, rows: slice, energies: Floats | None, out: Floats) -> None:
        # whole blocks from here on: sums over few frames may be rounded in another way
        loud = mel.compute(spectrum, rows) * loudness
        with np.errstate(all="ignore"):
            doubled[:, 1:-1] = np.power(loud, power, dtype=np.float64)
            doubled[:, 0], doubled[:, -1] = doubled[:, 1], doubled[:, -2]
            predictors, error = linear_prediction((doubled @ bases).T)
            # the greater of the two, but the first one if it is NaN
            least = np.float32(TINY)
            log_error = np.where(error < least, least, -np.log(1 / error.astype(np.float64)))
            log_error = np.where(log_error < least, least, log_error)
            cepstra = np.empty((BLOCK_FRAMES, options.num_ceps), np.float32)
            cepstra[:, 0] = log_error
            cepstra[:, 1:] = cepstra_of_prediction(predictors)[: options.num_ceps - 1].T
            cepstra *= scale
        if energies is not None:
            cepstra[rows, 0] = floored(energies, options.energy_floor)
        write_ordered(cepstra[rows], out, options.htk_compat)

    return rows_of


def equal_loudness(centers: Floats) -> Floats:
    """How loud the bins with these centers in Hz are heard [M]. Kaldi: ``GetEqualLoudnessVector``."""
    squares = centers * centers
    sub = squares / (squares + np.float32(1.6e5))
    return np.asarray(sub * sub * ((squares + np.float32(1.44e6)) / (squares + np.float32(9.61e6))), np.float32)


def inverse_dft(num_bases: int, size: int) -> Floats:
    """The matrix [size, num_bases] from a spectrum to its autocorrelation. Kaldi: ``InitIdftBases``."""
    angle = np.float32(np.pi / (size - 1))
    scale = np.float32(1 / (2 * (size - 1)))
    angles = angle * np.arange(num_bases, dtype=np.float32) * np.arange(size, dtype=np.float32)[:, None]
    bases = 2.0 * float(scale) * np.cos(angles.astype(np.float64))
    bases[[0, -1]] *= 0.5
    return np.ascontiguousarray(bases, np.float32)


def linear_prediction(correlations: Floats) -> tuple[Floats, Floats]:
    """Predictors [P, n] and the error that is left [n] for autocorrelations [P + 1, n]. Kaldi: ``Durbin``."""
    order = len(correlations) - 1
    correlations = np.ascontiguousarray(correlations)
    predictors = np.zeros((order, correlations.shape[1]), np.float32)
    error = correlations[0].copy()
    for step in range(order):
        terms = np.concatenate([correlations[step + 1][None], predictors[:step] * correlations[step:0:-1]])
        reflection = np.add.reduce(terms, axis=0) / error
        left = np.float32(1) - reflection * reflection
        error *= np.where(left < LEAST_ERROR, LEAST_ERROR, left)
        predictors[:step] -= reflection * predictors[:step][::-1]
        predictors[step] = -reflection
    return predictors, error


def cepstra_of_prediction(predictors: Floats) -> Floats:
    """The cepstra [P, n] without the first one, for predictors [P, n]. Kaldi: ``Lpc2Cepstrum``."""
    cepstra = np.zeros_like(predictors)
    for step in range(len(predictors)):
        factors = np.arange(step, 0, -1, dtype=np.float32)[:, None]
        terms = factors * predictors[:step] * cepstra[:step][::-1]
        sums = np.add.reduce(terms, axis=0, dtype=np.float64)
        cepstra[step] = -predictors[step] - sums / np.float32(step + 1)
    return cepstra
