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
# So many elements of matrices are multiplied in the time of a call.
_SIZE_OF_A_CALL = 10_000
# So many systems are solved faster one by one.
_FEW = 4
# SolverOptions, matrix/sp-matrix.h
_MOST_CONDITION = 1e4
_LEAST_EIGENVALUE = 1e-40


def conjugate_gradients(matrices: DoubleArray, constants: DoubleArray, start: DoubleArray, steps: int) -> DoubleArray:
    """Where ``steps`` steps from ``start`` lead: x [L, D] of ``matrices`` [L, D, D] · x = ``constants`` [L, D].

    The steps are those of ``LinearCgd`` (matrix/optimization.cc); a system whose residual has grown in the end is
    solved exactly, and is NaN if that is impossible. What comes out for a system does not depend on the others, not
    even in its last bit; only the OpenBLAS of numpy 1 minds where arrays begin, if D is odd.
    """
    lanes, dim = constants.shape
    steps = min(steps, dim + 5)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        if lanes > _FEW:
            solved, before, after = _together(matrices, constants, start, steps)
        else:
            solved, before, after = np.empty((lanes, dim)), np.empty(lanes), np.empty(lanes)
            for lane in range(lanes):
                system = matrices[lane], constants[lane], start[lane]
                solved[lane], before[lane], after[lane] = _alone(*system, steps)
        # also where numbers are not finite any more
        for lane in np.flatnonzero(~(after <= before)).tolist():
            if not after[lane] <= before[lane] + _LEAST_GROWTH * float(np.dot(constants[lane], constants[lane])):
                logger.info("conjugate gradients came no nearer to an i-vector: it is solved exactly, as Kaldi does")
                solved[lane] = _exactly(matrices[lane], constants[lane], start[lane])
    return solved


def _alone(
    matrix: DoubleArray, constants: DoubleArray, start: DoubleArray, steps: int
) -> tuple[DoubleArray, float, float]:
    """x [D] of one system, and the squares of its residual before and after."""
    # Methods of arrays: the functions of numpy take longer to call than the sums of a small system.
    # x, the residual r, the direction p, and A p: pairs of them are changed in one operation
    work, changes = np.empty((4, len(constants))), np.empty((2, len(constants)))
    x, r, p, image = work
    position, directions = work[:2], work[2:]
    x[:] = start
    matrix.dot(x, out=image)
    np.subtract(constants, image, out=p)
    np.negative(p, out=r)
    first = squares = recomputed = float(r.dot(r))
    for _ in range(steps):
        if squares <= _LEAST_SQUARE:
            break
        matrix.dot(p, out=image)
        with_r, with_image = float(p.dot(r)), float(p.dot(image))
        np.multiply(directions, with_r / with_image if with_image else np.nan, out=changes)
        np.subtract(position, changes, out=position)
        before, squares = squares, float(r.dot(r))
        if not _LEAST_RATIO <= squares / recomputed <= _MOST_RATIO:
            matrix.dot(x, out=image)
            np.subtract(image, constants, out=r)
            squares = recomputed = float(r.dot(r))
        np.multiply(p, squares / before, out=p)
        np.subtract(p, r, out=p)
    return x, first, squares


def _together(
    matrices: DoubleArray, constants: DoubleArray, start: DoubleArray, steps: int
) -> tuple[DoubleArray, DoubleArray, DoubleArray]:
    """x [L, D] of all systems, and the squares [L] of their residuals before and after: those of ``_alone``."""
    lanes, dim = constants.shape
    work, changes = np.empty((4, lanes, dim)), np.empty((2, lanes, dim))
    x, r, p, image = work
    position, directions = work[:2], work[2:]
    r_row, p_row = r[:, None], p[:, None]
    r_column, p_column, image_column = (each[:, :, None] for each in (r, p, image))
    squares, before, recomputed, ratios, with_r, with_image = np.empty((6, lanes, 1))
    squares_of_lanes, before_of_lanes = squares[:, None], before[:, None]
    lengths = with_r
    ratio_of_lane = ratios.reshape(-1)
    x[:] = start
    np.matmul(matrices, x[:, :, None], out=image_column)
    np.subtract(constants, image, out=p)
    np.negative(p, out=r)
    np.matmul(r_row, r_column, out=squares_of_lanes)
    first = squares.copy()
    recomputed[:] = squares
    done = squares.reshape(-1) <= _LEAST_SQUARE
    any_done = bool(done.any())
    for _ in range(steps):
        np.matmul(matrices, p_column, out=image_column)
        np.matmul(p_row, r_column, out=with_r[:, None])
        np.matmul(p_row, image_column, out=with_image[:, None])
        np.divide(with_r, with_image, out=lengths)
        if any_done:
            lengths[done] = 0
        np.multiply(directions, lengths, out=changes)
        np.subtract(position, changes, out=position)
        squares, before, squares_of_lanes, before_of_lanes = before, squares, before_of_lanes, squares_of_lanes
        np.matmul(r_row, r_column, out=squares_of_lanes)
        np.divide(squares, recomputed, out=ratios)
        least, most = ratio_of_lane[ratio_of_lane.argmin()], ratio_of_lane[ratio_of_lane.argmax()]
        if not (least >= _LEAST_RATIO and most <= _MOST_RATIO):
            changed = (ratios < _LEAST_RATIO) | (ratios > _MOST_RATIO)
            _compute_afresh(matrices, constants, x, r, changed.reshape(-1))
            np.matmul(r_row, r_column, out=squares_of_lanes)
            np.copyto(recomputed, squares, where=changed)
            done |= squares.reshape(-1) <= _LEAST_SQUARE
            any_done = bool(done.any())
        np.divide(squares, before, out=ratios)
        if any_done:
            ratios[done] = 0
        np.multiply(p, ratios, out=p)
        np.subtract(p, r, out=p)
    return x.copy(), first.reshape(-1), np.where(done, 0, squares.reshape(-1))


def _compute_afresh(
    matrices: DoubleArray, constants: DoubleArray, x: DoubleArray, r: DoubleArray, changed: NDArray[np.bool_]
) -> None:
    """Set the residuals of the systems that ``changed`` to A x - b."""
    few = np.flatnonzero(changed)
    if len(few) * (matrices[0].size + _SIZE_OF_A_CALL) > matrices.size:
        np.copyto(r, np.matmul(matrices, x[:, :, None])[:, :, 0] - constants, where=changed[:, None])
        return
    for lane in few.tolist():
        np.dot(matrices[lane], x[lane], out=r[lane])
        r[lane] -= constants[lane]


def _exactly(matrix: DoubleArray, constants: DoubleArray, start: DoubleArray) -> NDArray[np.float64]:
    """The maximum of b x - x A x / 2, small eigenvalues raised; ``start`` if that is no better, NaN if there is none.

    Source: matrix/sp-matrix.cc, ``SolveQuadraticProblem``.
    """
    try:
        values, vectors = np.linalg.eigh(matrix)
    except np.linalg.LinAlgError:
        return np.full_like(start, np.nan)
    values = np.maximum(values, max(_LEAST_EIGENVALUE, values.max() / _MOST_CONDITION))
    found = start + vectors @ ((vectors.T @ (constants - matrix @ start)) / values)

    def objective(x: DoubleArray) -> float:
        return float(constants @ x - 0.5 * x @ matrix @ x)

    return start if objective(found) < objective(start) else np.asarray(found)
