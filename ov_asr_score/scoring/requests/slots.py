"""The infer requests of a run: which are under way, for whom, and what becomes of their results."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from ov_asr_score.errors import DeviceError, ShapeMismatchError
from ov_asr_score.scoring.requests.blocks import RecordLayers
from ov_asr_score.scoring.requests.pending_scores import PendingScores, naming
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
class RowPiece:
    """Rows of a request that belong to an utterance: ``num_rows`` from its row of scores ``first_row`` on.

    In the results of the request they begin with row ``first_request_row``.
    """

    pending: PendingScores
    first_row: int
    first_request_row: int
    num_rows: int


@dataclass(frozen=True, slots=True)
class FilledRequest:
    """What a request was filled with: ``pieces`` of utterances, ``num_frames`` of features without context.

    ``hand_out`` is given the number, the values and the name of each output, and puts their rows into the pieces'
    utterances. It raises ShapeMismatchError for values that cannot be their scores.
    """

    pieces: list[RowPiece]
    num_frames: int
    hand_out: Callable[[int, Float32Array, str], None]

    @property
    def first(self) -> PendingScores:
        """The utterance that the request begins with."""
        return self.pieces[0].pending

    @property
    def is_needed(self) -> bool:
        """Whether it holds rows of an utterance whose scores are not known yet."""
        return not all(piece.pending.utterance.is_scored for piece in self.pieces)


class RequestSlots:
    """The slots of a runner during one call of ``score_utterances``: which are under way, and for whom."""

    def __init__(self, runner: Runner, record_layers: RecordLayers | None, on_skip: SkipUtterance | None) -> None:
        """All slots are free."""
        self.runner, self.record_layers, self.on_skip = runner, record_layers, on_skip
        self._watched = runner if isinstance(runner, WatchedRunner) else None
        self.clock = BusyClock()
        self.under_way: deque[tuple[int, float, FilledRequest]] = deque()
        self.free = deque(range(runner.num_slots))
        self.is_spoilt = False  # by a request that failed
        self.frames_waiting = 0  # of utterances whose scores are there, but not those of others before them

    def take_slot(self) -> int:
        """A slot that nothing is under way in; waits for the oldest when all are busy."""
        if not self.free:
            self.complete()
        return self.free.popleft()

    def start(self, slot: int, request: FilledRequest) -> None:
        """Begin a request; one that nobody needs takes its turn without being run."""
        if self.is_spoilt:
            self.drain()
            self._renew()
        started = time.perf_counter()
        if not request.is_needed:
            self.under_way.append((slot, started, request))
            return
        if self._watched is not None:
            self._watched.tell(slot, len({id(piece.pending) for piece in request.pieces}), request.num_frames)
        with self.skipping(slot, request.first), naming(request.first.utterance):
            self.runner.start(slot)
            self.under_way.append((slot, started, request))

    @contextmanager
    def skipping(self, slot: int, pending: PendingScores) -> Iterator[None]:
        """Let an utterance fail, if that is wanted: it counts as finished, and its slot is free again."""
        try:
            yield
        except (DeviceError, ShapeMismatchError) as error:
            if self.on_skip is None:
                raise
            if not pending.failed:  # several chunks of an utterance may be under way
                self.on_skip(pending.utterance.key, error)
            pending.failed, pending.rows_left = True, 0
            self.free.append(slot)

    def complete(self) -> None:
        """Wait for the oldest request and hand its rows to their utterances."""
        slot, started, request = self.under_way.popleft()
        if not request.is_needed:
            self._count_rows(request.pieces)
            self.free.append(slot)
            return
        with self.skipping(slot, request.first):
            with naming(request.first.utterance):
                seconds = self.clock.add(started, self._finish(slot))
            self._hand_out(slot, request, seconds)
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

    def _hand_out(self, slot: int, request: FilledRequest, seconds: float) -> None:
        if self.record_layers is not None:
            self.record_layers(self.runner.layer_records(slot))
        if request.first.failed:
            return
        request.first.num_requests += 1  # a shared request counts once, for the utterance that it begins with
        for index, result in enumerate(self.runner.results(slot)):
            request.hand_out(index, result, self.runner.outputs[index].name)
        total = sum(piece.num_rows for piece in request.pieces)
        for piece in request.pieces:
            piece.pending.infer_seconds += seconds * piece.num_rows / total
        self._count_rows(request.pieces)

    def _count_rows(self, pieces: list[RowPiece]) -> None:
        for piece in pieces:
            pending = piece.pending
            pending.rows_left -= piece.num_rows
            if not pending.rows_left:
                self.frames_waiting += pending.utterance.num_frames

    def drain(self) -> None:
        """Complete everything that is under way."""
        while self.under_way:
            self.complete()

    def abandon(self) -> None:
        """Wait for what is under way, whatever comes of it: it still reads the bound arrays."""
        while self.under_way:
            slot, _, request = self.under_way.popleft()
            if request.is_needed:
                with suppress(DeviceError):
                    self.runner.finish(slot)
