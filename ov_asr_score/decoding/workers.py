"""Decoding in several processes: in order, with few utterances in flight, and going on after one that is lost.

The search without lattices holds the interpreter's lock, as what follows a search does, and OpenFst may end the process
or take more memory than there is. In processes of their own that costs an utterance, and utterances are decoded beside
scoring. This process loads neither OpenFst nor numba then.
"""

from __future__ import annotations

import importlib.util
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module
from queue import SimpleQueue
from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.decoding.decoded import Decoded
from ov_asr_score.decoding.graph import PdfsOfLabels, make_graph, write_graph
from ov_asr_score.decoding.graph_server import GraphServer, Worker, WorkerEndedError, WorkerTooSlowError
from ov_asr_score.decoding.graphs_in_files import FstInFile, SearchedGraph, write_arrays
from ov_asr_score.decoding.kaldifst_api import import_kaldi_decoder, nameable_file
from ov_asr_score.decoding.search import given_up
from ov_asr_score.decoding.token_passing.code_folder import is_first_use
from ov_asr_score.decoding.token_passing.search_graph import SearchGraph, plain_graph
from ov_asr_score.decoding.token_passing.utterance_search import prepare_search
from ov_asr_score.decoding.worker_process import Answer, Setup, decode_whole
from ov_asr_score.fst.graph_file import GraphFile
from ov_asr_score.settings.words.decoding import DecodingOptions, check_decoding, seconds_allowed
from ov_asr_score.text import printable_name

Scores: TypeAlias = NDArray[np.float32]
Utterances: TypeAlias = Iterable[tuple[str, Scores]]
Result = TypeVar("Result")

_IN_WORK, _IN_FLIGHT = 2, 16  # utterances per worker that wait or are decoded, and that are not yet returned
_BYTES_IN_WORK, _BYTES_IN_FLIGHT = 256 << 20, 1 << 30  # of their scores, which those who gave them may hold
_PATIENCE = 10  # seconds that a worker gets beyond those allowed before it is killed


def decode_all(
    graph: GraphFile | SearchGraph,
    transitions: PdfsOfLabels,
    options: DecodingOptions,
    utterances: Utterances,
    *,
    acoustic_scale: float,
    finish: Callable[[Decoded, float], Result],
    wants_lattices: bool = False,
    workers: int = 0,
) -> Iterator[Result]:
    """What ``finish`` makes of each decoded utterance and the processor seconds for it, in the order of ``utterances``.

    These are pairs of a key and scores [T, pdfs]. ``finish`` is called in the processes, so it and what it returns must
    be such that ``pickle`` can send them. ``workers`` is the number of processes; 0 takes one per core, 1 none but
    this one, where memory is bounded for lattices and lookahead pairs alone. A lookahead pair is given as its
    `SearchGraph`, which knows the meaning of its labels.

    Raises UsageError, MissingExtraError, UnsupportedModelError and ShapeMismatchError (at once, or where scores have
    another width). What goes wrong with one utterance is in the warnings of `Decoded`.
    """
    check_decoding(options, wants_lattices)
    options = replace(options, decoding_scale=acoustic_scale)
    _check_packages(wants_lattices or isinstance(graph, SearchGraph))
    if wants_lattices and isinstance(graph, GraphFile):
        graph = plain_graph(printable_name(graph.path), graph.fst, transitions.pdfs, transitions.num_pdfs)
    if workers == 1 or not hasattr(os, "fork"):
        return _decode_here(graph, transitions, options, utterances, finish, wants_lattices)
    return _decode_there(graph, transitions, options, utterances, finish, wants_lattices, workers or _num_cores())


def _check_packages(compiles: bool) -> None:
    """Raise MissingExtraError where the packages of a search are not there; none of them is imported."""
    if compiles:
        if importlib.util.find_spec("numba") is None:
            import_module("ov_asr_score.decoding.token_passing.compiled")  # says what is missing
        is_first_use()
    elif any(importlib.util.find_spec(name) is None for name in ("kaldi_decoder", "kaldifst")):
        import_kaldi_decoder()


def _num_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _decode_here(
    graph: GraphFile | SearchGraph,
    transitions: PdfsOfLabels,
    options: DecodingOptions,
    utterances: Utterances,
    finish: Callable[[Decoded, float], Result],
    wants_lattices: bool,
) -> Iterator[Result]:
    searched: SearchedGraph
    if isinstance(graph, SearchGraph):
        searched = graph
        prepare_search(graph, options, wants_lattices)
    else:
        penalty = options.word_insertion_penalty
        searched = make_graph(graph.path, graph.fst, transitions.pdfs, transitions.num_pdfs, penalty)
    for key, scores in utterances:
        started = time.thread_time()
        decoded = decode_whole(searched, options, key, scores, wants_lattices)
        yield finish(decoded, time.thread_time() - started)


def _decode_there(
    graph: GraphFile | SearchGraph,
    transitions: PdfsOfLabels,
    options: DecodingOptions,
    utterances: Utterances,
    finish: Callable[[Decoded, float], Result],
    wants_lattices: bool,
    workers: int,
) -> Iterator[Result]:
    penalty = options.word_insertion_penalty
    with nameable_file() as (file, path):
        if isinstance(graph, SearchGraph):
            setup = Setup(write_arrays(file, graph), options, wants_lattices, finish)
        else:
            labels = write_graph(file, graph.path, graph.fst, transitions.pdfs, transitions.num_pdfs, penalty)
            setup = Setup(FstInFile(graph.path, labels, penalty), options, wants_lattices, finish)
        server = GraphServer(setup, file, path)
    with _pool(server, setup, workers) as pool:
        yield from pool.results(utterances)


class _Pool:
    """Threads that wait for a worker each."""

    def __init__(self, server: GraphServer, setup: Setup, workers: int) -> None:
        self._server, self._setup, self._size = server, setup, workers
        self._threads = ThreadPoolExecutor(workers, "decoding")
        self._idle: SimpleQueue[Worker | None] = SimpleQueue()
        self._all: set[Worker] = set()
        self._lock = threading.Lock()
        self._is_closing = False
        for _ in range(workers):
            self._idle.put(None)  # a worker that is started when it is needed

    def results(self, utterances: Utterances) -> Iterator[Any]:
        """The results of the utterances in their order."""
        pending: deque[tuple[Future[Any], int]] = deque()
        for key, scores in utterances:
            while pending and self._is_full(pending, scores.nbytes):
                if pending[0][0].done():
                    yield pending.popleft()[0].result()
                else:
                    wait([future for future, _ in pending if not future.done()], return_when=FIRST_COMPLETED)
            pending.append((self._threads.submit(self._decode, key, scores), scores.nbytes))
            while pending and pending[0][0].done():
                yield pending.popleft()[0].result()
        while pending:
            yield pending.popleft()[0].result()

    def _is_full(self, pending: deque[tuple[Future[Any], int]], further: int) -> bool:
        in_work = [size for future, size in pending if not future.done()]
        return (
            len(pending) >= _IN_FLIGHT * self._size
            or len(in_work) >= _IN_WORK * self._size
            or (bool(in_work) and sum(in_work) + further > _BYTES_IN_WORK)
            or sum(size for _, size in pending) + further > _BYTES_IN_FLIGHT
        )

    def _decode(self, key: str, scores: Scores) -> Any:
        """The result of an utterance, whatever becomes of the worker."""
        started = time.monotonic()
        worker = self._idle.get()
        is_over = True
        try:
            worker = worker or self._started()
            answer = self._asked(worker, key, scores)
            is_over = answer.is_last
        except WorkerTooSlowError:
            answer = self._failed(key, scores, given_up(seconds_allowed(self._setup.options, len(scores))), started)
        except WorkerEndedError as ended:
            answer = self._failed(key, scores, f"the search has ended{ended}", started)
        finally:
            if worker is not None and is_over:
                with self._lock:
                    self._all.discard(worker)
                worker.end()
            self._idle.put(None if is_over else worker)
        if answer.error is not None:
            raise answer.error
        return answer.result

    def _asked(self, worker: Worker, key: str, scores: Scores) -> Answer:
        # The search looks at the clock by itself, but what follows it with lattices does not.
        patience = 0 if self._setup.wants_lattices else _PATIENCE
        return worker.ask(key, scores, seconds_allowed(self._setup.options, len(scores)) + patience)

    def _failed(self, key: str, scores: Scores, warning: str, started: float) -> Answer:
        decoded = Decoded(key, len(scores), None, warnings=(warning,))
        return Answer(self._setup.finish(decoded, time.monotonic() - started))

    def _started(self) -> Worker:
        worker = self._server.start_worker()
        with self._lock:
            self._all.add(worker)
            if self._is_closing:
                worker.kill()
        return worker

    def close(self) -> None:
        """End all workers, also those that decode, and their threads."""
        with self._lock:
            self._is_closing = True
            for worker in self._all:
                worker.kill()
        self._threads.shutdown(cancel_futures=True)
        for worker in self._all:
            worker.end()


@contextmanager
def _pool(server: GraphServer, setup: Setup, workers: int) -> Iterator[_Pool]:
    pool = _Pool(server, setup, workers)
    try:
        yield pool
    finally:
        pool.close()
        server.close()
