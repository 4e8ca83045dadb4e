"""Utterances put into requests, and results of requests back into utterances: one feed for each way to share requests.

Each feed yields utterances in their order; their scores are complete at once, or when later requests are.

Tests: tests/scoring/test_engine.py, tests/scoring/test_skipping.py, tests/golden/test_plans.py
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

import numpy as np

from ov_asr_score.convert.facts import ConversionFacts
from ov_asr_score.scoring.input_fit import InputFit
from ov_asr_score.scoring.plan import ChunksPlan, Grouping, RowsPlan, UtterancePlan, VectorsPlan
from ov_asr_score.scoring.requests.cut import score_rows, whole_scores
from ov_asr_score.scoring.requests.fill import copy_frames, request_buffers, whole_utterance
from ov_asr_score.scoring.requests.pending_scores import PendingScores, naming
from ov_asr_score.scoring.requests.row_relation import RowRelation
from ov_asr_score.scoring.requests.runner import Float32Array
from ov_asr_score.scoring.requests.slots import FilledRequest, RequestSlots, RowPiece
from ov_asr_score.scoring.requests.utterance_groups import (
    WaitingUtterances,
    cut_windows,
    group_arrays,
    group_scores,
    window_arrays,
)
from ov_asr_score.scoring.requests.windows.chunk_windows import (
    checked_rows,
    chunk_requests,
    chunk_scores,
    num_score_rows,
)
from ov_asr_score.scoring.requests.windows.vector_windows import (
    VectorWindows,
    cut_vector_windows,
    vector_arrays,
    vectors_of,
)
from ov_asr_score.scoring.utterances.joining import Utterance


def feed_rows(
    slots: RequestSlots, fits: Sequence[InputFit], plan: RowsPlan, utterances: Iterable[Utterance]
) -> Iterator[PendingScores]:
    """Rows of many utterances in one request; score t of a model without memory needs frame t + right context only."""
    runner, size = slots.runner, plan.frames_per_request
    buffers: dict[int, list[Float32Array]] = {}
    slot, pieces, filled = -1, list[RowPiece](), 0
    for utterance in utterances:
        pending = PendingScores(utterance, utterance.num_frames)
        row = 0
        while row < utterance.num_frames:
            if slot < 0:
                slot, pieces, filled = slots.take_slot(), [], 0
                if slot not in buffers:
                    buffers[slot] = request_buffers(fits, size)
                    runner.bind(slot, buffers[slot])
            count = min(size - filled, utterance.num_frames - row)
            for fit, buffer in zip(fits, buffers[slot], strict=True):
                target = buffer.reshape(size, -1)[filled : filled + count]
                copy_frames(target, utterance.features[fit.name], row + plan.right_context)
            pieces.append(RowPiece(pending, row, filled, count))
            row, filled = row + count, filled + count
            if filled == size:
                slots.start(slot, FilledRequest(pieces, filled, partial(_hand_out_rows, pieces, size)))
                slot = -1
        yield pending
    if slot >= 0:
        frames = [buffer.reshape(size, -1) for buffer in buffers[slot]]
        if plan.pad:
            for rows in frames:
                rows[filled:] = rows[filled - 1]
        else:
            pairs = zip(frames, fits, strict=True)
            runner.bind(slot, [rows[:filled].reshape(fit.shape_for(filled)) for rows, fit in pairs])
        given_rows = size if plan.pad else filled
        slots.start(slot, FilledRequest(pieces, filled, partial(_hand_out_rows, pieces, given_rows)))


def _hand_out_rows(pieces: list[RowPiece], given_rows: int, index: int, result: Float32Array, name: str) -> None:
    """Rows [given_rows, N] of several utterances."""
    rows = score_rows(result, given_rows, name, pieces[0].pending.utterance.key)
    for piece in pieces:
        end = piece.first_request_row + piece.num_rows
        piece.pending.put_rows(index, piece.first_row, rows[piece.first_request_row : end])


def feed_whole(
    slots: RequestSlots, fits: Sequence[InputFit], plan: UtterancePlan, utterances: Iterable[Utterance]
) -> Iterator[PendingScores]:
    """One utterance per request, with its edges repeated for context."""
    runner, context = slots.runner, plan.left_context + plan.right_context
    relations = [RowRelation(port.name) for port in runner.outputs] if plan.conversion is None else []
    for utterance in utterances:
        if not utterance.num_frames:
            yield PendingScores(utterance, 0)
            continue
        pending = PendingScores(utterance, 1, context)
        slot = slots.take_slot()
        with slots.skipping(slot, pending), naming(utterance):
            runner.bind(slot, whole_utterance(utterance, fits, plan))
        if not pending.failed:
            if plan.stateful:
                runner.reset_state(slot)
            hand_out = partial(_hand_out_whole, pending, context, plan.conversion, relations)
            slots.start(slot, FilledRequest([RowPiece(pending, 0, 0, 1)], utterance.num_frames, hand_out))
        yield pending


def _hand_out_whole(
    pending: PendingScores,
    context: int,
    conversion: ConversionFacts | None,
    relations: Sequence[RowRelation],  # of a model that was not converted, by output
    index: int,  # outputs come in their order
    result: Float32Array,
    name: str,
) -> None:
    """The scores [T + context, N] of one utterance."""
    frames, key = pending.utterance.num_frames, pending.utterance.key
    scores = whole_scores(result, frames, context, name, key)
    if relations:
        relations[index].check(key, frames, len(scores))
    pending.scores.append(checked_rows(scores, frames, conversion, key))


def feed_groups(
    slots: RequestSlots,
    fits: Sequence[InputFit],
    grouping: Grouping,
    conversion: ConversionFacts,
    utterances: Iterable[Utterance],
) -> Iterator[PendingScores]:
    """Utterances of about one length per request, very long ones in windows."""
    waiting = WaitingUtterances(grouping)
    for utterance in utterances:
        frames = utterance.num_frames
        rows = num_score_rows(frames, conversion) if frames else 0
        if grouping.longest and frames > grouping.longest:
            pending = PendingScores(utterance, rows, num_rows=rows)
            yield pending
            for window in cut_windows(frames, grouping.longest, conversion):
                slot = slots.take_slot()
                with naming(utterance):
                    slots.runner.bind(slot, window_arrays(utterance, window, fits, conversion))
                given_rows = -(-(window.stop - window.first) // conversion.frame_subsampling_factor)
                piece = RowPiece(pending, window.first_row, window.skipped_rows, window.num_rows)
                slots.start(slot, _windows_request(piece, given_rows, conversion))
            continue
        pending = PendingScores(utterance, rows)
        yield pending
        if rows:
            waiting.add(pending)
        while waiting.frames and waiting.frames + slots.frames_waiting >= grouping.look_ahead:
            _start_group(slots, fits, grouping, conversion, waiting.take())
    while len(waiting):
        _start_group(slots, fits, grouping, conversion, waiting.take())


def _start_group(
    slots: RequestSlots,
    fits: Sequence[InputFit],
    grouping: Grouping,
    conversion: ConversionFacts,
    group: list[PendingScores],
) -> None:
    slot, utterances = slots.take_slot(), [pending.utterance for pending in group]
    with naming(utterances[0]):
        slots.runner.bind(slot, group_arrays(utterances, fits, grouping, conversion))
    pieces = [RowPiece(pending, 0, 0, pending.rows_left) for pending in group]
    frames = sum(utterance.num_frames for utterance in utterances)
    slots.start(slot, FilledRequest(pieces, frames, partial(_hand_out_group, pieces)))


def _hand_out_group(pieces: list[RowPiece], index: int, result: Float32Array, name: str) -> None:
    """The scores [B, rows, N] of several utterances; outputs come in their order."""
    rows = [piece.num_rows for piece in pieces]
    matrices = group_scores(result, rows, name, pieces[0].pending.utterance.key)
    for piece, scores in zip(pieces, matrices, strict=True):
        piece.pending.scores.append(scores)


def feed_chunks(
    slots: RequestSlots, fits: Sequence[InputFit], plan: ChunksPlan, utterances: Iterable[Utterance]
) -> Iterator[PendingScores]:
    """The windows of one utterance after the other, those of the same length together."""
    conversion = plan.conversion
    for utterance in utterances:
        rows = num_score_rows(utterance.num_frames, conversion)
        pending = PendingScores(utterance, rows, num_rows=rows)
        for chunk in chunk_requests(utterance, fits, conversion, single=plan.single, pad=plan.pad):
            if pending.failed:
                break
            slot = slots.take_slot()
            with slots.skipping(slot, pending), naming(utterance):
                slots.runner.bind(slot, chunk.arrays)
            if not pending.failed:
                piece = RowPiece(pending, chunk.first_row, chunk.skipped_rows, chunk.num_rows)
                slots.start(slot, _windows_request(piece, chunk.given_rows, conversion))
        yield pending


def _windows_request(piece: RowPiece, given_rows: int, conversion: ConversionFacts) -> FilledRequest:
    """A request that holds windows of one utterance, which give ``given_rows`` rows of scores together."""
    frames = piece.num_rows * conversion.frame_subsampling_factor
    return FilledRequest([piece], frames, partial(_hand_out_windows, piece, given_rows))


def _hand_out_windows(piece: RowPiece, given_rows: int, index: int, result: Float32Array, name: str) -> None:
    """The scores [B, rows, N] of windows of one utterance, of which the piece's rows count."""
    rows = chunk_scores(result, given_rows, name, piece.pending.utterance.key)[piece.first_request_row :]
    piece.pending.put_rows(index, piece.first_row, rows[: piece.num_rows])


def feed_vectors(
    slots: RequestSlots, fits: Sequence[InputFit], plan: VectorsPlan, utterances: Iterable[Utterance]
) -> Iterator[PendingScores]:
    """The windows of one utterance after the other, the mean of whose vectors is that of the utterance."""
    conversion = plan.conversion
    for utterance in utterances:
        pending, windows = PendingScores(utterance, 1), list[VectorWindows]()
        slot = slots.take_slot()
        with slots.skipping(slot, pending):
            windows = cut_vector_windows(utterance.num_frames, conversion, utterance.key)
            pending.rows_left = sum(each.num_frames for each in windows)
        total = pending.rows_left
        for number, each in enumerate(windows):
            if pending.failed:
                break
            slot = slots.take_slot() if number else slot
            with slots.skipping(slot, pending), naming(utterance):
                slots.runner.bind(slot, vector_arrays(utterance, each, fits, conversion))
            if not pending.failed:
                hand_out = partial(_hand_out_vectors, pending, each, total)
                slots.start(slot, FilledRequest([RowPiece(pending, 0, 0, each.num_frames)], each.num_frames, hand_out))
        yield pending


def _hand_out_vectors(
    pending: PendingScores, windows: VectorWindows, total: int, index: int, result: Float32Array, name: str
) -> None:
    """The vectors [B, 1, N] of some windows of an utterance, each of which counts by its frames, of ``total`` ones."""
    vectors = vectors_of(result, windows.count, name, pending.utterance.key)
    pending.add_to_vector(index, vectors.sum(axis=0, dtype=np.float64) * (windows.length / total))
