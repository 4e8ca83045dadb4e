"""The i-vector extractor itself (``final.ie``): reading it, and what follows from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import ModelFormatError, TableFormatError, UnsupportedModelError
from ov_asr_score.finite import nonfinite_text
from ov_asr_score.kaldi_io.matrices.inner_matrix import read_inner_matrix
from ov_asr_score.kaldi_model.double_arrays import (
    DoubleArray,
    first_column_of_packed,
    open_reader,
    packed_size,
    read_double_vector,
    read_packed,
    unpacking_index,
)
from ov_asr_score.kaldi_model.token_reader import ModelReader


@dataclass(frozen=True, slots=True, eq=False)
class ExtractorModel:
    """What G Gaussians over F columns say of an i-vector of D elements.

    A frame f that belongs to Gaussian g with weight p adds ``p · f · linear_terms[g]`` to the linear term, and ``p ·
    quadratic_terms[g]`` to the quadratic term. ``prior_offset`` is the mean of the first element, and many times the
    others: what is multiplied by it, the first column of the quadratic terms, is in double precision. The rest of them
    is single, as posteriors are, because reading them from memory takes most of the time with a large extractor: that
    moves i-vectors less than the last bits of posteriors do.
    """

    linear_terms: DoubleArray  # [G, F, D]: inverse covariance times projection
    quadratic_terms: NDArray[np.float32]  # [G, D (D + 1) / 2]: lower triangles, 0 in their first columns
    first_columns: DoubleArray  # [G, D]: of the quadratic terms
    prior_offset: float

    @property
    def num_gaussians(self) -> int:
        """How many Gaussians there are."""
        return len(self.linear_terms)

    @property
    def feature_dim(self) -> int:
        """Width of the frames."""
        return int(self.linear_terms.shape[1])

    @property
    def ivector_dim(self) -> int:
        """Width of the i-vectors."""
        return int(self.linear_terms.shape[2])


def load_extractor_model(path: str, *, allow_commands: bool = False) -> ExtractorModel:
    """The extractor in a file, binary or text.

    Raises FileAccessError, ModelFormatError, and UnsupportedModelError (weights that depend on the i-vector, which
    Kaldi's online extraction does not take either). Source: ivector/ivector-extractor.cc, ``IvectorExtractor::Read``.
    """
    try:
        with open_reader(path, allow_commands=allow_commands) as reader:
            return _read(reader)
    except TableFormatError as error:
        raise ModelFormatError(str(error)) from error


def _read(reader: ModelReader) -> ExtractorModel:
    reader.stream.context = "i-vector extractor"
    reader.expect_token("<IvectorExtractor>")
    reader.expect_token("<w>")
    if len(read_inner_matrix(reader.stream, binary=reader.binary)):
        raise UnsupportedModelError(
            f"{reader.source}: expected weights that do not depend on the i-vector, found some that do; Kaldi extracts "
            "no online i-vectors with these either"
        )
    reader.expect_token("<w_vec>")
    read_double_vector(reader)
    reader.expect_token("<M>")
    offset = reader.offset
    count = reader.read_int()
    if count < 1:
        raise reader.error("one Gaussian or more", str(count), "the file is damaged", offset=offset)
    projections = _read_projections(reader, count)
    reader.stream.context = "i-vector extractor"
    reader.expect_token("<SigmaInv>")
    inverse_covariances = _read_inverse_covariances(reader, count, projections.shape[1])
    reader.stream.context = "i-vector extractor"
    reader.expect_token("<IvectorOffset>")
    offset = reader.offset
    prior_offset = reader.read_float()
    if not np.isfinite(prior_offset):
        raise reader.error("a finite offset", f"{prior_offset:g}", "the file is damaged", offset=offset)
    reader.expect_token("</IvectorExtractor>")
    return _derived(reader, projections, inverse_covariances, prior_offset)


def _read_projections(reader: ModelReader, count: int) -> DoubleArray:
    """Matrices [G, F, D] of equal sizes."""
    found: list[DoubleArray] = []
    for index in range(count):
        reader.stream.context = f"projection of Gaussian {index}"
        reader.skip_blanks()
        offset = reader.offset
        matrix = read_inner_matrix(reader.stream, binary=reader.binary)
        if not matrix.size or (found and matrix.shape != found[0].shape):
            expected = f"{found[0].shape[0]} x {found[0].shape[1]} numbers as before" if found else "a matrix"
            shown = f"{matrix.shape[0]} x {matrix.shape[1]}"
            raise reader.error(expected, shown, "the file is damaged", offset=offset)
        if text := nonfinite_text(matrix):
            raise reader.error("finite numbers", text, "the file is damaged", offset=offset)
        found.append(matrix)
    return np.stack(found)


def _read_inverse_covariances(reader: ModelReader, count: int, dim: int) -> DoubleArray:
    """Symmetric positive definite matrices [G, F, F], of which Kaldi needs a Cholesky decomposition."""
    index = unpacking_index(dim)
    found: list[DoubleArray] = []
    for gaussian in range(count):
        reader.stream.context = f"covariance of Gaussian {gaussian}"
        reader.skip_blanks()
        offset = reader.offset
        packed = read_packed(reader)
        if len(packed) != dim * (dim + 1) // 2:
            rows = packed_size(len(packed))
            raise reader.error(f"{dim} rows, as projections have", str(rows), "the file is damaged", offset=offset)
        matrix = packed[index].reshape(dim, dim)
        try:
            sound = bool(np.isfinite(np.linalg.cholesky(matrix)).all())
        except np.linalg.LinAlgError:
            sound = False
        if not sound:
            found_text = nonfinite_text(matrix) or "another matrix"
            raise reader.error("a positive definite matrix", found_text, "the file is damaged", offset=offset)
        found.append(matrix)
    return np.stack(found)


def _derived(
    reader: ModelReader, projections: DoubleArray, inverse_covariances: DoubleArray, prior_offset: float
) -> ExtractorModel:
    """The terms per Gaussian (``IvectorExtractor::ComputeDerivedVars``)."""
    with np.errstate(all="ignore"):
        linear = inverse_covariances @ projections
        quadratic = projections.transpose(0, 2, 1) @ linear
    rows, columns = np.tril_indices(projections.shape[2])
    packed = np.ascontiguousarray(quadratic[:, rows, columns])
    if text := nonfinite_text(linear) or nonfinite_text(packed):
        raise reader.error("numbers with finite products", text, "the file is damaged")
    first_columns = np.ascontiguousarray(quadratic[:, :, 0])
    packed[:, first_column_of_packed(projections.shape[2])] = 0
    with np.errstate(over="ignore"):
        single = packed.astype(np.float32)
    if text := nonfinite_text(single):
        raise reader.error("numbers with products in the range of single precision", text, "the file is damaged")
    return ExtractorModel(linear, single, first_columns, prior_offset)
