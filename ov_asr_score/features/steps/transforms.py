"""Linear and affine transforms of features (LDA, MLLT, fMLLR), as transform-feats and compose-transforms do them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import ShapeMismatchError
from ov_asr_score.features.steps.live_step import LiveRowByRow, Rows

_BLOCK_ROWS = 64


def transform(features: Rows, matrix: NDArray[np.floating]) -> Rows:
    """The features times the transposed ``matrix``: float32 [T, E] of [T, D] and [E, D], or [E, D + 1].

    A matrix with one column more is affine: its last column is added. A row does not depend on the other rows, not even
    in its last bit, if it stays at the same place modulo 64. Raises ShapeMismatchError for other widths.
    Source: featbin/transform-feats.cc, feat/online-feature.cc (``OnlineTransform``).
    """
    return _Product(matrix)(features)


def live_transform(matrix: NDArray[np.floating]) -> LiveRowByRow:
    """The live form of ``transform``. Its first rows raise ShapeMismatchError where the widths do not fit."""
    return LiveRowByRow(_Product(matrix))


def compose_transforms(
    second: NDArray[np.floating], first: NDArray[np.floating], *, first_is_affine: bool = False
) -> NDArray[np.float32]:
    """The matrix that does what ``first`` and then ``second`` do.

    If ``second`` is affine (it has a column more than ``first`` has rows), ``first`` is extended: its last column
    counts as offset if ``first_is_affine``, otherwise it is linear and the result has a column more. Raises
    ShapeMismatchError for other widths.
    Source: transform/transform-common.cc, ``ComposeTransforms`` (there ``second`` is a, ``first`` is b).
    """
    a, b = (np.asarray(each, np.float32) for each in (second, first))
    rows, columns = b.shape
    if rows and a.shape[1] == rows:
        return np.asarray(a @ b, np.float32)
    if rows == 0 or a.shape[1] != rows + 1:
        raise ShapeMismatchError(
            f"transform of {a.shape[0]} x {a.shape[1]} after one of {rows} x {columns}: expected {rows} or {rows + 1} "
            f"columns, found {a.shape[1]}"
        )
    extended = np.zeros((rows + 1, columns if first_is_affine else columns + 1), np.float32)
    extended[:rows, :columns] = b
    extended[rows, -1] = 1
    return np.asarray(a @ extended, np.float32)


class _Product:
    """Rows times one matrix, in products of a fixed number of rows at fixed places, however the rows come in pieces.

    BLAS chooses its loops by the sizes of a product, so that the same row may differ in its last bits in products of
    other sizes.
    """

    def __init__(self, matrix: NDArray[np.floating]) -> None:
        self._matrix = np.ascontiguousarray(matrix, np.float32)
        if self._matrix.ndim != 2:
            raise ShapeMismatchError(f"expected a matrix to transform features by, found {self._matrix.ndim} axes")
        self._place = 0

    def __call__(self, rows: Rows) -> Rows:
        size, columns = self._matrix.shape
        count, width = rows.shape
        if not count and width + 1 < columns:  # Kaldi's matrix of no rows has no columns
            return np.zeros((0, size), np.float32)
        if columns not in (width, width + 1):
            raise ShapeMismatchError(
                f"transform of {size} x {columns}: expected features of {columns} columns ({columns - 1} if it is "
                f"affine), found {width}"
            )
        before = self._place
        blocks = -(-(before + count) // _BLOCK_ROWS)
        padded = np.zeros((blocks, _BLOCK_ROWS, width), np.float32)
        padded.reshape(-1, width)[before : before + count] = rows
        made = np.matmul(padded, self._matrix[:, :width].T).reshape(-1, size)[before : before + count]
        self._place = (before + count) % _BLOCK_ROWS
        return np.asarray(made + self._matrix[:, width] if columns > width else made, np.float32)
