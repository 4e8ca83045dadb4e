"""Spliced and transformed frames, and the log-likelihoods that tell to which Gaussians they belong.

Products are computed in blocks of a fixed number of rows, in which a frame always has the same place: BLAS chooses its
loops by sizes, and a frame must not differ in its last bits when more or fewer frames are computed with it.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.finite import is_finite
from ov_asr_score.ivector.extractor import Extractor
from ov_asr_score.ivector.pruned_posteriors import too_large

Frames = NDArray[np.float32]

BLOCK_ROWS = 32


class GaussianFrames:
    """What statistics need of frames, by an extractor's matrices, which are laid out for it once."""

    def __init__(self, extractor: Extractor) -> None:
        """Lay out the matrices."""
        self.left, self.right = extractor.splice
        self.context = self.left + 1 + self.right
        self.columns = self.context * extractor.feature_dim
        self.feature_dim = extractor.feature_dim
        self.lda_dim = extractor.gmm.dim
        self.num_gaussians = extractor.gmm.num_gaussians
        self._lda = np.ascontiguousarray(extractor.lda[:, : self.columns].T)
        affine = extractor.lda.shape[1] > self.columns
        self._offset = extractor.lda[:, self.columns] if affine else None
        likelihoods = extractor.gmm.likelihood_matrix()
        self._likelihoods, self._constants = np.ascontiguousarray(likelihoods[:, :-1].T), likelihoods[:, -1]

    def with_context(self, features: Frames, rows: slice) -> Frames:
        """Those rows of the features of an utterance [T, D] with their context, the edges repeated."""
        first, last = rows.start - self.left, rows.stop + self.right
        inner = features[max(first, 0) : last]
        before, after = max(-first, 0), max(last - len(features), 0)
        return np.concatenate((np.repeat(inner[:1], before, 0), inner, np.repeat(inner[-1:], after, 0)))

    def transformed(self, rows: Frames, place: int = 0) -> Frames:
        """Frames [n, F] of rows [n + context - 1, D] with their context; ``place`` is the first one's in its block.

        Raises OvAsrScoreError for features that are too large. Sources: feat/online-feature.cc, ``OnlineSpliceFrames``,
        ``OnlineTransform``.
        """
        count = len(rows) - self.context + 1
        flat = np.ascontiguousarray(rows)
        windows: Frames = np.ndarray((count, self.columns), np.float32, flat, 0, (flat.strides[0], flat.itemsize))
        with np.errstate(over="ignore", invalid="ignore"):
            made = _in_blocks(windows, self._lda, place)
            if self._offset is not None:
                made += self._offset
            total = made.sum()
        if not (math.isfinite(total) or is_finite(made)):
            raise too_large()
        return made

    def log_likelihoods(self, frames: Frames, place: int = 0) -> Frames:
        """Log-likelihoods [n, G] of frames [n, F]. Source: gmm/diag-gmm.cc, ``DiagGmm::LogLikelihoods``."""
        with np.errstate(over="ignore", invalid="ignore"):
            made = _in_blocks(np.concatenate((frames, frames * frames), axis=1), self._likelihoods, place)
            made += self._constants
        return made


def _in_blocks(rows: Frames, matrix: Frames, place: int) -> Frames:
    count, width = rows.shape
    blocks = -(-(place + count) // BLOCK_ROWS)
    padded = np.empty((blocks * BLOCK_ROWS, width), np.float32)
    padded[:place] = 0
    padded[place : place + count] = rows
    padded[place + count :] = 0
    made: Frames = np.matmul(padded.reshape(blocks, BLOCK_ROWS, width), matrix)
    return made.reshape(-1, matrix.shape[1])[place : place + count]
