"""Utterances in, scores out: fill infer requests as the plan says, and cut their results back by utterance."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ov_asr_score.errors import DeviceError
from ov_asr_score.scoring.cutting import no_scores, score_rows, whole_scores
from ov_asr_score.scoring.filling import (
    checked,
    copy_frames,
    frames_in_order,
    middle_frame,
    request_buffers,
    whole_utterance,
)
from ov_asr_score.scoring.planning import InputFit, ScoringPlan
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
    fitting = (checked(utterance, fits) for utterance in utterances)
    if plan.mode == "blocks":
        yield from _score_blocks(runner, fits, plan, fitting, record_layers)
        return
    requests = _Requests(runner, plan, record_layers)
    feed = _feed_rows if plan.mode == "rows" else _feed_whole
    waiting: deque[_Assembly] = deque()
    try:
        for assembly in feed(requests, fits, fitting):
            waiting.append(assembly)
            while waiting and waiting[0].rows_left == 0:
                yield waiting.popleft().finished(runner, plan)
        requests.drain()
        while waiting:
            yield waiting.popleft().finished(runner, plan)
    finally:
        requests.abandon()


@dataclass(slots=True)
class _Assembly:
    """An utterance whose scores are still being gathered; ``rows_left`` counts rows that no request has given yet."""

    utterance: Utterance
    rows_left: int
    context_frames: int = 0
    scores: list[Float32Array] = field(default_factory=list)
    num_requests: int = 0
    infer_seconds: float = 0.0

    def put_rows(self, index: int, first_row: int, rows: Float32Array) -> None:
        """Keep a copy of the ``rows`` of output ``index``."""
        if index == len(self.scores):
            self.scores.append(np.empty((self.utterance.num_frames, rows.shape[1]), dtype=np.float32))
        self.scores[index][first_row : first_row + len(rows)] = rows

    def finished(self, runner: Runner, plan: ScoringPlan) -> UtteranceScores:
        """The scores of the utterance, once all its rows are there."""
        scores = self.scores or [no_scores(port, plan) for port in runner.outputs]
        return UtteranceScores(
            key=self.utterance.key,
            scores={port.name: matrix for port, matrix in zip(runner.outputs, scores, strict=True)},
            num_frames=self.utterance.num_frames,
            context_frames=self.context_frames,
            num_requests=self.num_requests,
            infer_seconds=self.infer_seconds,
        )


@dataclass(frozen=True, slots=True)
class _Piece:
    """Rows of a request that belong to an utterance."""

    assembly: _Assembly
    first_row: int
    first_request_row: int
    num_rows: int


class _Requests:
    """The slots of a runner during one call of ``score_utterances``: which are under way, and for whom."""

    def __init__(self, runner: Runner, plan: ScoringPlan, record_layers: RecordLayers | None) -> None:
        """All slots are free."""
        self.runner, self.plan, self.record_layers = runner, plan, record_layers
        self.clock = BusyClock()
        self.under_way: deque[tuple[int, float, list[_Piece]]] = deque()
        self.free = deque(range(runner.num_slots))

    def take_slot(self) -> int:
        """A slot that nothing is under way in; waits for the oldest when all are busy."""
        if not self.free:
            self.complete()
        return self.free.popleft()

    def start(self, slot: int, pieces: list[_Piece]) -> None:
        """Begin a request that holds ``pieces``."""
        started = time.perf_counter()
        with _naming(pieces[0].assembly.utterance):
            self.runner.start(slot)
        self.under_way.append((slot, started, pieces))

    def complete(self) -> None:
        """Wait for the oldest request and hand its rows to their utterances."""
        slot, started, pieces = self.under_way.popleft()
        with _naming(pieces[0].assembly.utterance):
            seconds = self.clock.add(started, self.runner.finish(slot))
        if self.record_layers is not None:
            self.record_layers(self.runner.layer_records(slot))
        pieces[0].assembly.num_requests += 1  # a shared request counts once, for the utterance that it begins with
        total = sum(piece.num_rows for piece in pieces)
        for index, result in enumerate(self.runner.results(slot)):
            self._hand_over(index, result, pieces, total)
        for piece in pieces:
            piece.assembly.infer_seconds += seconds * piece.num_rows / total
            piece.assembly.rows_left -= piece.num_rows
        self.free.append(slot)

    def drain(self) -> None:
        """Complete everything that is under way."""
        while self.under_way:
            self.complete()

    def abandon(self) -> None:
        """Wait for what is under way, whatever comes of it: it still reads the bound arrays."""
        while self.under_way:
            slot, _, _ = self.under_way.popleft()
            with suppress(DeviceError):
                self.runner.finish(slot)

    def _hand_over(self, index: int, result: Float32Array, pieces: list[_Piece], total: int) -> None:
        plan, name, first = self.plan, self.runner.outputs[index].name, pieces[0].assembly
        key = first.utterance.key
        if plan.mode == "utterance":
            frames, context = first.utterance.num_frames, plan.left_context + plan.right_context
            first.scores.append(whole_scores(result, frames, context, name, key))
            return
        rows = score_rows(result, plan.block if plan.pad else total, name, key)
        for piece in pieces:
            end = piece.first_request_row + piece.num_rows
            piece.assembly.put_rows(index, piece.first_row, rows[piece.first_request_row : end])


def _feed_rows(requests: _Requests, fits: Sequence[InputFit], utterances: Iterable[Utterance]) -> Iterator[_Assembly]:
    """Rows of many utterances in one request; score t of a model without memory needs frame t + right context only."""
    plan, runner = requests.plan, requests.runner
    buffers: dict[int, list[Float32Array]] = {}
    slot, pieces, filled = -1, list[_Piece](), 0
    for utterance in utterances:
        assembly = _Assembly(utterance, utterance.num_frames)
        row = 0
        while row < utterance.num_frames:
            if slot < 0:
                slot, pieces, filled = requests.take_slot(), [], 0
                if slot not in buffers:
                    buffers[slot] = request_buffers(fits, plan.block)
                    runner.bind(slot, buffers[slot])
            count = min(plan.block - filled, utterance.num_frames - row)
            for fit, buffer in zip(fits, buffers[slot], strict=True):
                target = buffer.reshape(plan.block, -1)[filled : filled + count]
                copy_frames(target, utterance.features[fit.name], row + plan.right_context)
            pieces.append(_Piece(assembly, row, filled, count))
            row, filled = row + count, filled + count
            if filled == plan.block:
                requests.start(slot, pieces)
                slot = -1
        yield assembly
    if slot >= 0:
        if plan.pad:
            for buffer in buffers[slot]:
                buffer[filled:] = buffer[filled - 1]
        else:
            runner.bind(slot, [buffer[:filled] for buffer in buffers[slot]])
        requests.start(slot, pieces)


def _feed_whole(requests: _Requests, fits: Sequence[InputFit], utterances: Iterable[Utterance]) -> Iterator[_Assembly]:
    """One utterance per request, with its edges repeated for context."""
    plan, runner = requests.plan, requests.runner
    context = plan.left_context + plan.right_context
    for utterance in utterances:
        if not utterance.num_frames:
            yield _Assembly(utterance, 0)
            continue
        assembly = _Assembly(utterance, 1, context)
        slot = requests.take_slot()
        with _naming(utterance):
            runner.bind(slot, whole_utterance(utterance, fits, plan))
        if plan.stateful:
            runner.reset_state(slot)
        requests.start(slot, [_Piece(assembly, 0, 0, 1)])
        yield assembly


def _score_blocks(
    runner: Runner,
    fits: Sequence[InputFit],
    plan: ScoringPlan,
    utterances: Iterable[Utterance],
    record_layers: RecordLayers | None,
) -> Iterator[UtteranceScores]:
    """Frames in order, ``block`` a request, the edges repeated for context; the delay of the context is cut off."""
    block, context = plan.block, plan.left_context + plan.right_context
    buffers = request_buffers(fits, block)
    runner.bind(0, buffers)
    targets = [
        buffer.reshape(1 if fit.kind == "vector" else block, -1) for fit, buffer in zip(fits, buffers, strict=True)
    ]
    for utterance in utterances:
        length = utterance.num_frames + context if utterance.num_frames else 0
        assembly = _Assembly(utterance, 0, length - utterance.num_frames)
        sources = [frames_in_order(utterance, fit, plan) for fit in fits] if length else []
        filling = list(zip(fits, targets, sources, strict=False))
        if plan.stateful:
            runner.reset_state(0)
        seconds = 0.0
        with _naming(utterance):
            # this loop runs for every frame of a model with variables, so it is kept lean
            for start in range(0, length, block):
                for fit, target, source in filling:
                    if fit.kind == "vector":
                        target[:] = middle_frame(source[start : start + block])
                    elif block == 1:
                        target[0] = source[start]
                    else:
                        copy_frames(target, source, start)
                began = time.perf_counter()
                runner.run(0)
                seconds += time.perf_counter() - began
                if record_layers is not None:
                    record_layers(runner.layer_records(0))
                first, last = max(start, context), min(start + block, length)
                if first < last:
                    for index, result in enumerate(runner.results(0)):
                        rows = score_rows(result, block, runner.outputs[index].name, utterance.key)
                        assembly.put_rows(index, first - context, rows[first - start : last - start])
        assembly.num_requests, assembly.infer_seconds = -(-length // block), seconds
        yield assembly.finished(runner, plan)


@contextmanager
def _naming(utterance: Utterance) -> Iterator[None]:
    """Put the utterance into the error of a runner."""
    try:
        yield
    except DeviceError as error:
        raise DeviceError(f"utterance '{utterance.key}': {error}") from error
