"""Utterances in, scores out: fill infer requests as the plan says, and cut their results back by utterance."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from ov_asr_score.errors import DeviceError, ShapeMismatchError
from ov_asr_score.scoring.assembly import Assembly, UtteranceScores, naming
from ov_asr_score.scoring.blocks import RecordLayers, score_blocks
from ov_asr_score.scoring.chunks import checked_rows, chunk_requests, chunk_scores, num_score_rows
from ov_asr_score.scoring.cutting import score_rows, whole_scores
from ov_asr_score.scoring.filling import checked, copy_frames, request_buffers, whole_utterance
from ov_asr_score.scoring.planning import InputFit, ScoringPlan
from ov_asr_score.scoring.runner import Float32Array, Runner
from ov_asr_score.scoring.streaming import score_streams
from ov_asr_score.scoring.utterances import SkipUtterance, Utterance

__all__ = ["BusyClock", "RecordLayers", "UtteranceScores", "score_utterances"]


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
    on_skip: SkipUtterance | None = None,
) -> Iterator[UtteranceScores]:
    """Scores of each utterance, in the order of ``utterances``; only what is under way is held in memory.

    ``on_skip`` is told of an utterance that the model cannot take (too short for a convolution, say), and scoring goes
    on, where requests hold one utterance each. Raises ShapeMismatchError naming the utterance whose features or scores
    have the wrong dimensions, DeviceError.
    """
    fitting = (checked(utterance, fits) for utterance in utterances)
    if plan.mode == "blocks":
        yield from score_blocks(runner, fits, plan, fitting, record_layers)
        return
    if plan.mode == "frames" and plan.converted is not None:
        yield from score_streams(runner, fits, plan, plan.converted, fitting, record_layers)
        return
    requests = _Requests(runner, plan, record_layers, None if plan.mode == "rows" else on_skip)
    feed = {"rows": _feed_rows, "chunks": _feed_chunks}.get(plan.mode, _feed_whole)
    waiting: deque[Assembly] = deque()
    try:
        for assembly in feed(requests, fits, fitting):
            waiting.append(assembly)
            while waiting and waiting[0].rows_left == 0:
                yield from waiting.popleft().finished(runner, plan)
        requests.drain()
        while waiting:
            yield from waiting.popleft().finished(runner, plan)
    finally:
        requests.abandon()


@dataclass(frozen=True, slots=True)
class _Piece:
    """Rows of a request that belong to an utterance."""

    assembly: Assembly
    first_row: int
    first_request_row: int
    num_rows: int
    given_rows: int = 0  # of the whole request, where it gives some that belong to nobody


class _Requests:
    """The slots of a runner during one call of ``score_utterances``: which are under way, and for whom."""

    def __init__(
        self, runner: Runner, plan: ScoringPlan, record_layers: RecordLayers | None, on_skip: SkipUtterance | None
    ) -> None:
        """All slots are free."""
        self.runner, self.plan, self.record_layers, self.on_skip = runner, plan, record_layers, on_skip
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
        with self.skipping(slot, pieces[0].assembly), naming(pieces[0].assembly.utterance):
            self.runner.start(slot)
            self.under_way.append((slot, started, pieces))

    @contextmanager
    def skipping(self, slot: int, assembly: Assembly) -> Iterator[None]:
        """Let an utterance fail, if that is wanted: it counts as finished, and its slot is free again."""
        try:
            yield
        except (DeviceError, ShapeMismatchError) as error:
            if self.on_skip is None:
                raise
            if not assembly.failed:  # several chunks of an utterance may be under way
                self.on_skip(assembly.utterance.key, error)
            assembly.failed, assembly.rows_left = True, 0
            self.free.append(slot)

    def complete(self) -> None:
        """Wait for the oldest request and hand its rows to their utterances."""
        slot, started, pieces = self.under_way.popleft()
        with self.skipping(slot, pieces[0].assembly):
            with naming(pieces[0].assembly.utterance):
                seconds = self.clock.add(started, self.runner.finish(slot))
            self._hand_out(slot, pieces, seconds)
            self.free.append(slot)

    def _hand_out(self, slot: int, pieces: list[_Piece], seconds: float) -> None:
        if self.record_layers is not None:
            self.record_layers(self.runner.layer_records(slot))
        if pieces[0].assembly.failed:
            return
        pieces[0].assembly.num_requests += 1  # a shared request counts once, for the utterance that it begins with
        total = sum(piece.num_rows for piece in pieces)
        for index, result in enumerate(self.runner.results(slot)):
            self._hand_over(index, result, pieces, total)
        for piece in pieces:
            piece.assembly.infer_seconds += seconds * piece.num_rows / total
            piece.assembly.rows_left -= piece.num_rows

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
            first.scores.append(checked_rows(whole_scores(result, frames, context, name, key), frames, plan, key))
            return
        if plan.mode == "chunks":
            (piece,) = pieces
            rows = chunk_scores(result, piece.given_rows, name, key)[piece.first_request_row :]
            first.put_rows(index, piece.first_row, rows[: piece.num_rows])
            return
        rows = score_rows(result, plan.block if plan.pad else total, name, key)
        for piece in pieces:
            end = piece.first_request_row + piece.num_rows
            piece.assembly.put_rows(index, piece.first_row, rows[piece.first_request_row : end])


def _feed_rows(requests: _Requests, fits: Sequence[InputFit], utterances: Iterable[Utterance]) -> Iterator[Assembly]:
    """Rows of many utterances in one request; score t of a model without memory needs frame t + right context only."""
    plan, runner = requests.plan, requests.runner
    buffers: dict[int, list[Float32Array]] = {}
    slot, pieces, filled = -1, list[_Piece](), 0
    for utterance in utterances:
        assembly = Assembly(utterance, utterance.num_frames)
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


def _feed_whole(requests: _Requests, fits: Sequence[InputFit], utterances: Iterable[Utterance]) -> Iterator[Assembly]:
    """One utterance per request, with its edges repeated for context."""
    plan, runner = requests.plan, requests.runner
    context = plan.left_context + plan.right_context
    for utterance in utterances:
        if not utterance.num_frames:
            yield Assembly(utterance, 0)
            continue
        assembly = Assembly(utterance, 1, context)
        slot = requests.take_slot()
        with requests.skipping(slot, assembly), naming(utterance):
            runner.bind(slot, whole_utterance(utterance, fits, plan))
        if not assembly.failed:
            if plan.stateful:
                runner.reset_state(slot)
            requests.start(slot, [_Piece(assembly, 0, 0, 1)])
        yield assembly


def _feed_chunks(requests: _Requests, fits: Sequence[InputFit], utterances: Iterable[Utterance]) -> Iterator[Assembly]:
    """The windows of one utterance after the other, those of the same length together."""
    facts = requests.plan.converted
    if facts is None:
        raise ValueError("a plan of chunks needs the facts of a converted model")
    for utterance in utterances:
        rows = num_score_rows(utterance.num_frames, facts)
        assembly = Assembly(utterance, rows, num_rows=rows)
        for chunk in chunk_requests(utterance, fits, facts):
            if assembly.failed:
                break
            slot = requests.take_slot()
            with requests.skipping(slot, assembly), naming(utterance):
                requests.runner.bind(slot, chunk.arrays)
            if not assembly.failed:
                piece = _Piece(assembly, chunk.first_row, chunk.skipped_rows, chunk.num_rows, chunk.given_rows)
                requests.start(slot, [piece])
        yield assembly
