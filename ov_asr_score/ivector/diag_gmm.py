"""Gaussians with diagonal covariances (``final.dubm``): reading them, and log-likelihoods of frames."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import ModelFormatError, TableFormatError
from ov_asr_score.finite import nonfinite_text
from ov_asr_score.kaldi_model.double_arrays import open_reader
from ov_asr_score.kaldi_model.token_reader import ModelReader


@dataclass(frozen=True, slots=True, eq=False)
class DiagGmm:
    """A mixture of G Gaussians over F columns, float32: ``weights`` [G], ``means_inv_vars`` and ``inv_vars`` [G, F].

    ``constants`` [G] are the log-likelihoods, weights included, of a frame of zeros; -inf rules a Gaussian out.
    """

    weights: NDArray[np.float32]
    means_inv_vars: NDArray[np.float32]
    inv_vars: NDArray[np.float32]
    constants: NDArray[np.float32]

    @property
    def num_gaussians(self) -> int:
        """How many Gaussians there are."""
        return len(self.weights)

    @property
    def dim(self) -> int:
        """Width of the frames."""
        return int(self.inv_vars.shape[1])

    def likelihood_matrix(self) -> NDArray[np.float32]:
        """The affine transform [G, 2 F + 1] from frames, with their squares behind them, to log-likelihoods.

        Source: gmm/diag-gmm.cc, ``DiagGmm::LogLikelihoods``.
        """
        half = np.float32(-0.5) * self.inv_vars
        return np.concatenate((self.means_inv_vars, half, self.constants[:, None]), axis=1)


def load_diag_gmm(path: str, *, allow_commands: bool = False) -> DiagGmm:
    """The Gaussians in a file, binary or text. Raises FileAccessError and ModelFormatError.

    Source: gmm/diag-gmm.cc, ``DiagGmm::Read``; like there the stored constants are not trusted.
    """
    try:
        with open_reader(path, allow_commands=allow_commands) as reader:
            return _read(reader)
    except TableFormatError as error:
        raise ModelFormatError(str(error)) from error


def _read(reader: ModelReader) -> DiagGmm:
    reader.stream.context = "Gaussians"
    reader.expect_token("<DiagGMM>", "<DiagGMMBegin>")
    if reader.expect_token("<GCONSTS>", "<WEIGHTS>") == "<GCONSTS>":
        reader.read_vector()
        reader.expect_token("<WEIGHTS>")
    weights = reader.read_vector()
    reader.expect_token("<MEANS_INVVARS>")
    means_inv_vars = reader.read_matrix()
    reader.expect_token("<INV_VARS>")
    inv_vars = reader.read_matrix()
    reader.expect_token("</DiagGMM>", "<DiagGMMEnd>")
    if not len(weights) or not inv_vars.shape[1]:
        raise reader.error("one Gaussian or more", "none")
    for name, array in (("means", means_inv_vars), ("inverse variances", inv_vars)):
        if len(array) != len(weights) or array.shape != inv_vars.shape:
            found = f"{array.shape[0]} x {array.shape[1]}"
            raise reader.error(f"{name} of {len(weights)} Gaussians x {inv_vars.shape[1]} columns", found)
        if text := nonfinite_text(array):
            raise reader.error(f"{name} that are finite", text, "the file is damaged")
    constants = _constants(weights, means_inv_vars, inv_vars)
    if (bad := np.flatnonzero(~(weights >= 0) | np.isnan(constants))).size:
        place, least = int(bad[0]), float(inv_vars[bad[0]].min())
        found = f"weight {weights[place]:g} and inverse variances from {least:g} on in Gaussian {place}"
        raise reader.error("weights and inverse variances of 0 or more", found, "the file is damaged")
    if not np.isfinite(constants).any():
        raise reader.error("a Gaussian that frames can belong to", "none", "the file is damaged")
    return DiagGmm(weights, means_inv_vars, inv_vars, constants)


def _constants(
    weights: NDArray[np.float32], means_inv_vars: NDArray[np.float32], inv_vars: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Log-likelihoods of zeros, summed up in single precision column by column as in ``DiagGmm::ComputeGconsts``."""
    with np.errstate(all="ignore"):
        offset = np.float32(-0.5 * np.log(2 * np.pi) * inv_vars.shape[1])
        constants = np.log(weights) + offset
        logs = 0.5 * np.log(inv_vars).astype(np.float64)
        means = means_inv_vars.astype(np.float64)
        terms = logs - 0.5 * means * means / inv_vars
        for column in terms.T:
            constants = (constants + column).astype(np.float32)
    return np.where(np.isinf(constants), np.float32(-np.inf), constants)
