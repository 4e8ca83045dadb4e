from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from ov_asr_score.features.block_product import BLOCK_FRAMES
from ov_asr_score.features.options import PlpOptions
from ov_asr_score.features.plp import (
    cepstra_of_prediction,
    correlation_rows,
    equal_loudness,
    inverse_dft,
    linear_prediction,
    plp_of_correlations,
)
from ov_asr_score.features.spectrum import BlockSpectrum

ROWS = slice(1, 4)


def block(frames: NDArray[np.float64]) -> BlockSpectrum:
    spectrum = BlockSpectrum(512)
    spectrum.transform(frames.astype(np.float32), ROWS)
    return spectrum


NOISE = block(np.random.default_rng(5).normal(0, 1000, (BLOCK_FRAMES, 512)))


def test_prediction_of_a_known_process() -> None:
    """x[t] = 0.9 x[t-1] - 0.2 x[t-2] + noise: its autocorrelation gives the factors back, with the sign changed."""
    first = 0.9 / 1.2
    correlations = [1.0, first]
    for _ in range(3):
        correlations.append(0.9 * correlations[-1] - 0.2 * correlations[-2])
    predictors, error = linear_prediction(np.array(correlations, np.float32)[:, None])
    np.testing.assert_allclose(predictors[:, 0], [-0.9, 0.2, 0, 0], atol=1e-5)
    np.testing.assert_allclose(error, 1 - 0.9 * first + 0.2 * correlations[2], rtol=1e-5)


def test_prediction_solves_the_normal_equations() -> None:
    random = np.random.default_rng(2)
    signal = random.normal(size=(6, 400))
    correlations = np.array([(signal[:, : 400 - lag] * signal[:, lag:]).sum(axis=1) for lag in range(9)])
    predictors, error = linear_prediction(correlations.astype(np.float32))
    for column in range(6):
        matrix = correlations[np.abs(np.subtract.outer(np.arange(8), np.arange(8))), column]
        expected = np.linalg.solve(matrix, -correlations[1:, column])
        np.testing.assert_allclose(predictors[:, column], expected, atol=1e-4)
        np.testing.assert_allclose(error[column], correlations[0, column] + expected @ correlations[1:, column], 1e-4)


def test_a_constant_is_predicted_with_some_error() -> None:
    predictors, error = linear_prediction(np.ones((4, 1), np.float32))
    assert error[0] == pytest.approx(1e-5) and np.isfinite(predictors).all()


def test_cepstra_of_one_pole() -> None:
    """-log(1 - a z) has the coefficients a^n / n."""
    cepstra = cepstra_of_prediction(np.array([[-0.5], [0], [0], [0]], np.float32))
    np.testing.assert_allclose(cepstra[:, 0], [0.5, 0.5**2 / 2, 0.5**3 / 3, 0.5**4 / 4], rtol=1e-6)


def test_autocorrelation_of_a_flat_spectrum() -> None:
    bases = inverse_dft(5, 25)
    assert bases.shape == (25, 5)
    np.testing.assert_allclose(np.ones(25, np.float32) @ bases, [1, 0, 0, 0, 0], atol=1e-6)


def test_loudness_grows_with_frequency() -> None:
    loudness = equal_loudness(np.array([100, 400, 1000, 4000], np.float32))
    expected = (1e6 / (1e6 + 1.6e5)) ** 2 * (1e6 + 1.44e6) / (1e6 + 9.61e6)
    assert loudness[2] == pytest.approx(expected, rel=1e-6) and (np.diff(loudness) > 0).all()


def plp(options: PlpOptions, spectrum: BlockSpectrum, energies: list[float] | None = None) -> NDArray[np.float32]:
    values = np.empty((3, options.lpc_order + 2), np.float32)
    given = None if energies is None else np.array(energies, np.float32)
    correlation_rows(options, 1.0, spectrum)(ROWS, given, values)
    return plp_of_correlations(values, options)


def test_columns() -> None:
    plain = plp(PlpOptions(use_energy=False), NOISE)
    assert plain.shape == (3, 13) and np.isfinite(plain).all()
    np.testing.assert_array_equal(plp(PlpOptions(use_energy=False, htk_compat=True), NOISE), np.roll(plain, -1, axis=1))
    with_energy = plp(PlpOptions(energy_floor=float(np.exp(2))), NOISE, [1, 2, 3])
    np.testing.assert_allclose(with_energy[:, 0], [2, 2, 3], rtol=1e-6)
    np.testing.assert_array_equal(with_energy[:, 1:], plain[:, 1:])
    scaled = plp(PlpOptions(use_energy=False, cepstral_scale=2.0, cepstral_lifter=0), NOISE)
    np.testing.assert_allclose(scaled[:, 0], 2 * plain[:, 0], rtol=1e-6)
    np.testing.assert_allclose(scaled[:, 11], 2 * plain[:, 11] / 12, rtol=1e-5)


def test_few_columns() -> None:
    assert np.isfinite(plp(PlpOptions(lpc_order=0, num_ceps=1, use_energy=False), NOISE)).all()
    few = plp(PlpOptions(num_ceps=4, use_energy=False), NOISE)
    np.testing.assert_array_equal(few, plp(PlpOptions(use_energy=False), NOISE)[:, :4])


def test_frames_are_independent() -> None:
    values = np.random.default_rng(1).normal(size=(2500, 14)).astype(np.float32)
    values[:, 0] = np.abs(values).sum(axis=1)
    whole = plp_of_correlations(values, PlpOptions())
    for row in (0, 1, 1023, 1024, 2499):
        np.testing.assert_array_equal(plp_of_correlations(values[row : row + 1], PlpOptions())[0], whole[row])


@pytest.mark.parametrize("power", [-1.0, 0.0, 2.0])
def test_any_power(power: float) -> None:
    assert np.isfinite(plp(PlpOptions(compress_factor=power), NOISE, [0, 0, 0])).all()


def test_silence() -> None:
    silent = block(np.zeros((BLOCK_FRAMES, 512)))
    assert np.isnan(plp(PlpOptions(use_energy=False), silent)).all()
    with_energy = plp(PlpOptions(), silent, [-1, -1, -1])
    assert (with_energy[:, 0] == -1).all() and np.isnan(with_energy[:, 1:]).all()
