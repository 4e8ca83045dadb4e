"""Requests of many sessions through one engine."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, wait
from typing import Any

import numpy as np
import pytest

from ov_asr_score.errors import DeviceError, OvAsrScoreError, SessionEndedError
from ov_asr_score.recognition.engine import Engine
from ov_asr_score.scoring.looped.compiling import compile_looped
from ov_asr_score.scoring.looped.looped_model import LARGEST_BATCH, Counters, LoopedModel
from ov_asr_score.scoring.looped.utterance import FloatMatrix, LoopedRequest, LoopedShape, LoopedUtterance
from ov_asr_score.settings.recognition.live import LoopedOptions
from tests.scoring.looped.kaldi_runs import golden_model, joined, score_alone

SHAPE = LoopedShape(
    feature_dim=2,
    ivector_dim=None,
    num_pdfs=1,
    frames_per_chunk=4,
    subsampling=1,
    left_context=0,
    right_context=0,
    delay=0,
    state_size=0,
)


class HeldModel:
    """A model that computes when it is let, and tells in which order it was asked."""

    shape, large_step = SHAPE, 8

    def __init__(self) -> None:
        self.counters = Counters()
        self.groups: list[list[LoopedUtterance]] = []
        self.let = threading.Semaphore(0)
        self.asked = threading.Semaphore(0)
        self.error: Exception | None = None
        self.threads: list[int] = []

    def run(self, requests: Sequence[LoopedRequest]) -> list[FloatMatrix]:
        self.groups.append([request.utterance for request in requests])
        self.threads.append(threading.get_ident())
        self.asked.release()
        self.let.acquire()
        self.counters.infer_requests += 1
        if self.error is not None:
            raise self.error
        return [np.full((request.num_rows, 1), request.first_row, np.float32) for request in requests]


@pytest.fixture
def held() -> Iterator[tuple[Any, Engine]]:
    model: Any = HeldModel()
    with Engine(model) as engine:
        yield model, engine
        model.let.release(100)


def requests_of(chunks: int, at_once: int = 1) -> list[LoopedRequest]:
    utterance = LoopedUtterance(SHAPE)
    utterance.accept(np.zeros((4 * chunks, 2), np.float32))
    found = []
    while (request := utterance.next_chunk(at_once)) is not None:
        found.append(request)
    return found


def blocked(model: HeldModel, engine: Engine) -> Future[FloatMatrix]:
    """A request that the engine is computing, while others arrive."""
    (request,) = requests_of(1)
    future = engine.submit(request)
    model.asked.acquire()
    return future


def test_what_waits_is_computed_together(held: tuple[Any, Engine]) -> None:
    model, engine = held
    futures = [blocked(model, engine), *(engine.submit(requests_of(1)[0]) for _ in range(16))]
    model.let.release(2)
    assert all(len(future.result(10)) == 4 for future in futures)
    assert [len(group) for group in model.groups] == [1, 16]
    statistics = engine.statistics()
    assert (statistics.requests, statistics.infer_requests, statistics.rows) == (17, 2, 17 * 4)
    assert statistics.batches == {1: 1, 16: 1}
    assert 0 < statistics.longest_wait_seconds <= statistics.wait_seconds


def test_a_session_has_one_chunk_in_a_request_and_keeps_its_order(held: tuple[Any, Engine]) -> None:
    model, engine = held
    blocked(model, engine)
    long, short = requests_of(5), requests_of(1)
    futures = [engine.submit(request) for request in (*long, *short)]
    model.let.release(100)
    wait(futures, 10)
    assert [future.result()[0, 0] for future in futures[:5]] == [0, 4, 8, 12, 16]
    assert [len(group) for group in model.groups] == [1, 2, 1, 1, 1, 1]


def test_sessions_with_much_queued_do_not_starve_others(held: tuple[Any, Engine]) -> None:
    """More sessions than fit ask for much; one that asks later for little is among the next."""
    model, engine = held
    blocked(model, engine)
    for _ in range(LARGEST_BATCH + 6):
        for request in requests_of(20):
            engine.submit(request)
    last = requests_of(1)[0]
    late = engine.submit(last)
    model.let.release(3)
    late.result(10)
    assert last.utterance in model.groups[2]
    # Those that did not fit at first came next.
    served = {utterance for group in model.groups[1:3] for utterance in group}
    assert len(served) == LARGEST_BATCH + 6 + 1


def test_whole_files_are_computed_apart_and_few_at_a_time(held: tuple[Any, Engine]) -> None:
    model, engine = held
    blocked(model, engine)
    files = [engine.submit(requests_of(16, at_once=8)[0]) for _ in range(20)]
    live = engine.submit(requests_of(1)[0])
    model.let.release(2)
    live.result(10)
    assert [len(group) for group in model.groups[:2]] == [1, 1]
    model.let.release(100)
    wait(files, 10)
    assert [len(group) for group in model.groups[2:]] == [4, 4, 4, 4, 4]


def test_closing_in_the_middle_ends_everything(held: tuple[Any, Engine]) -> None:
    model, engine = held
    computing = blocked(model, engine)
    waiting = [engine.submit(requests_of(1)[0]) for _ in range(3)]
    closing = threading.Thread(target=engine.close)
    closing.start()
    for future in waiting:
        with pytest.raises(SessionEndedError, match="recognizer was closed"):
            future.result(10)
    model.let.release()
    closing.join(10)
    assert not closing.is_alive() and len(computing.result(0)) == 4
    with pytest.raises(SessionEndedError, match="recognizer was closed"):
        engine.submit(requests_of(1)[0])
    engine.close()  # once more is no fault


def test_errors_of_the_thread_reach_those_who_wait(held: tuple[Any, Engine]) -> None:
    model, engine = held
    first = blocked(model, engine)
    model.error = ValueError("no such\nthing")
    model.let.release()
    with pytest.raises(OvAsrScoreError, match="could not be computed: ValueError: no such thing"):
        first.result(10)
    model.error = DeviceError("the device is gone")
    second = blocked(model, engine)
    model.let.release()
    with pytest.raises(DeviceError, match="the device is gone"):
        second.result(10)
    model.error = None
    third = blocked(model, engine)
    model.let.release()
    assert len(third.result(10)) == 4


def test_what_is_forgotten_is_not_computed(held: tuple[Any, Engine]) -> None:
    model, engine = held
    blocked(model, engine)
    gone, stays = requests_of(2), requests_of(1)[0]
    futures = [engine.submit(request) for request in gone]
    kept = engine.submit(stays)
    engine.forget(gone[0].utterance)
    engine.forget(gone[0].utterance)
    model.let.release(2)
    kept.result(10)
    assert all(future.cancelled() for future in futures)
    assert model.groups[1] == [stays.utterance]


def test_a_thread_that_is_alone_computes_its_chunks_itself(held: tuple[Any, Engine]) -> None:
    """Until another one asks: from then on the thread of the engine does, as long as they ask in turn."""
    model, engine = held
    model.let.release(5)
    first, second, *rest = requests_of(5)
    assert [engine.score(each)[0, 0] for each in (first, second)] == [0, 4]
    other = threading.Thread(target=lambda: engine.score(requests_of(1)[0]))
    other.start()
    other.join(10)
    assert [engine.score(each)[0, 0] for each in rest[:2]] == [8, 12]
    own = threading.get_ident()
    assert [thread == own for thread in model.threads] == [True, True, False, False, True]
    statistics = engine.statistics()
    assert (statistics.requests, statistics.rows, statistics.batches) == (5, 20, {1: 5})


def test_others_wait_together_for_a_thread_that_computes_for_itself(held: tuple[Any, Engine]) -> None:
    model, engine = held
    alone = threading.Thread(target=lambda: engine.score(requests_of(1)[0]))
    alone.start()
    model.asked.acquire()
    futures = [engine.submit(requests_of(1)[0]) for _ in range(3)]
    model.let.release(2)
    assert all(len(future.result(10)) == 4 for future in futures)
    alone.join(10)
    assert [len(group) for group in model.groups] == [1, 3]


def test_closing_waits_for_a_thread_that_computes_for_itself(held: tuple[Any, Engine]) -> None:
    model, engine = held
    scores: list[FloatMatrix] = []
    alone = threading.Thread(target=lambda: scores.append(engine.score(requests_of(1)[0])))
    alone.start()
    model.asked.acquire()
    closing = threading.Thread(target=engine.close)
    closing.start()
    closing.join(0.05)
    assert closing.is_alive()
    model.let.release()
    closing.join(10)
    alone.join(10)
    assert not closing.is_alive() and len(scores[0]) == 4
    with pytest.raises(SessionEndedError, match="recognizer was closed"):
        engine.score(requests_of(1)[0])


def test_errors_of_a_thread_that_is_alone_are_raised_in_it(held: tuple[Any, Engine]) -> None:
    model, engine = held
    model.let.release(2)
    model.error = ValueError("no such\nthing")
    with pytest.raises(OvAsrScoreError, match="could not be computed: ValueError: no such thing"):
        engine.score(requests_of(1)[0])
    model.error = None
    assert len(engine.score(requests_of(1)[0])) == 4


@pytest.fixture(scope="module")
def network() -> LoopedModel:
    return compile_looped(golden_model("fast_lstm"), options=LoopedOptions(5), large_step=3)


@pytest.mark.parametrize("threaded", [True, False])
def test_scores_of_many_sessions_are_those_of_each_alone(network: LoopedModel, threaded: bool) -> None:
    random = np.random.default_rng(1)
    features = [random.normal(size=(int(random.integers(5, 90)), 4)).astype(np.float32) for _ in range(12)]
    scores: list[FloatMatrix] = [np.zeros((0, 0), np.float32)] * len(features)

    def session(number: int, engine: Engine) -> None:
        utterance, rows = network.begin(), []
        utterance.accept(features[number])
        utterance.finish()
        while (request := utterance.next_chunk(1 if number % 2 else 4)) is not None:
            rows.append(engine.score(request))
        scores[number] = joined(rows)

    with Engine(network, threaded=threaded) as engine:
        threads = [threading.Thread(target=session, args=(number, engine)) for number in range(len(features))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert engine.statistics().rows == sum(map(len, features))
    for number, rows in enumerate(features):
        np.testing.assert_allclose(scores[number], score_alone(network, rows), atol=1e-5)


def test_requests_without_an_ivector_are_refused_at_once(held: tuple[Any, Engine]) -> None:
    _, engine = held
    (request,) = requests_of(1)
    with pytest.raises(OvAsrScoreError, match="expected an i-vector, found none"):
        engine.submit(LoopedRequest(request.utterance, request.features, 0, 4, 1, ivector_frame=3))
