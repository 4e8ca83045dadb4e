"""The infer requests of a run: which are under way, for whom, and what becomes of their results."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from ov_asr_score.errors import DeviceError, ShapeMismatchError
from ov_asr_score.scoring.plan import ScoringPlan
from ov_asr_score.scoring.requests.blocks import RecordLayers
from ov_asr_score.scoring.requests.chunk_windows import checked_rows, chunk_scores
from ov_asr_score.scoring.requests.cut import score_rows, whole_scores
from ov_asr_score.scoring.requests.grouping import group_scores
from ov_asr_score.scoring.requests.pending_scores import Assembly, naming
from ov_asr_score.scoring.requests.runner import Float32Array, Runner, WatchedRunner
from ov_asr_score.scoring.utterances.joining import SkipUtterance


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


@dataclass(frozen=True, slots=True)
class Piece:
    """Rows of a request that belong to an utterance."""

    assembly: Assembly
    first_row: int
    first_request_row: int
    num_rows: int
    given_rows: int = 0  # of the whole request, where it gives some that belong to nobody


class Requests:
    """The slots of a runner during one call of ``score_utterances``: which are under way, and for whom."""

    def __init__(
        self, runner: Runner, plan: ScoringPlan, record_layers: RecordLayers | None, on_skip: SkipUtterance | None
    ) -> None:
        """All slots are free."""
        self.runner, self.plan, self.record_layers, self.on_skip = runner, plan, record_layers, on_skip
        self._watched = runner if isinstance(runner, WatchedRunner) else None
        self.clock = BusyClock()
        self.under_way: deque[tuple[int, float, list[Piece]]] = deque()
        self.free = deque(range(runner.num_slots))
        self.is_spoilt = False  # by a request that failed
        self.frames_waiting = 0  # of utterances whose scores are there, but not those of others before them

    def take_slot(self) -> int:
        """A slot that nothing is under way in; waits for the oldest when all are busy."""
        if not self.free:
            self.complete()
        return self.free.popleft()

    def start(self, slot: int, pieces: list[Piece]) -> None:
        """Begin a request that holds ``pieces``; one that nobody needs takes its turn without being run."""
        if self.is_spoilt:
            self.drain()
            self._renew()
        started = time.perf_counter()
        if not _is_needed(pieces):
            self.under_way.append((slot, started, pieces))
            return
        if self._watched is not None:
            self._watched.tell(slot, len({id(piece.assembly) for piece in pieces}), _frames_of(pieces, self.plan))
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
        if not _is_needed(pieces):
            self._count_rows(pieces)
            self.free.append(slot)
            return
        with self.skipping(slot, pieces[0].assembly):
            with naming(pieces[0].assembly.utterance):
                seconds = self.clock.add(started, self._finish(slot))
            self._hand_out(slot, pieces, seconds)
            self.free.append(slot)

    def _finish(self, slot: int) -> float:
        """Wait for a request. Where failures are skipped, one that failed is tried again by itself on a renewed model.

        In the CPU plugin a failure takes others down that run beside it, and later ones of lengths that it took before.
        """
        try:
            return self.runner.finish(slot)
        except DeviceError:
            was_spoilt, self.is_spoilt = self.is_spoilt, True
            if self.on_skip is None or not (was_spoilt or self.under_way):
                raise
        self.drain()
        self._renew()
        started = time.perf_counter()
        try:
            self.runner.run(slot)
        except DeviceError:
            self.is_spoilt = True
            raise
        return time.perf_counter() - started

    def _renew(self) -> None:
        self.runner.renew()
        self.is_spoilt = False

    def _hand_out(self, slot: int, pieces: list[Piece], seconds: float) -> None:
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
        self._count_rows(pieces)

    def _count_rows(self, pieces: list[Piece]) -> None:
        for piece in pieces:
            assembly = piece.assembly
            assembly.rows_left -= piece.num_rows
            if not assembly.rows_left:
                self.frames_waiting += assembly.utterance.num_frames

    def drain(self) -> None:
        """Complete everything that is under way."""
        while self.under_way:
            self.complete()

    def abandon(self) -> None:
        """Wait for what is under way, whatever comes of it: it still reads the bound arrays."""
        while self.under_way:
            slot, _, pieces = self.under_way.popleft()
            if _is_needed(pieces):
                with suppress(DeviceError):
                    self.runner.finish(slot)

    def _hand_over(self, index: int, result: Float32Array, pieces: list[Piece], total: int) -> None:
        plan, name, first = self.plan, self.runner.outputs[index].name, pieces[0].assembly
        key = first.utterance.key
        if pieces[0].given_rows:
            (piece,) = pieces
            rows = chunk_scores(result, piece.given_rows, name, key)[piece.first_request_row :]
            first.put_rows(index, piece.first_row, rows[: piece.num_rows])
            return
        if plan.grouping is not None:
            for piece, scores in zip(
                pieces, group_scores(result, [piece.num_rows for piece in pieces], name, key), strict=True
            ):
                piece.assembly.scores.append(scores)
            return
        if plan.mode == "utterance":
            frames, context = first.utterance.num_frames, plan.left_context + plan.right_context
            first.scores.append(checked_rows(whole_scores(result, frames, context, name, key), frames, plan, key))
            return
        rows = score_rows(result, plan.block if plan.pad else total, name, key)
        for piece in pieces:
            end = piece.first_request_row + piece.num_rows
            piece.assembly.put_rows(index, piece.first_row, rows[piece.first_request_row : end])


def _is_needed(pieces: list[Piece]) -> bool:
    """Whether a request holds rows of an utterance whose scores are not known yet."""
    return not all(piece.assembly.utterance.is_scored for piece in pieces)


def _frames_of(pieces: list[Piece], plan: ScoringPlan) -> int:
    """Frames of features that the rows of a request stand for, without context."""
    if plan.mode == "utterance" and not pieces[0].given_rows:
        return sum(piece.assembly.utterance.num_frames for piece in pieces)
    factor = 1 if plan.converted is None else plan.converted.frame_subsampling_factor
    return sum(piece.num_rows for piece in pieces) * factor
