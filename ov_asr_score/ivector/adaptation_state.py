"""What goes from one utterance of a speaker to the next: the state of online CMVN, and statistics of i-vectors."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ov_asr_score.errors import ShapeMismatchError, TableFormatError
from ov_asr_score.features.steps.cmvn_state import encode_cmvn_state, read_cmvn_state
from ov_asr_score.features.steps.online_cmvn import CmvnState
from ov_asr_score.finite import nonfinite_text
from ov_asr_score.ivector.estimation_stats import EstimationStats, prior_stats
from ov_asr_score.ivector.extractor import Extractor
from ov_asr_score.kaldi_io.matrices.matrix import BINARY_MARK
from ov_asr_score.kaldi_model.double_arrays import open_reader, packed_size, read_double_vector, read_packed
from ov_asr_score.kaldi_model.token_reader import ModelReader
from ov_asr_score.text import printable_name


@dataclass(frozen=True, slots=True, eq=False)
class AdaptationState:
    """The state of a speaker (OnlineIvectorExtractorAdaptationState, online2/online-ivector-feature.h)."""

    cmvn: CmvnState
    stats: EstimationStats


def first_state(extractor: Extractor) -> AdaptationState:
    """The state of a speaker without earlier utterances."""
    return AdaptationState(extractor.first_cmvn_state, prior_stats(extractor.model, extractor.options.max_count))


def limited(state: AdaptationState, max_remembered_frames: float, posterior_scale: float) -> AdaptationState:
    """The state with not more than so many frames in it, with arrays of its own.

    Counts are compared in single precision. Source: online2/online-ivector-feature.cc, ``LimitFrames``.
    """
    most = np.float32(max_remembered_frames)
    cmvn, stats = state.cmvn, state.stats.copy()
    if cmvn.speaker is not None:
        count = np.float32(cmvn.speaker[0, -1])
        factor = float(most / count) if count > most else 1.0
        cmvn = replace(cmvn, speaker=cmvn.speaker * factor)
    most_scaled = float(most * np.float32(posterior_scale))
    if stats.count > most_scaled:
        stats.scale(most_scaled / stats.count)
    return AdaptationState(cmvn, stats)


def load_state(path: str, extractor: Extractor) -> AdaptationState:
    """The state in a file that Kaldi or ``write_state`` wrote, binary or text.

    Raises FileAccessError, TableFormatError (damaged), and ShapeMismatchError (of another extractor).
    """
    state = read_adaptation_state(path)
    check_state(state, extractor, printable_name(path))
    return state


def read_adaptation_state(path: str) -> AdaptationState:
    """The state in a file, of whatever extractor. Raises FileAccessError and TableFormatError.

    Source: ``OnlineIvectorExtractorAdaptationState::Read``, ``OnlineIvectorEstimationStats::Read``.
    """
    with open_reader(path) as reader:
        reader.stream.context = "adaptation state"
        reader.expect_token("<OnlineIvectorExtractorAdaptationState>")
        reader.expect_token("<CmvnState>")
        cmvn = read_cmvn_state(reader.stream, binary=reader.binary)
        reader.expect_token("<IvectorStats>")
        stats = _read_stats(reader)
        reader.expect_token("</OnlineIvectorExtractorAdaptationState>")
    return AdaptationState(cmvn, stats)


def check_state(state: AdaptationState, extractor: Extractor, source: str) -> None:
    """Raise an error that names ``source`` if no utterance can begin with the state.

    ShapeMismatchError for widths other than the extractor's, TableFormatError for numbers that are not finite and for
    CMVN that was frozen, which Kaldi cannot carry on either.
    """
    for stats in (state.cmvn.global_stats, state.cmvn.speaker):
        if stats is not None and stats.shape[1] - 1 != extractor.feature_dim:
            raise ShapeMismatchError(
                f"{source}: expected statistics of {extractor.feature_dim} columns, as {extractor.source} has, found "
                f"{stats.shape[1] - 1}"
            )
        if stats is not None and (text := nonfinite_text(stats)):
            raise TableFormatError(f"{source}: expected statistics that are finite, found {text}")
    if len(state.stats.linear) != extractor.ivector_dim:
        raise ShapeMismatchError(
            f"{source}: expected i-vectors of {extractor.ivector_dim} elements, as {extractor.source} has, found "
            f"{len(state.stats.linear)}"
        )
    scalars = np.array([state.stats.prior_offset, state.stats.max_count, state.stats.count])
    for array in (scalars, state.stats.quadratic, state.stats.linear):
        if text := nonfinite_text(array):
            raise TableFormatError(f"{source}: expected statistics that are finite, found {text}")
    if state.cmvn.frozen is not None:
        raise TableFormatError(f"{source}: expected CMVN that goes on, found CMVN that was frozen")


def write_state(path: str, state: AdaptationState, *, text: bool = False) -> None:
    """Write the state as Kaldi does; in text with as many digits as tell the same number again.

    Source: ``OnlineIvectorExtractorAdaptationState::Write``.
    """
    Path(path).write_bytes(encode_state(state, text=text))


def encode_state(state: AdaptationState, *, text: bool = False) -> bytes:
    """The bytes of the file that ``write_state`` writes."""
    stats = state.stats
    parts = [
        b"" if text else BINARY_MARK,
        b"<OnlineIvectorExtractorAdaptationState> <CmvnState> ",
        encode_cmvn_state(state.cmvn, text=text),
        b"<IvectorStats> <OnlineIvectorEstimationStats> ",
        b"<PriorOffset> " + _number(stats.prior_offset, text),
        b"<MaxCount> " + _number(stats.max_count, text),
        b"<NumFrames> " + _number(stats.count, text),
        b"<QuadraticTerm> " + _packed(stats, text),
        b"<LinearTerm> " + _vector(stats, text),
        b"</OnlineIvectorEstimationStats> </OnlineIvectorExtractorAdaptationState> ",
    ]
    return b"".join(parts)


def _read_stats(reader: ModelReader) -> EstimationStats:
    reader.expect_token("<OnlineIvectorEstimationStats>")
    reader.expect_token("<PriorOffset>")
    prior_offset = reader.read_float()
    max_count = 0.0
    if reader.expect_token("<MaxCount>", "<NumFrames>") == "<MaxCount>":
        max_count = reader.read_float()
        reader.expect_token("<NumFrames>")
    count = reader.read_float()
    reader.expect_token("<QuadraticTerm>")
    quadratic = read_packed(reader)
    reader.expect_token("<LinearTerm>")
    offset = reader.offset
    linear = read_double_vector(reader)
    reader.expect_token("</OnlineIvectorEstimationStats>")
    if len(linear) != packed_size(len(quadratic)):
        raise reader.error(
            f"{packed_size(len(quadratic))} numbers, as the quadratic term has rows", str(len(linear)), offset=offset
        )
    return EstimationStats(prior_offset, max_count, count, quadratic, linear)


def _number(value: float, text: bool) -> bytes:
    return f"{value!r} ".encode() if text else b"\x08" + np.float64(value).tobytes()


def _vector(stats: EstimationStats, text: bool) -> bytes:
    size = len(stats.linear)
    if text:
        return b" [ " + _words(stats.linear) + b"]\n"
    return b"DV \x04" + np.int32(size).tobytes() + stats.linear.tobytes()


def _packed(stats: EstimationStats, text: bool) -> bytes:
    size = len(stats.linear)
    if text:
        starts = [row * (row + 1) // 2 for row in range(size + 1)]
        rows = [stats.quadratic[first:last] for first, last in itertools.pairwise(starts)]
        return b"[\n" + b"\n".join(map(_words, rows)) + b"]\n"
    return b"DP \x04" + np.int32(size).tobytes() + stats.quadratic.tobytes()


def _words(numbers: np.ndarray[tuple[int], np.dtype[np.float64]]) -> bytes:
    return b"".join(f"{number!r} ".encode() for number in numbers.tolist())
