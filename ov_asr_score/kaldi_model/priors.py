"""Log priors of pdfs, which are subtracted from log posteriors to get scaled log-likelihoods."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import ModelFormatError, TableFormatError, UsageError
from ov_asr_score.kaldi_io.files.input import describe_input
from ov_asr_score.kaldi_io.matrices.matrix import BINARY_MARK
from ov_asr_score.kaldi_io.matrices.stream import open_stream
from ov_asr_score.kaldi_io.matrices.text_format import read_text
from ov_asr_score.kaldi_model.network import FloatArray, KaldiNetwork

_SMALLEST = 1e-20
# Kaldi takes this for the log prior of pdfs that hardly occur: their scores then rule them out, without infinities.
_RULED_OUT = float(np.sqrt(np.finfo(np.float32).max))


def stored_log_priors(network: KaldiNetwork) -> FloatArray:
    """Log of the priors kept in an acoustic model [pdfs]. Raises UsageError when it has none (chain models have none).

    Source: nnet3/nnet-am-decodable-simple.cc. Reason: Kaldi subtracts nothing then, and the scores are not those that
    were asked for.
    """
    if network.priors is None:
        raise UsageError(
            f"{network.source}: use_priors, but the model holds no priors; chain models need none, for others give "
            "class_frame_counts",
            fields=("use_priors", "class_frame_counts"),
        )
    # Kaldi: ``ApplyLog`` (matrix/kaldi-vector.cc) takes no negative numbers.
    _check_priors(network, (network.priors > 0) & np.isfinite(network.priors), "a number above 0")
    return np.asarray(np.log(network.priors), np.float32)


def inverse_priors(network: KaldiNetwork) -> FloatArray:
    """One divided by each of the priors kept in an acoustic model [pdfs]. Raises ModelFormatError.

    Kaldi takes any numbers, negative ones and infinity, too. Source: nnet2bin/nnet-am-compute.cc.
    """
    priors = np.zeros(0, np.float32) if network.priors is None else network.priors
    with np.errstate(divide="ignore", over="ignore"):
        inverse = (1 / priors.astype(np.float64)).astype(np.float32)
    _check_priors(network, np.isfinite(inverse), "a number other than 0")
    return inverse


def _check_priors(network: KaldiNetwork, is_sound: NDArray[np.bool_], expected: str) -> None:
    """Reason: of 0 and NaN, scores would be infinite or NaN."""
    bad = np.flatnonzero(~is_sound)
    if bad.size and network.priors is not None:
        found = network.priors[bad[0]]
        raise ModelFormatError(f"{network.source}: prior of pdf {bad[0]}: expected {expected}, found {found:g}")


def log_priors_of_counts(path: str, prior_floor: float) -> FloatArray:
    """Log of relative frequencies plus 1e-20 [pdfs], from a text file with one vector of counts.

    Pdfs with a relative frequency below ``prior_floor`` get sqrt(FLT_MAX). What stands behind the vector is not read.
    Raises FileAccessError, ModelFormatError. Source: nnet/nnet-pdf-prior.cc.
    """
    try:
        counts = _read_counts(path)
    except ModelFormatError as error:
        what = describe_input(path, "counts of classes, one vector in text, as in [ 10 20 30 ]")
        if what and not what.startswith(("is one ", "is a text file")):
            raise ModelFormatError(f"{path}: {what}") from error
        raise
    if not counts.sum():
        raise ModelFormatError(f"{path}: expected at least one count above 0")
    frequencies = counts / counts.sum()
    log_priors = np.log(frequencies + _SMALLEST)
    log_priors[frequencies < prior_floor] = _RULED_OUT
    return np.asarray(log_priors, np.float32)


def _read_counts(path: str) -> NDArray[np.float64]:
    """One vector of counts in text, none of which is negative. Raises FileAccessError, ModelFormatError.

    Kaldi: ``PdfPrior`` reads a vector in text mode, and ``ApplyLog`` refuses negative numbers.
    """
    with open_stream(path) as stream:
        if stream.peek(2) == BINARY_MARK:
            raise ModelFormatError(
                f"{path}: expected a vector of counts in text, as in [ 10 20 30 ], found binary data"
            )
        try:
            counts = np.asarray(read_text(stream), np.float64)
        except TableFormatError as error:
            raise ModelFormatError(f"{error}; counts are one vector in text, as in [ 10 20 30 ]") from error
    if counts.ndim != 1 or not counts.size:
        raise ModelFormatError(f"{path}: expected one vector of counts, found shape {list(counts.shape)}")
    # Kaldi takes no logarithm of a negative number (``ApplyLog``), and asserts that the sum of all is finite.
    bad = np.flatnonzero(~(np.isfinite(counts) & (counts >= 0)))
    if bad.size:
        raise ModelFormatError(f"{path}: count {bad[0]}: expected a number of 0 or more, found {counts[bad[0]]}")
    return counts
