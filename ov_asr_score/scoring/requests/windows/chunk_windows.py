"""Utterances cut into overlapping windows as nnet3-compute cuts them, and rows of scores as Kaldi counts them.

Sources: nnet3/nnet-am-decodable-simple.cc (``EnsureFrameIsComputed``, ``GetCurrentIvector``) and, for the windows of
nnet3-compute-batch, nnet3/nnet-batch-compute.cc (``SplitUtteranceIntoTasks``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.convert.facts import ConversionFacts
from ov_asr_score.errors import ShapeMismatchError
from ov_asr_score.ports import PortInfo, shape_text
from ov_asr_score.scoring.input_fit import InputFit
from ov_asr_score.scoring.requests.runner import Float32Array
from ov_asr_score.scoring.utterances.joining import Utterance

_FRAMES_PER_REQUEST = 4096


@dataclass(frozen=True, slots=True)
class ChunkRequest:
    """The arrays of a request [B, …], and what becomes of the ``given_rows`` of scores of all its windows.

    The first ``skipped_rows`` of them are left out, the next ``num_rows`` are those from row ``first_row`` on.
    """

    arrays: list[Float32Array]
    first_row: int
    skipped_rows: int
    num_rows: int
    given_rows: int


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


def num_score_rows(num_frames: int, conversion: ConversionFacts) -> int:
    """Rows of scores of an utterance: one for each ``frame_subsampling_factor`` frames, rounded up.

    Without repeated edges (nnet2's ``--pad-input=false``) those frames have none that lack context.
    """
    if not conversion.pad_input:
        return max(num_frames - conversion.left_context - conversion.right_context, 0)
    return -(-num_frames // conversion.frame_subsampling_factor)


def checked_rows(scores: Float32Array, num_frames: int, conversion: ConversionFacts | None, key: str) -> Float32Array:
    """``scores`` [rows, N], when a converted model gave as many rows as it should. Raises ShapeMismatchError."""
    if conversion is not None:
        expected = num_score_rows(num_frames, conversion)
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


def chunk_requests(
    utterance: Utterance,
    fits: Sequence[InputFit],
    conversion: ConversionFacts,
    *,
    single: bool = False,
    pad: bool = False,
) -> Iterator[ChunkRequest]:
    """Requests for all chunks of an utterance: whole chunks together, the last one on its own if it is not like them.

    Frames outside of the utterance are its first or last one. An i-vector input gets the row of the frame in the
    middle of the chunk. With ``single`` whole chunks have requests of their own, too; with ``pad`` the last chunk is
    filled up to their length, and what it gives for the filling is left out.
    """
    factor, frames = conversion.frame_subsampling_factor, utterance.num_frames
    rows = num_score_rows(frames, conversion)
    left, right = conversion.window_left, conversion.window_right
    rows_of_chunk = conversion.frames_per_chunk // factor
    for windows in _cut(rows, conversion, 1 if single else _windows_at_once(conversion, left + right)):
        starts = windows.first_rows * factor
        given_rows = rows_of_chunk if pad else windows.rows_each
        window = np.arange(-left, (given_rows - 1) * factor + 1 + right)
        order = np.clip(starts[:, None] + window[None, :], 0, frames - 1)
        middles = np.minimum(_middles(windows, conversion), frames - 1)
        arrays = []
        for fit in fits:
            value = np.asarray(utterance.features[fit.name], np.float32)
            if fit.kind == "time":
                arrays.append(value[order])
            else:
                arrays.append(np.tile(value, (len(starts), 1)) if value.ndim == 1 else value[middles])
        if has_edges_input(conversion):
            is_last = windows.first_rows + windows.rows_each >= rows
            arrays.append(np.stack([starts == 0, is_last], axis=1).astype(np.float32))
        yield ChunkRequest(
            arrays,
            first_row=int(windows.first_rows[0]) + windows.skipped,
            skipped_rows=windows.skipped,
            num_rows=windows.used,
            given_rows=len(starts) * given_rows,
        )


@dataclass(frozen=True, slots=True)
class _Windows:
    """Windows that share a request: the row of scores that each begins with, and how many rows each gives.

    Of all these rows the first ``skipped`` are left out, and ``used`` come after them.
    """

    first_rows: NDArray[np.int64]
    rows_each: int
    skipped: int
    used: int


def _windows_at_once(conversion: ConversionFacts, context: int) -> int:
    return max(1, _FRAMES_PER_REQUEST // (conversion.frames_per_chunk + context))


def _cut(rows: int, conversion: ConversionFacts, at_once: int) -> Iterator[_Windows]:
    """The windows of an utterance with so many rows of scores, up to ``at_once`` whole ones together.

    nnet3-compute makes the last window as short as it must be. nnet3-compute-batch moves it back, so that it is whole
    and ends with the utterance, and leaves out the rows that came before; a single short window goes on behind the end.
    """
    rows_each = conversion.frames_per_chunk // conversion.frame_subsampling_factor
    whole, rest = divmod(rows, rows_each)
    for first in range(0, whole, at_once):
        numbers = np.arange(first, min(whole, first + at_once))
        yield _Windows(numbers * rows_each, rows_each, 0, len(numbers) * rows_each)
    if not rest:
        return
    if not conversion.batch_compute or (not whole and conversion.ensure_exact_final_context):
        yield _Windows(np.array([rows - rest]), rest, 0, rest)
    elif whole:
        yield _Windows(np.array([rows - rows_each]), rows_each, rows_each - rest, rest)
    else:
        yield _Windows(np.array([0]), rows_each, 0, rest)


def _middles(windows: _Windows, conversion: ConversionFacts) -> NDArray[np.int64]:
    """The frame whose i-vector stands for a window: the middle of its frames of scores, which the programs count apart.

    nnet3-compute takes the middle between the first and the last frame (``GetCurrentIvector``), nnet3-compute-batch the
    frame of the middle row (``AddOnlineIvectorsToTasks``).
    """
    factor = conversion.frame_subsampling_factor
    if conversion.batch_compute:
        return (windows.first_rows + windows.rows_each // 2) * factor
    return windows.first_rows * factor + (windows.rows_each - 1) * factor // 2


def has_edges_input(conversion: ConversionFacts) -> bool:
    """Whether a chunk graph is told which chunks are the first and the last: those with other contexts."""
    return conversion.time == "chunk" and (
        conversion.extra_left_context_initial not in (-1, conversion.extra_left_context)
        or conversion.extra_right_context_final not in (-1, conversion.extra_right_context)
    )
