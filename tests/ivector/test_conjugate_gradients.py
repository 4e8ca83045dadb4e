"""Steps of conjugate gradients against a plain transcription of their definition, many systems at a time."""

from __future__ import annotations

import logging

import numpy as np
import pytest
from numpy.typing import NDArray

from ov_asr_score.ivector.conjugate_gradients import conjugate_gradients

Array = NDArray[np.float64]


def systems(lanes: int, dim: int, seed: int = 0, weight: float = 0.3, spread: float = 1) -> tuple[Array, Array, Array]:
    random = np.random.default_rng(seed)
    factors = random.normal(size=(lanes, 2 * dim, dim)) * np.exp(spread * random.normal(size=dim))
    matrices = np.eye(dim) + weight * factors.transpose(0, 2, 1) @ factors
    start = np.zeros((lanes, dim))
    start[:, 0] = 60
    return matrices, random.normal(size=(lanes, dim)) * 50, start


def one_by_one(matrix: Array, constants: Array, x: Array, steps: int) -> Array:
    """The steps for one system: exact line search along directions made conjugate by the ratio of squared residuals."""
    x = x.copy()
    residual = matrix @ x - constants
    direction = -residual
    squares = recomputed = residual @ residual
    for _ in range(min(steps, len(x) + 5)):
        image = matrix @ direction
        length = -(direction @ residual) / (direction @ image)
        x += length * direction
        residual = residual + length * image
        new = residual @ residual
        if new < recomputed * 1e-4 or new > recomputed * 1e4:
            residual = matrix @ x - constants
            new = recomputed = residual @ residual
        direction = new / squares * direction - residual
        squares = new
    return x


@pytest.mark.parametrize("dim", [1, 2, 24, 100])
@pytest.mark.parametrize("steps", [0, 1, 2, 15])
def test_steps_by_their_definition(dim: int, steps: int) -> None:
    # of these systems no residual grows at first, as it may
    matrices, constants, start = systems(5, dim, weight=0.03 / dim, spread=0.3)
    found = conjugate_gradients(matrices, constants, start, min(steps, dim))
    for lane in range(5):
        expected = one_by_one(matrices[lane], constants[lane], start[lane], min(steps, dim))
        np.testing.assert_allclose(found[lane], expected, rtol=1e-6, atol=1e-6)


def test_steps_lead_to_the_solution() -> None:
    matrices, constants, start = systems(3, 12)
    found = conjugate_gradients(matrices, constants, start, 100)
    np.testing.assert_allclose(np.matmul(matrices, found[:, :, None])[:, :, 0], constants, atol=1e-8)
    early = conjugate_gradients(matrices, constants, start, 4)
    assert np.abs(early - found).max() > 1e-3, "the steps count: Kaldi's 15 are not enough either"


@pytest.mark.parametrize("dim", [4, 6, 24, 100])
def test_systems_do_not_depend_on_each_other(dim: int) -> None:
    matrices, constants, start = systems(9, dim, weight=3)
    together = conjugate_gradients(matrices, constants, start, 15)
    for lanes in ([0], [4], [8], [1, 2], [0, 2, 4, 6], [3, 0, 7, 5, 6], list(range(8))):
        found = conjugate_gradients(matrices[lanes].copy(), constants[lanes].copy(), start[lanes].copy(), 15)
        assert np.array_equal(found, together[lanes])


@pytest.mark.parametrize("lanes", [3, 9])
def test_systems_that_are_solved_stay(lanes: int) -> None:
    """A residual of exactly 0 ends the steps of its system, not those of others."""
    matrices, constants, start = systems(lanes, 8)
    constants[1] = matrices[1] @ start[1]
    matrices[2] = np.eye(8)
    start[2] = np.round(start[2])
    constants[2] = np.arange(8)
    found = conjugate_gradients(matrices, constants, start, 15)
    assert np.array_equal(found[1], start[1])
    assert np.array_equal(found[2], np.arange(8))
    np.testing.assert_allclose(found[0], np.linalg.solve(matrices[0], constants[0]), rtol=1e-5)


@pytest.mark.parametrize("lanes", [2, 9])
def test_systems_whose_residual_grows_are_solved_exactly(lanes: int, caplog: pytest.LogCaptureFixture) -> None:
    """Small eigenvalues are raised then: as SolveQuadraticProblem does."""
    both = zip(systems(2, 6, seed=3), systems(lanes - 2, 6, seed=4), strict=True)
    matrices, constants, start = (np.concatenate(each) for each in both)
    values, vectors = np.linalg.eigh(matrices[1])
    values[:2] = [-5, -0.5]
    matrices[1] = vectors @ np.diag(values) @ vectors.T
    residual = constants[1] - matrices[1] @ start[1]
    after = constants[1] - matrices[1] @ one_by_one(matrices[1], constants[1], start[1], 2)
    assert after @ after > residual @ residual
    with caplog.at_level(logging.INFO):
        found = conjugate_gradients(matrices, constants, start, 2)
    assert "solved exactly" in caplog.text
    exact = start[1] + vectors @ ((vectors.T @ residual) / np.maximum(values, values.max() / 1e4))
    np.testing.assert_allclose(found[1], exact, rtol=1e-6)
    assert np.isfinite(found).all()


@pytest.mark.parametrize("lanes", [1, 9])
def test_systems_without_a_solution_are_nan(lanes: int) -> None:
    matrices, constants, start = systems(lanes, 6)
    matrices[0] = 1e308
    found = conjugate_gradients(matrices, constants, start, 15)
    assert not np.isfinite(found[0]).any() and np.isfinite(found[1:]).all()
