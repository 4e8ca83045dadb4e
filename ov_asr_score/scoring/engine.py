"""Utterances in, scores out: fill infer requests as the plan says, and cut their results back by utterance."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import ShapeMismatchError
from ov_asr_score.scoring.planning import InputFit, ScoringPlan, shape_text
from ov_asr_score.scoring.runner import Float32Array, Runner
from ov_asr_score.scoring.utterances import Utterance

RecordLayers = Callable[[Iterable[Any]], None]


@dataclass(frozen=True, slots=True)
class UtteranceScores:
    """Scores of one utterance by output name, each float32 [T_out, N]; the arrays are the caller's to keep.

    A request that several utterances share counts in ``num_requests`` of the first; its seconds are shared by rows.
    """

    key: str
    scores: Mapping[str, Float32Array]
    num_frames: int
    context_frames: int
    num_requests: int
    infer_seconds: float


@dataclass(slots=True)
class _Assembly:
    """An utterance whose scores are still being gathered; ``rows_left`` counts rows that no request has given yet."""

    utterance: Utterance
    rows_left: int
    context_frames: int = 0
    scores: list[Float32Array] = field(default_factory=list)
    num_requests: int = 0
    infer_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class _Piece:
    """Rows of a request that belong to an utterance."""

    assembly: _Assembly
    first_row: int
    first_request_row: int
    num_rows: int


class BusyClock:
    """Seconds in which at least one request was under way, from the start and the length of each."""

    def __init__(self) -> None:
        """Nothing has run yet."""
        self.seconds = 0.0
        self._busy_until = 0.0

    def add(self, started: float, length: float) -> float:
        """What this request adds to ``seconds``; requests must come in the order of their starts."""
        ended = started + length
        added = max(0.0, ended - max(started, self._busy_until))
        self._busy_until = max(self._busy_until, ended)
        self.seconds += added
        return added


def score_utterances(
    runner: Runner,
    fits: Sequence[InputFit],
    plan: ScoringPlan,
    utterances: Iterable[Utterance],
    record_layers: RecordLayers | None = None,
) -> Iterator[UtteranceScores]:
    """Scores of each utterance, in the order of ``utterances``; only what is under way is held in memory.

    Raises ShapeMismatchError naming the utterance whose features or scores have the wrong dimensions, DeviceError.
    """
    session = _Session(runner, tuple(fits), plan, record_layers)
    feeds = {"rows": _feed_rows, "blocks": _feed_blocks, "utterance": _feed_whole}
    waiting: deque[_Assembly] = deque()
    for assembly in feeds[plan.mode](session, utterances):
        if assembly is not None:
            waiting.append(assembly)
        while waiting and waiting[0].rows_left == 0:
            yield session.finished(waiting.popleft())
    session.drain()
    while waiting:
        yield session.finished(waiting.popleft())


class _Session:
    """The slots of a runner during one call of ``score_utterances``: which are under way, and for whom."""

    def __init__(
        self, runner: Runner, fits: tuple[InputFit, ...], plan: ScoringPlan, record_layers: RecordLayers | None
    ) -> None:
        """All slots are free."""
        self.runner, self.fits, self.plan = runner, fits, plan
        self.record_layers = record_layers
        self.clock = BusyClock()
        self.under_way: deque[tuple[int, float, list[_Piece]]] = deque()
        self.free = deque(range(runner.num_slots))

    def take_slot(self) -> int:
        """A slot that nothing is under way in; waits for the oldest when all are busy."""
        if not self.free:
            self.complete()
        return self.free.popleft()

    def start(self, slot: int, pieces: list[_Piece]) -> None:
        self.runner.start(slot)
        self.under_way.append((slot, time.perf_counter(), pieces))

    def complete(self) -> None:
        """Wait for the oldest request and hand its rows to their utterances."""
        slot, started, pieces = self.under_way.popleft()
        seconds = self.clock.add(started, self.runner.finish(slot))
        if self.record_layers is not None:
            self.record_layers(self.runner.layer_records(slot))
        results = self.runner.results(slot)
        rows = sum(piece.num_rows for piece in pieces) or 1
        pieces[0].assembly.num_requests += 1  # a shared request counts once, for the utterance that it begins with
        for piece in pieces:
            self._hand_over(piece, results)
            piece.assembly.infer_seconds += seconds * piece.num_rows / rows
            piece.assembly.rows_left -= piece.num_rows
        self.free.append(slot)

    def drain(self) -> None:
        while self.under_way:
            self.complete()

    def _hand_over(self, piece: _Piece, results: Sequence[Float32Array]) -> None:
        assembly, key = piece.assembly, piece.assembly.utterance.key
        for index, result in enumerate(results):
            name = self.runner.outputs[index].name
            if self.plan.mode == "utterance":
                assembly.scores.append(_whole_scores(result, assembly, name, self.plan))
                continue
            rows = _as_rows(result, self.plan, name, key)
            if len(assembly.scores) <= index:
                total = assembly.utterance.num_frames
                assembly.scores.append(np.empty((total, rows.shape[1]), dtype=np.float32))
            target = assembly.scores[index]
            request_rows = slice(piece.first_request_row, piece.first_request_row + piece.num_rows)
            target[piece.first_row : piece.first_row + piece.num_rows] = rows[request_rows]

    def finished(self, assembly: _Assembly) -> UtteranceScores:
        scores = assembly.scores or [
            np.zeros((0, (port.shape or (0,))[-1] or 0), dtype=np.float32) for port in self.runner.outputs
        ]
        return UtteranceScores(
            key=assembly.utterance.key,
            scores={port.name: matrix for port, matrix in zip(self.runner.outputs, scores, strict=True)},
            num_frames=assembly.utterance.num_frames,
            context_frames=assembly.context_frames,
            num_requests=assembly.num_requests,
            infer_seconds=assembly.infer_seconds,
        )


def _feed_rows(session: _Session, utterances: Iterable[Utterance]) -> Iterator[_Assembly | None]:
    """Rows of many utterances in one request; score t of a model without memory needs frame t + right context only."""
    plan, fits = session.plan, session.fits
    buffers: dict[int, list[Float32Array]] = {}
    slot, pieces, filled = -1, list[_Piece](), 0
    for utterance in utterances:
        assembly = _Assembly(utterance, utterance.num_frames)
        row = 0
        while row < utterance.num_frames:
            if slot < 0:
                slot, pieces, filled = session.take_slot(), [], 0
                if slot not in buffers:
                    buffers[slot] = [np.zeros((plan.block, *fit.frame_shape), dtype=np.float32) for fit in fits]
                    session.runner.bind(slot, _request_arrays(buffers[slot], session))
            count = min(plan.block - filled, utterance.num_frames - row)
            for fit, buffer in zip(fits, buffers[slot], strict=True):
                target = buffer.reshape(plan.block, -1)[filled : filled + count]
                _copy_frames(target, utterance.features[fit.name], row + plan.right_context)
            pieces.append(_Piece(assembly, row, filled, count))
            row, filled = row + count, filled + count
            if filled == plan.block:
                session.start(slot, pieces)
                slot = -1
        yield assembly
    if slot >= 0:
        for buffer in buffers[slot]:
            buffer[filled:] = buffer[filled - 1]
        if not plan.pad:
            session.runner.bind(slot, _request_arrays([buffer[:filled] for buffer in buffers[slot]], session))
        session.start(slot, pieces)


def _feed_blocks(session: _Session, utterances: Iterable[Utterance]) -> Iterator[_Assembly | None]:
    """Frames in order, ``block`` a request, the edges repeated for context; the delay of the context is cut off."""
    plan, fits = session.plan, session.fits
    buffers = [np.zeros(_block_shape(fit, plan.block), dtype=np.float32) for fit in fits]
    session.runner.bind(0, _request_arrays(buffers, session))
    context = plan.left_context + plan.right_context
    for utterance in utterances:
        frames = utterance.num_frames
        assembly = _Assembly(utterance, frames, context if frames else 0)
        length = frames + context if frames else 0
        # frame -left_context comes first; everything outside the utterance is its nearest frame
        order = np.clip(np.arange(-plan.left_context, length - plan.left_context), 0, max(frames - 1, 0))
        sources = [_block_source(fit, utterance, order) for fit in fits]
        if plan.stateful:
            session.runner.reset_state(0)
        for start in range(0, length, plan.block):
            count = min(plan.block, length - start)
            slot = session.take_slot()
            for fit, buffer, source in zip(fits, buffers, sources, strict=True):
                if source is None:
                    buffer[...] = _vector(utterance, fit, buffer.shape)
                else:
                    rows = buffer.reshape(plan.block, -1)
                    rows[:count] = source[start : start + count]
                    rows[count:] = source[-1]
            skip = min(max(context - start, 0), count)
            session.start(slot, [_Piece(assembly, start + skip - context, skip, count - skip)])
            session.complete()
        yield assembly


def _feed_whole(session: _Session, utterances: Iterable[Utterance]) -> Iterator[_Assembly | None]:
    """One utterance per request, with its edges repeated for context."""
    plan, fits = session.plan, session.fits
    context = plan.left_context + plan.right_context
    for utterance in utterances:
        frames = utterance.num_frames
        assembly = _Assembly(utterance, 1 if frames else 0, context if frames else 0)
        if frames:
            slot = session.take_slot()
            order = np.clip(np.arange(-plan.left_context, frames + plan.right_context), 0, frames - 1)
            arrays = []
            for fit in fits:
                value = np.asarray(utterance.features[fit.name], dtype=np.float32)
                if fit.kind == "vector":
                    arrays.append(np.ascontiguousarray(_vector(utterance, fit, (1, fit.width))))
                    continue
                if value.ndim == 1:
                    value = np.broadcast_to(value, (frames, len(value)))
                matrix = np.ascontiguousarray(value[order] if context else value)
                arrays.append(
                    matrix[np.newaxis] if fit.time_axis == 1 else matrix.reshape(-1, *fit.frame_shape or (fit.width,))
                )
            session.runner.bind(slot, arrays)
            if plan.stateful:
                session.runner.reset_state(slot)
            session.start(slot, [_Piece(assembly, 0, 0, 1)])
        yield assembly


def _request_arrays(buffers: list[Float32Array], session: _Session) -> list[Float32Array]:
    """Buffers in the shapes of the model's inputs (a one-dimensional input takes the only row itself)."""
    return [
        buffer[0] if port.shape is not None and len(port.shape) == 1 else buffer
        for buffer, port in zip(buffers, session.runner.inputs, strict=True)
    ]


def _copy_frames(target: Float32Array, value: NDArray[Any], first: int) -> None:
    """Frames ``first`` … of a matrix into the rows of ``target``, the last repeated past the end; a vector into all."""
    if value.ndim == 1:
        target[:] = value
        return
    available = max(0, min(len(value) - first, len(target)))
    target[:available] = value[first : first + available]
    target[available:] = value[-1]


def _block_shape(fit: InputFit, block: int) -> tuple[int, ...]:
    if fit.kind == "vector":
        return (1, fit.width)
    if fit.kind == "time":
        return (1, block, fit.width) if fit.time_axis == 1 else (block, fit.width)
    return (block, *fit.frame_shape)


def _block_source(fit: InputFit, utterance: Utterance, order: NDArray[np.int64]) -> Float32Array | None:
    value = np.asarray(utterance.features[fit.name], dtype=np.float32)
    if fit.kind == "vector":
        return None
    return value[order] if value.ndim == 2 else np.broadcast_to(value, (len(order), len(value)))


def _vector(utterance: Utterance, fit: InputFit, shape: tuple[int, ...]) -> Float32Array:
    """One vector for the utterance: the one of its middle frame, as nnet3-compute takes it for a single chunk."""
    value = np.asarray(utterance.features[fit.name], dtype=np.float32)
    vector = value if value.ndim == 1 else value[(len(value) - 1) // 2]
    return vector.reshape(shape)


def _as_rows(result: Float32Array, plan: ScoringPlan, name: str, key: str) -> Float32Array:
    shape = result.shape
    rows = shape[0]
    if plan.block == 1:
        rows = 1
    elif rows == 1 and len(shape) >= 3:
        rows = shape[1]
    if plan.pad and rows != plan.block:
        raise ShapeMismatchError(
            f"output '{name}' {shape_text(shape)}: expected {plan.block} rows for {plan.block} frames, found {rows} "
            f"(utterance '{key}'); this model cannot be scored in pieces"
        )
    return result.reshape(rows, -1)


def _whole_scores(result: Float32Array, assembly: _Assembly, name: str, plan: ScoringPlan) -> Float32Array:
    matrix = result.reshape(-1, result.shape[-1] if result.ndim else 1)
    extra = len(matrix) - assembly.utterance.num_frames
    context = plan.left_context + plan.right_context
    if context and extra not in (0, context):
        raise ShapeMismatchError(
            f"output '{name}' {shape_text(result.shape)}: utterance '{assembly.utterance.key}' has "
            f"{assembly.utterance.num_frames} frames and {context} frames of context, found {len(matrix)} rows"
        )
    return np.array(matrix[extra:] if context and extra > 0 else matrix, dtype=np.float32)
