"""An i-vector extractor, ready to be used: files read, dimensions checked against each other."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import ModelFormatError, ShapeMismatchError, TableFormatError
from ov_asr_score.features.steps.online_cmvn import CmvnState, OnlineCmvnOptions
from ov_asr_score.finite import nonfinite_text
from ov_asr_score.ivector.diag_gmm import DiagGmm, load_diag_gmm
from ov_asr_score.ivector.extractor_files import ExtractorFiles, find_extractor
from ov_asr_score.ivector.extractor_model import ExtractorModel, load_extractor_model
from ov_asr_score.ivector.extractor_options import ExtractionOptions
from ov_asr_score.kaldi_io.matrices.inner_matrix import load_doubles
from ov_asr_score.kaldi_model.double_arrays import DoubleArray
from ov_asr_score.settings.speech.ivectors import IvectorOptions, IvectorTableSettings
from ov_asr_score.text import printable_name

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Extractor:
    """Everything that i-vectors are extracted with; ``source`` names it in messages.

    ``lda`` [F, S] or, affine, [F, S + 1] transforms frames spliced by ``splice`` (left, right); ``global_stats``
    [2, D + 1] are the CMVN statistics to begin with. ``notes`` say what was assumed of the files.
    """

    source: str
    model: ExtractorModel
    gmm: DiagGmm
    lda: NDArray[np.float32]
    global_stats: DoubleArray
    splice: tuple[int, int]
    cmvn: OnlineCmvnOptions
    options: ExtractionOptions
    notes: tuple[str, ...] = ()

    @property
    def feature_dim(self) -> int:
        """Width of the features that i-vectors are extracted from."""
        return int(self.global_stats.shape[1]) - 1

    @property
    def ivector_dim(self) -> int:
        """Width of the i-vectors."""
        return self.model.ivector_dim

    @property
    def first_cmvn_state(self) -> CmvnState:
        """The state of online CMVN before the first utterance of a speaker."""
        return CmvnState(self.global_stats)

    @property
    def default_ivector(self) -> DoubleArray:
        """The i-vector of no frames, with the offset of the prior: float64 [D]."""
        ivector = np.zeros(self.ivector_dim)
        ivector[0] = self.model.prior_offset
        return ivector

    def without_offset(self, ivectors: DoubleArray) -> NDArray[np.float32]:
        """I-vectors [..., D] as they are given to networks: float32, the first element without the prior's offset."""
        rounded = ivectors.astype(np.float32)
        rounded[..., 0] = rounded[..., 0].astype(np.float64) - self.model.prior_offset
        return rounded


def load_extractor(
    options: IvectorOptions, table: IvectorTableSettings | None = None, *, allow_commands: bool = False
) -> Extractor:
    """The extractor that is asked for.

    Raises FileAccessError, ConfigFormatError, UsageError, ModelFormatError (a file is damaged), UnsupportedModelError,
    and ShapeMismatchError (files that do not belong together). Source: online2/online-ivector-feature.cc,
    ``OnlineIvectorExtractionInfo``.
    """
    files = find_extractor(options, table)
    extractor = Extractor(
        printable_name(files.ivector_extractor),
        load_extractor_model(files.ivector_extractor, allow_commands=allow_commands),
        load_diag_gmm(files.diag_ubm, allow_commands=allow_commands),
        _load_matrix(files.lda_matrix, allow_commands).astype(np.float32),
        _load_matrix(files.global_cmvn_stats, allow_commands),
        files.splice,
        files.cmvn,
        files.options,
        files.notes,
    )
    _check(extractor, files)
    return extractor


def _load_matrix(path: str, allow_commands: bool) -> DoubleArray:
    try:
        matrix = load_doubles(path, allow_commands=allow_commands)
    except TableFormatError as error:
        raise ModelFormatError(str(error)) from error
    if text := nonfinite_text(matrix):
        raise ModelFormatError(f"{printable_name(path)}: expected finite numbers, found {text}; the file is damaged")
    if not matrix.size:
        raise ModelFormatError(f"{printable_name(path)}: expected a matrix, found an empty one")
    return matrix


def _check(extractor: Extractor, files: ExtractorFiles) -> None:
    """Raise ShapeMismatchError with both numbers where files do not fit (``OnlineIvectorExtractionInfo::Check``)."""
    model, gmm, lda, stats = extractor.model, extractor.gmm, extractor.lda, extractor.global_stats
    if len(stats) != 2 or stats.shape[1] < 2:
        raise ShapeMismatchError(
            f"{printable_name(files.global_cmvn_stats)}: expected statistics of two rows, found {len(stats)} x "
            f"{stats.shape[1]}"
        )
    left, right = extractor.splice
    spliced = (left + 1 + right) * extractor.feature_dim
    if lda.shape[1] not in (spliced, spliced + 1):
        raise ShapeMismatchError(
            f"{printable_name(files.lda_matrix)}: expected {spliced} or {spliced + 1} columns for {left} + 1 + {right} "
            f"frames of {extractor.feature_dim} columns ({printable_name(files.global_cmvn_stats)}), found "
            f"{lda.shape[1]}"
        )
    if len(lda) != gmm.dim:
        raise ShapeMismatchError(
            f"{printable_name(files.lda_matrix)}: expected {gmm.dim} rows, as wide as the Gaussians of "
            f"{printable_name(files.diag_ubm)}, found {len(lda)}"
        )
    if gmm.dim != model.feature_dim:
        raise ShapeMismatchError(
            f"{extractor.source}: expected frames of {gmm.dim} columns, as in {printable_name(files.diag_ubm)}, found "
            f"{model.feature_dim}"
        )
    if gmm.num_gaussians > model.num_gaussians:
        raise ShapeMismatchError(
            f"{extractor.source}: expected {gmm.num_gaussians} Gaussians, as in {printable_name(files.diag_ubm)}, "
            f"found {model.num_gaussians}"
        )
    if gmm.num_gaussians < model.num_gaussians:
        logger.warning(
            "%s: has %d Gaussians, %s only %d; do they belong together?",
            *(extractor.source, model.num_gaussians, printable_name(files.diag_ubm), gmm.num_gaussians),
        )
