"""What runs in the processes that decode: one that holds the graph, and its copies, each of which serves one thread.

The first process reads the graph and divides itself for every worker, so that all of them share the memory of the
graph. It has one thread and never sees OpenVINO, so that dividing it is safe. It is told so over a socket: a byte says
what to do, and a number or a file descriptor comes with it. Arrays and plain records go to and from the workers.

Tests: tests/decoding/test_workers.py
"""

from __future__ import annotations

import os
import signal
import socket
import struct
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from ov_asr_score.decoding.decoded import Decoded
from ov_asr_score.decoding.graph import DecodingGraph
from ov_asr_score.decoding.graphs_in_files import GraphInFile, SearchedGraph
from ov_asr_score.decoding.search import TOO_MUCH_MEMORY, decode
from ov_asr_score.decoding.token_passing.search_graph import SearchGraph
from ov_asr_score.decoding.token_passing.utterance_search import prepare_search, search_utterance
from ov_asr_score.errors import OvAsrScoreError
from ov_asr_score.settings.words.decoding import DecodingOptions

START_WORKER, ASK_END = b"s", b"e"
NUMBER = struct.Struct("<q")  # the id of a process, or how it ended (os.waitpid)


@dataclass(frozen=True, slots=True, eq=False)
class Setup:
    """What all workers need. ``finish`` makes the result of an utterance of what was decoded and the seconds for it."""

    graph: GraphInFile
    options: DecodingOptions
    wants_lattices: bool
    finish: Callable[[Decoded, float], Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of an utterance, or the error that ends the run; ``is_last`` if the worker ends after it."""

    result: Any = None
    error: BaseException | None = None
    is_last: bool = False


def main(control_descriptor: int, path: str) -> None:
    """Read the graph in the file ``path``, and start workers until the other side is gone.

    That gets None once the graph is read, or the error.
    """
    # Ctrl-C goes to all processes of the terminal; the parent tells what to do then.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    control = socket.socket(fileno=control_descriptor)
    line = Connection(os.dup(control_descriptor))
    try:
        setup: Setup = line.recv()
        graph = setup.graph.open(path)
        if isinstance(graph, SearchGraph):  # once for all workers
            prepare_search(graph, setup.options, setup.wants_lattices)
    except Exception as error:
        known = isinstance(error, OvAsrScoreError)
        line.send(error if known else RuntimeError(traceback.format_exc()))
        return
    line.send(None)
    line.close()
    workers: set[int] = set()
    try:
        while True:
            command, descriptors, _, _ = socket.recv_fds(control, 1 + NUMBER.size, 1)
            if command[:1] == START_WORKER:
                workers.add(_start_worker(control, descriptors[0], setup, graph))
            elif command[:1] == ASK_END:
                (worker,) = NUMBER.unpack(command[1:])
                _, status = os.waitpid(worker, 0)
                workers.discard(worker)
                control.sendall(NUMBER.pack(status))
            else:
                break
    finally:
        for worker in workers:
            with suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL)


def _start_worker(control: socket.socket, descriptor: int, setup: Setup, graph: SearchedGraph) -> int:
    worker = os.fork()
    if worker == 0:
        try:
            control.close()
            serve(Connection(descriptor), setup, graph)
        finally:
            # nothing of the process that was divided is ended twice
            os._exit(0)
    os.close(descriptor)
    control.sendall(NUMBER.pack(worker))
    return worker


def serve(line: Any, setup: Setup, graph: SearchedGraph) -> None:
    """Decode what comes over ``line``, a key and the shape of scores, then the scores, until the other side is gone."""
    with suppress(EOFError, ConnectionError):
        while True:
            key, shape = line.recv()
            scores = np.frombuffer(line.recv_bytes(), np.float32).reshape(shape)
            with _limited_memory(setup.options.decoding_memory):
                answer = _answer(key, scores, setup, graph)
            del scores
            line.send(answer)
            if answer.is_last:
                break


def _answer(key: str, scores: Any, setup: Setup, graph: SearchedGraph) -> Answer:
    started = time.process_time()
    try:
        decoded = decode_whole(graph, setup.options, key, scores, setup.wants_lattices)
        return Answer(setup.finish(decoded, time.process_time() - started))
    except MemoryError:
        decoded = Decoded(key, len(scores), None, warnings=(TOO_MUCH_MEMORY,))
        # what is left of the memory may be in pieces
        return Answer(setup.finish(decoded, time.process_time() - started), is_last=True)
    except OvAsrScoreError as error:
        return Answer(error=error)
    except Exception:
        return Answer(error=RuntimeError(f"utterance '{key}': {traceback.format_exc()}"))


def decode_whole(graph: SearchedGraph, options: DecodingOptions, key: str, scores: Any, wants_lattice: bool) -> Decoded:
    """What comes of an utterance; graphs in the hands of OpenFst give no lattices."""
    if isinstance(graph, DecodingGraph):
        return decode(graph, options, key, scores)
    return search_utterance(graph, options, key, scores, wants_lattice)


@contextmanager
def _limited_memory(allowed: int) -> Iterator[None]:
    """Let the process take ``allowed`` bytes more than it has; then it gets a MemoryError. Linux only."""
    status = Path("/proc/self/status")
    if sys.platform != "linux" or not status.exists():
        yield
        return
    import resource

    used = next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmData:"))
    before, most = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = (used << 10) + allowed
    resource.setrlimit(
        resource.RLIMIT_DATA, (wanted if before == resource.RLIM_INFINITY else min(wanted, before), most)
    )
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (before, most))
