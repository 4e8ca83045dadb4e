"""One thread that computes the chunks of all sessions: what waits when it becomes free shares infer requests.

There is no timer. While one request is computed others arrive, so that requests grow with the number of sessions, and
a session that is alone waits for nothing: its thread computes its chunks itself (going from thread to thread and back
takes longer than computing a chunk of a small network).
"""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from types import TracebackType

from ov_asr_score.errors import OvAsrScoreError, SessionEndedError
from ov_asr_score.scoring.looped.looped_model import LARGEST_BATCH, LoopedModel
from ov_asr_score.scoring.looped.utterance import FloatMatrix, LoopedRequest, LoopedUtterance


@dataclass(frozen=True, slots=True)
class EngineStatistics:
    """What an engine has done: requests of sessions, infer requests of the device, and rows of scores.

    ``batches`` counts how many sessions were computed together, ``wait_seconds`` what requests spent in the queue (sum,
    and the longest), ``run_seconds`` what the thread spent computing.
    """

    requests: int
    infer_requests: int
    rows: int
    batches: Mapping[int, int]
    wait_seconds: float
    longest_wait_seconds: float
    run_seconds: float


@dataclass(slots=True, eq=False)
class _WaitingRequest:
    """A request in the queue; ``turn`` orders requests of different sessions.

    It is the work that its session had before it, in steps (start-time fair queuing): who has much queued goes on when
    the others have had as much, and nobody who waits is overtaken for ever.
    """

    request: LoopedRequest
    future: Future[FloatMatrix]
    turn: int
    arrived: float


@dataclass(slots=True)
class _EngineSums:
    requests: int = 0
    rows: int = 0
    batches: Counter[int] = field(default_factory=Counter)
    wait: float = 0.0
    longest_wait: float = 0.0
    run: float = 0.0


class Engine:
    """The requests of all sessions of a model, computed by one thread (or, without one, by whoever asks).

    A session has one chunk in an infer request at most. Where more sessions wait than fit, they take turns, and those
    with little queued do not stand behind those with much; requests for many chunks at once, as of whole files, are
    computed apart from others and a few at a time, so that neither kind waits for all of the other. To be closed, or
    used in ``with``.
    """

    def __init__(self, model: LoopedModel, *, threaded: bool = True) -> None:
        """An engine of ``model``, which nobody else may run; its thread starts with the first request."""
        self.model = model
        self._threaded = threaded
        self._changed = threading.Condition()
        self._queues: dict[LoopedUtterance, deque[_WaitingRequest]] = {}
        self._turn = 0  # that of the latest request that was taken; a session without requests begins there
        self._latest_asker: int | None = None  # the thread of the latest request
        self._sums = _EngineSums()
        self._thread: threading.Thread | None = None
        self._running = threading.RLock()
        self._is_closed = False

    def __enter__(self) -> Engine:
        """The engine itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    def submit(self, request: LoopedRequest) -> Future[FloatMatrix]:
        """The scores [rows, pdfs] of ``request``, when they are there; requests of an utterance stay in their order.

        Raises SessionEndedError where the engine is closed, OvAsrScoreError where an i-vector is missing. What fails
        later, and the end of the engine, is raised by the future, as OvAsrScoreError and SessionEndedError.
        """
        _check(request)
        future: Future[FloatMatrix] = Future()
        with self._changed:
            self._latest_asker = threading.get_ident()
            self._check_open()
            queue = self._queues.setdefault(request.utterance, deque())
            turn = queue[-1].turn + queue[-1].request.num_steps if queue else self._turn
            queue.append(_WaitingRequest(request, future, turn, time.perf_counter()))
            if self._threaded:
                self._start()
                self._changed.notify()
        if not self._threaded:
            self._run_round()
        return future

    def score(self, request: LoopedRequest) -> FloatMatrix:
        """The scores [rows, pdfs] of ``request``, waited for. Raises OvAsrScoreError.

        They are computed in the calling thread if nobody else waits and no other thread was the last to ask: threads
        that ask in turn gain more from infer requests that they share.
        """
        _check(request)
        asker = threading.get_ident()
        if self._latest_asker in (None, asker) and self._running.acquire(blocking=False):
            try:
                with self._changed:
                    self._check_open()
                    is_alone = not self._queues and self._latest_asker in (None, asker)
                    self._latest_asker = asker
                if is_alone:
                    return self._run_alone(request)
            finally:
                self._running.release()
        return self.submit(request).result()

    def forget(self, utterance: LoopedUtterance) -> None:
        """Leave out what still waits of ``utterance``, which will ask for nothing more."""
        with self._changed:
            waiting = self._queues.pop(utterance, ())
        for each in waiting:
            each.future.cancel()

    def statistics(self) -> EngineStatistics:
        """What has been done up to now."""
        with self._changed:
            sums = self._sums
            return EngineStatistics(
                sums.requests,
                self.model.counters.infer_requests,
                sums.rows,
                dict(sums.batches),
                sums.wait,
                sums.longest_wait,
                sums.run,
            )

    def close(self) -> None:
        """End the thread after what is computed now; requests that wait fail with SessionEndedError."""
        with self._changed:
            self._is_closed = True
            waiting = [each for queue in self._queues.values() for each in queue]
            self._queues.clear()
            self._changed.notify_all()
            thread = self._thread
        for each in waiting:
            _fail(each, SessionEndedError("the recognizer was closed before all of the sound was recognized"))
        if thread is not None and thread is not threading.current_thread():
            thread.join()
        with self._running:
            pass  # a thread that computes for itself has come to its end

    def _check_open(self) -> None:
        if self._is_closed:
            raise SessionEndedError("the recognizer was closed before all of the sound was recognized")

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="ov-asr-score engine", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._queues and not self._is_closed:
                    self._changed.wait()
                if self._is_closed:
                    return
            self._let_others_ask()
            self._run_round()

    def _let_others_ask(self) -> None:
        """Give way to threads that are ready to run, as long as they ask for more: those whose scores have just come.

        Else the first of them would be computed alone, and all others together after it, for ever.
        """
        seen = 0
        while seen < (waiting := len(self._queues)) <= LARGEST_BATCH:
            seen = waiting
            time.sleep(0)

    def _run_round(self) -> None:
        """Compute one request of each session, as far as they fit: those for few chunks before those for many."""
        with self._running:
            for group in self._take():
                self._run(group)

    def _take(self) -> tuple[list[_WaitingRequest], list[_WaitingRequest]]:
        large = self.model.large_step if self.model.large_step > 1 else LARGEST_BATCH + 1
        with self._changed:
            first = sorted((queue[0] for queue in self._queues.values()), key=lambda each: each.turn)
            short = [each for each in first if each.request.num_steps < large][:LARGEST_BATCH]
            long = [each for each in first if each.request.num_steps >= large][: max(1, LARGEST_BATCH // large)]
            for each in (*short, *long):
                queue = self._queues[each.request.utterance]
                queue.popleft()
                self._turn = max(self._turn, each.turn)
                if not queue:
                    del self._queues[each.request.utterance]
        return short, long

    def _run_alone(self, request: LoopedRequest) -> FloatMatrix:
        started = time.perf_counter()
        try:
            (scores,) = self.model.run([request])
        except OvAsrScoreError:
            raise
        except Exception as error:
            raise _as_own(error) from error
        self._count([scores], [0.0], time.perf_counter() - started)
        return scores

    def _run(self, group: Sequence[_WaitingRequest]) -> None:
        taken = [each for each in group if each.future.set_running_or_notify_cancel()]
        if not taken:
            return
        started = time.perf_counter()
        try:
            scores = self.model.run([each.request for each in taken])
        except Exception as error:
            said = error if isinstance(error, OvAsrScoreError) else _as_own(error)
            for each in taken:
                _fail(each, said)
            return
        ended = time.perf_counter()
        self._count(scores, [started - each.arrived for each in taken], ended - started)
        for each, rows in zip(taken, scores, strict=True):
            each.future.set_result(rows)

    def _count(self, scores: Sequence[FloatMatrix], waits: Sequence[float], seconds: float) -> None:
        with self._changed:
            sums = self._sums
            sums.requests += len(scores)
            sums.rows += sum(map(len, scores))
            sums.batches[len(scores)] += 1
            sums.wait += sum(waits)
            sums.longest_wait = max(sums.longest_wait, *waits)
            sums.run += seconds


def _check(request: LoopedRequest) -> None:
    if request.ivector_frame is not None and request.ivector is None:
        raise OvAsrScoreError(f"chunk at row {request.first_row}: expected an i-vector, found none")


def _as_own(error: Exception) -> OvAsrScoreError:
    text = " ".join(str(error).split())
    return OvAsrScoreError(f"a chunk could not be computed: {type(error).__name__}: {text}")


def _fail(waiting: _WaitingRequest, error: OvAsrScoreError) -> None:
    """Let the future raise ``error``, unless it was cancelled."""
    if waiting.future.running() or waiting.future.set_running_or_notify_cancel():
        waiting.future.set_exception(error)
