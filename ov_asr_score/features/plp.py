"""Perceptual linear prediction. Kaldi: feat/feature-plp.cc, feat/mel-computations.cc."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.features.block_product import BLOCK_FRAMES, BlockProduct
from ov_asr_score.features.cepstra import MelEnergies, RowFunction, floored, lifters, write_ordered
from ov_asr_score.features.framing import TINY
from ov_asr_score.features.mel_banks import mel_banks
from ov_asr_score.features.options import PlpOptions
from ov_asr_score.features.spectrum import BlockSpectrum

Floats = NDArray[np.float32]

LEAST_ERROR = np.float32(1e-5)
"""Prediction leaves at least this part of the error in every step."""

MOST_COLUMNS = 1024  # frames that are predicted together: what they need fits into the caches


def correlation_rows(options: PlpOptions, warp: float, spectrum: BlockSpectrum) -> RowFunction:
    """How the autocorrelations of a frame [P + 1] are computed, with its log energy behind them: [n, P + 2]."""
    mel = MelEnergies(options, warp, spectrum)
    loudness = equal_loudness(mel_banks(options.mel, options.frame, warp).centers)
    power = float(np.float32(options.compress_factor))
    doubled = np.zeros((BLOCK_FRAMES, options.mel.num_mel_bins + 2), np.float32)
    product = BlockProduct(doubled, inverse_dft(options.lpc_order + 1, options.mel.num_mel_bins + 2))

    def rows_of(rows: slice, energies: Floats | None, out: Floats) -> None:
        loud = mel.compute(rows)[rows] * loudness
        with np.errstate(all="ignore"):  # zeros, and powers of less than 0
            doubled[rows, 1:-1] = np.power(loud, power, dtype=np.float64)
            doubled[rows, 0], doubled[rows, -1] = doubled[rows, 1], doubled[rows, -2]
            out[:, :-1] = product.compute()[rows]
        out[:, -1] = 0 if energies is None else floored(energies, options.energy_floor)

    return rows_of


def plp_of_correlations(values: Floats, options: PlpOptions) -> Floats:
    """PLP [n, D] of what ``correlation_rows`` gives [n, P + 2]; NaN without autocorrelation, as in Kaldi."""
    out = np.empty((len(values), options.num_ceps), np.float32)
    scale = np.full(options.num_ceps, options.cepstral_scale, np.float32)
    if options.cepstral_lifter:
        scale = np.asarray(lifters(options.cepstral_lifter, options.num_ceps), np.float32) * scale
    for begin in range(0, len(values), MOST_COLUMNS):
        part = slice(begin, begin + MOST_COLUMNS)
        columns = values[part].T
        # one column alone would be summed in another order
        columns = np.ascontiguousarray(np.repeat(columns, 2, axis=1) if columns.shape[1] == 1 else columns)
        with np.errstate(all="ignore"):
            predictors, error = linear_prediction(columns[:-1])
            log_error = -np.log(1 / error.astype(np.float64))
            cepstra = np.empty((options.num_ceps, columns.shape[1]), np.float32)
            cepstra[0] = np.where(log_error < TINY, TINY, log_error)  # NaN is not less
            cepstra[1:] = cepstra_of_prediction(predictors[: options.num_ceps - 1])
            cepstra *= scale[:, None]
        if options.use_energy:
            cepstra[0] = columns[-1]
        write_ordered(cepstra.T[: len(out[part])], out[part], options.htk_compat)
    return out


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
    predictors, terms = np.zeros((2, order, correlations.shape[1]), np.float32)
    error = correlations[0].copy()
    for step in range(order):
        known = predictors[:step]
        terms[0] = correlations[step + 1]
        np.multiply(known, correlations[step:0:-1], out=terms[1 : step + 1])
        reflection = np.add.reduce(terms[: step + 1], axis=0)
        reflection /= error
        error *= np.maximum(1 - reflection * reflection, LEAST_ERROR)  # NaN stays NaN
        known -= reflection * known[::-1]
        np.negative(reflection, out=predictors[step])
    return predictors, error


def cepstra_of_prediction(predictors: Floats) -> Floats:
    """The first cepstra [C, n] behind the zeroth for predictors [C, n]. Kaldi: ``Lpc2Cepstrum``."""
    cepstra, weighted = np.zeros_like(predictors), np.zeros_like(predictors)
    for step in range(len(predictors)):
        # numbered cepstra times predictors, the nearest first
        sums = np.add.reduce(predictors[:step] * weighted[:step][::-1], axis=0, dtype=np.float64)
        cepstra[step] = -predictors[step] - sums / (step + 1)
        np.multiply(cepstra[step], np.float32(step + 1), out=weighted[step])
    return cepstra
