"""Utterances cut into overlapping windows as nnet3-compute cuts them, and rows of scores as Kaldi counts them.

Source: nnet3/nnet-am-decodable-simple.cc (``EnsureFrameIsComputed``, ``GetCurrentIvector``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ov_asr_score.convert.facts import ConversionFacts
from ov_asr_score.errors import ShapeMismatchError
from ov_asr_score.ports import PortInfo
from ov_asr_score.scoring.planning import InputFit, ScoringPlan, shape_text
from ov_asr_score.scoring.runner import Float32Array
from ov_asr_score.scoring.utterances import Utterance

_FRAMES_PER_REQUEST = 4096


@dataclass(frozen=True, slots=True)
class ChunkRequest:
    """The arrays of a request [B, …], and the rows of scores that it gives, all windows together."""

    arrays: list[Float32Array]
    first_row: int
    num_rows: int


def fit_converted(ports: Sequence[PortInfo]) -> tuple[InputFit, ...]:
    """What the inputs of a converted model take: frames [B, T, D] first, then vectors [B, D]."""
    fits = []
    for port in ports:
        width = (port.shape or (0,))[-1] or 0
        is_frames = len(port.shape or ()) == 3
        fits.append(
            InputFit(
                port.name, "time" if is_frames else "vector", width, (1, -1, width)[:3] if is_frames else (1, width)
            )
        )
    return tuple(fits)


def num_score_rows(num_frames: int, facts: ConversionFacts) -> int:
    """Rows of scores of an utterance: one for each ``frame_subsampling_factor`` frames, rounded up.

    Without repeated edges (nnet2's ``--pad-input=false``) those frames have none that lack context.
    """
    if not facts.pad_input:
        return max(num_frames - facts.left_context - facts.right_context, 0)
    return -(-num_frames // facts.frame_subsampling_factor)


def checked_rows(scores: Float32Array, num_frames: int, plan: ScoringPlan, key: str) -> Float32Array:
    """``scores`` [rows, N], when a converted model gave as many rows as it should. Raises ShapeMismatchError."""
    if plan.converted is not None:
        expected = num_score_rows(num_frames, plan.converted)
        if len(scores) != expected:
            raise ShapeMismatchError(f"utterance '{key}': expected {expected} rows of scores, found {len(scores)}")
    return scores


def chunk_scores(result: Float32Array, rows: int, name: str, key: str) -> Float32Array:
    """The scores [B, rows of a window, N] of the windows of a request, one below the other, [rows, N]."""
    if result.ndim != 3 or result.shape[0] * result.shape[1] != rows:
        raise ShapeMismatchError(
            f"utterance '{key}': output '{name}' {shape_text(result.shape)}: expected {rows} rows of scores"
        )
    return result.reshape(rows, result.shape[2])


def chunk_requests(utterance: Utterance, fits: Sequence[InputFit], facts: ConversionFacts) -> Iterator[ChunkRequest]:
    """Requests for all chunks of an utterance: whole chunks together, a shorter last one on its own.

    Frames outside of the utterance are its first or last one. An i-vector input gets the row of the frame in the
    middle between the first and the last frame of scores of the chunk.
    """
    factor, frames = facts.frame_subsampling_factor, utterance.num_frames
    rows, chunk_rows = num_score_rows(frames, facts), facts.frames_per_chunk // factor
    left = facts.left_context + max(facts.extra_left_context, facts.extra_left_context_initial)
    right = facts.right_context + max(facts.extra_right_context, facts.extra_right_context_final)
    whole = rows // chunk_rows
    spans = [
        (first, min(whole, first + _at_once(chunk_rows * factor + left + right)), chunk_rows)
        for first in range(0, whole, _at_once(chunk_rows * factor + left + right))
    ]
    if rows % chunk_rows:
        spans.append((whole, whole + 1, rows % chunk_rows))
    last_chunk = -(-rows // chunk_rows) - 1
    for first, stop, rows_each in spans:
        chunks = np.arange(first, stop)
        starts = chunks * chunk_rows * factor
        length = (rows_each - 1) * factor + 1
        window = np.arange(-left, length + right)
        order = np.clip(starts[:, None] + window[None, :], 0, frames - 1)
        middles = starts + (length - 1) // 2
        arrays = []
        for fit in fits:
            value = np.asarray(utterance.features[fit.name], np.float32)
            if fit.kind == "time":
                arrays.append(np.ascontiguousarray(value[order]))
            elif value.ndim == 1:
                arrays.append(np.ascontiguousarray(np.broadcast_to(value, (len(chunks), len(value)))))
            else:
                arrays.append(np.ascontiguousarray(value[middles]))
        if has_edges_input(facts):
            arrays.append(np.stack([chunks == 0, chunks == last_chunk], axis=1).astype(np.float32))
        yield ChunkRequest(arrays, first * chunk_rows, len(chunks) * rows_each)


def has_edges_input(facts: ConversionFacts) -> bool:
    """Whether a chunk graph is told which chunks are the first and the last: those with other contexts."""
    return facts.time == "chunk" and (
        facts.extra_left_context_initial not in (-1, facts.extra_left_context)
        or facts.extra_right_context_final not in (-1, facts.extra_right_context)
    )


def _at_once(frames: int) -> int:
    """Windows of so many frames that share a request."""
    return max(1, _FRAMES_PER_REQUEST // frames)
