"""Linear equations solved as far as Kaldi solves them: a few steps of conjugate gradients, many systems at a time."""

from __future__ import annotations

import logging

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.kaldi_model.double_arrays import DoubleArray

logger = logging.getLogger(__name__)

# Kaldi computes the residual afresh when its norm has changed by this factor (LinearCgdOptions, matrix/optimization.h).
_LEAST_RATIO = 0.01**2
_MOST_RATIO = 1 / _LEAST_RATIO
_LEAST_SQUARE = float(np.finfo(np.float64).tiny)
_LEAST_GROWTH = 1e-10
# Up to so many elements of matrices are multiplied in the time that it takes to begin with one more of them.
_LANE_COST = 27_000
# SolverOptions, matrix/sp-matrix.h
_MOST_CONDITION = 1e4
_LEAST_EIGENVALUE = 1e-40


def conjugate_gradients(matrices: DoubleArray, constants: DoubleArray, start: DoubleArray, steps: int) -> DoubleArray:
    """Where ``steps`` steps from ``start`` lead: x [L, D] of ``matrices`` [L, D, D] · x = ``constants`` [L, D].

    The steps are those of ``LinearCgd`` (matrix/optimization.cc); a system whose residual has grown in the end is
    solved exactly. What comes out for a system does not depend on the others, not even in its last bit.
    """
    lanes, dim = constants.shape
    # x, the residual r, the direction p, and A p: pairs of them are changed in one operation
    work = np.empty((lanes, 4, dim))
    x, r, p, image = (work[:, place] for place in range(4))
    position, directions, changes = work[:, :2], work[:, 2:], np.empty((lanes, 2, dim))
    p_column, image_column, r_row, r_column = p[:, :, None], image[:, :, None], r[:, None], r[:, :, None]
    products = np.empty((lanes, 3, 1))  # of p with r, p, A p
    with_r, with_image = products[:, :1], products[:, 2:]
    squares, before = np.empty((2, lanes, 1, 1))
    lengths, recomputed, ratios = np.empty((3, lanes, 1, 1))
    x[:] = start
    np.matmul(matrices, x[:, :, None], out=image_column)
    np.subtract(constants, image, out=p)
    np.negative(p, out=r)
    np.matmul(r_row, r_column, out=squares)
    first = squares.copy()
    recomputed[:] = squares
    done = squares[:, 0, 0] <= _LEAST_SQUARE
    any_done = bool(done.any())
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        for _ in range(min(steps, dim + 5)):
            np.matmul(matrices, p_column, out=image_column)
            np.matmul(work[:, 1:], p_column, out=products)
            np.divide(with_r, with_image, out=lengths)
            if any_done:
                lengths[done] = 0
            np.multiply(directions, lengths, out=changes)
            np.subtract(position, changes, out=position)
            squares, before = before, squares
            np.matmul(r_row, r_column, out=squares)
            np.divide(squares, recomputed, out=ratios)
            flat = ratios.reshape(-1)
            if not (flat[flat.argmin()] >= _LEAST_RATIO and flat[flat.argmax()] <= _MOST_RATIO):
                changed = np.flatnonzero((flat < _LEAST_RATIO) | (flat > _MOST_RATIO))
                _recompute(matrices, constants, work, changed)
                squares[changed] = recomputed[changed] = np.matmul(r_row[changed], r_column[changed])
                done |= squares[:, 0, 0] <= _LEAST_SQUARE
                any_done = bool(done.any())
            np.divide(squares, before, out=ratios)
            if any_done:
                ratios[done] = 0
            np.multiply(p, ratios[:, 0], out=p)
            np.subtract(p, r, out=p)
        worse = ~(squares <= first)[:, 0, 0]
        if worse.any():
            growth = _LEAST_GROWTH * np.matmul(constants[:, None], constants[:, :, None])
            worse &= ~(squares <= first + growth)[:, 0, 0] & ~done
    solved = x.copy()
    for lane in np.flatnonzero(worse).tolist():
        logger.info("conjugate gradients came no nearer to an i-vector: it is solved exactly, as Kaldi does then")
        solved[lane] = _exactly(matrices[lane], constants[lane], start[lane])
    return solved


def _recompute(matrices: DoubleArray, constants: DoubleArray, work: DoubleArray, lanes: NDArray[np.intp]) -> None:
    """Compute the residuals of some systems afresh: A x - b."""
    dim = constants.shape[1]
    if len(lanes) * _LANE_COST > matrices.size:
        image = np.matmul(matrices, work[:, 0, :, None])[:, :, 0]
        work[lanes, 1] = image[lanes] - constants[lanes]
        return
    image = np.empty((1, dim, 1))
    for lane in lanes.tolist():
        np.matmul(matrices[lane : lane + 1], work[lane : lane + 1, 0, :, None], out=image)
        np.subtract(image[0, :, 0], constants[lane], out=work[lane, 1])


def _exactly(matrix: DoubleArray, constants: DoubleArray, start: DoubleArray) -> NDArray[np.float64]:
    """The maximum of b x - x A x / 2, with small eigenvalues raised; ``start`` if that is no better.

    Source: matrix/sp-matrix.cc, ``SolveQuadraticProblem``.
    """
    values, vectors = np.linalg.eigh(matrix)
    values = np.maximum(values, max(_LEAST_EIGENVALUE, values.max() / _MOST_CONDITION))
    found = start + vectors @ ((vectors.T @ (constants - matrix @ start)) / values)

    def objective(x: DoubleArray) -> float:
        return float(constants @ x - 0.5 * x @ matrix @ x)

    return start if objective(found) < objective(start) else np.asarray(found)
