"""The search of an utterance through a graph in the hands of OpenFst, for the best path alone."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.decoding.decoded import Decoded
from ov_asr_score.decoding.graph import DecodingGraph
from ov_asr_score.decoding.kaldifst_api import automaton_bytes, import_kaldi_decoder
from ov_asr_score.decoding.traceback import best_path, parse_traceback
from ov_asr_score.errors import ShapeMismatchError
from ov_asr_score.lattice.best_path import BestPath
from ov_asr_score.settings.words.decoding import (
    BEAM_DELTA,
    HASH_RATIO,
    HYBRID_SCALE,
    MIN_ACTIVE,
    DecodingOptions,
    seconds_allowed,
)

FloatMatrix = NDArray[np.float32]

NO_FRAMES = "no frames"
PARTIAL = "no final state was reached: the path is a partial one"
NOT_FINAL = "no final state was reached, and partial paths are not allowed: no words"
NO_PATH = "no path survived: the scores are not those of the graph's model, or the beam is too narrow"

BROKEN_OFF = "the search was broken off by an error: no words"
TOO_MUCH_MEMORY = "given up: the search takes too much memory; choose a narrower beam"

_MOST_ACTIVE = 2**31 - 1
_FIRST_PIECE = 16  # frames
_PIECE_VALUES = 1 << 18  # scores that are searched between two looks at the clock, at most
_PIECE_SECONDS = 0.05


def decode(graph: DecodingGraph, options: DecodingOptions, key: str, scores: FloatMatrix) -> Decoded:
    """The best path of scores [T, pdfs]; what went wrong is in the warnings.

    ``options.decoding_scale`` None is taken for 0.1. Raises ShapeMismatchError for another number of pdfs than that of
    the model, MissingExtraError. Kaldi: decode-faster-mapped.
    """
    frames = len(scores)
    check_columns(scores, graph.labels.num_pdfs, f"utterance '{key}': ")
    if not frames:
        return Decoded(key, 0, None, warnings=(NO_FRAMES,))
    wrong = first_not_comparable(scores)
    if wrong is not None:
        return Decoded(key, frames, None, warnings=(not_numbers(wrong),))
    found = _search(graph, options, scores)
    if isinstance(found, str):
        return Decoded(key, frames, None, warnings=(found,))
    return Decoded(key, frames, found, warnings=() if found.is_final else (PARTIAL,))


def check_columns(scores: FloatMatrix, num_pdfs: int, place: str = "") -> None:
    """Raise ShapeMismatchError for scores of another number of pdfs; ``place`` begins its text."""
    if len(scores) and scores.shape[1] != num_pdfs:
        raise ShapeMismatchError(
            f"{place}expected scores of {num_pdfs} pdfs, the model's, found {scores.shape[1]} columns; give the scores "
            "of the model that the graph was made for"
        )


def first_not_comparable(scores: FloatMatrix) -> int | None:
    """The first frame with NaN or infinity; -infinity is the logarithm of 0, a path that nobody takes."""
    with np.errstate(invalid="ignore"):
        # NaN propagates, and no number is above infinity
        if scores.size and scores.max() < np.inf:
            return None
        highest = scores.max(axis=1)
    wrong = np.flatnonzero(~(highest < np.inf))
    return int(wrong[0]) if wrong.size else None


def score_scale(options: DecodingOptions) -> np.float32:
    """The factor of scores in the search."""
    return np.float32(HYBRID_SCALE if options.decoding_scale is None else options.decoding_scale)


def _search(graph: DecodingGraph, options: DecodingOptions, scores: FloatMatrix) -> BestPath | str:
    """The best path, or why there is none."""
    kaldi_decoder = import_kaldi_decoder()
    decoder = kaldi_decoder.FasterDecoder(graph.automaton, _options(kaldi_decoder, options))
    decoder.init_decoding()
    started = time.monotonic()
    allowed = seconds_allowed(options, len(scores))
    for first, piece in _pieces(scores, score_scale(options)):
        decoder.advance_decoding(kaldi_decoder.DecodableCtc(piece, first))
        if time.monotonic() - started > allowed:
            return given_up(allowed)
    found, automaton = decoder.get_best_path(True)
    if not found:
        return NO_PATH
    is_final = decoder.reached_final()
    if not is_final and not options.allow_partial:
        return NOT_FINAL
    traceback = parse_traceback(automaton_bytes(automaton))
    return best_path(traceback, graph.labels, scores, graph.word_penalty, is_final)


def not_numbers(frame: int) -> str:
    """The warning about scores of a frame that cannot be compared."""
    return f"NaN or infinity in the scores of frame {frame}: no words"


def given_up(allowed: float) -> str:
    """The warning about an utterance whose search took more than the seconds ``allowed``."""
    return f"given up after {allowed:.3g} seconds; choose a narrower beam"


def _options(kaldi_decoder: Any, options: DecodingOptions) -> Any:
    """The options of FasterDecoder."""
    most = _MOST_ACTIVE if options.max_active is None else options.max_active
    least = MIN_ACTIVE if options.min_active is None else options.min_active
    return kaldi_decoder.FasterDecoderOptions(
        beam=options.beam,
        max_active=most,
        min_active=min(least, most - 1),  # FasterDecoder wants them apart, latgen does not
        beam_delta=BEAM_DELTA if options.beam_delta is None else options.beam_delta,
        hash_ratio=HASH_RATIO if options.hash_ratio is None else options.hash_ratio,
    )


def _pieces(scores: FloatMatrix, scale: np.float32) -> Iterator[tuple[int, FloatMatrix]]:
    """Scaled scores of some frames each, and the first of the frames: more where the search is fast."""
    most = max(1, _PIECE_VALUES // scores.shape[1])
    size = min(_FIRST_PIECE, most)
    first = 0
    while first < len(scores):
        started = time.monotonic()
        piece = np.ascontiguousarray(scores[first : first + size], np.float32)
        yield first, piece if scale == 1 else piece * scale
        first += len(piece)
        seconds = time.monotonic() - started
        if seconds < _PIECE_SECONDS / 2:
            size = min(2 * size, most)
        elif seconds > _PIECE_SECONDS:
            size = max(1, size // 2)
