"""The process that holds the graph and divides itself into workers, as seen from outside.

Tests: tests/decoding/test_workers.py
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.decoding.worker_process import ASK_END, NUMBER, START_WORKER, Answer, Setup
from ov_asr_score.errors import OvAsrScoreError, UnsupportedModelError
from ov_asr_score.text import printable_name

_PROGRAM = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from ov_asr_score.decoding.worker_process import main; main(int(sys.argv[2]), sys.argv[3])"
)
# The libraries of numpy start threads when they are loaded, and a process with threads is not safely divided.
_ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_SECONDS_TO_END = 5
_NO_MEMORY_FOR_THREADS = 127  # the exit code with which the C library ends where C++ cannot tell that memory is short
_PERHAPS_MEMORY = "; perhaps there was not enough memory"


class WorkerEndedError(Exception):
    """A worker has ended before its time; the text says how."""


class WorkerTooSlowError(Exception):
    """A worker did not answer in time."""


class GraphServer:
    """A process that has read a graph. `Worker` objects may be used by one thread each."""

    def __init__(self, setup: Setup, graph: BinaryIO, path: str) -> None:
        """Start the process, and wait until it has read the file ``graph``, which it finds at ``path``.

        Raises UnsupportedModelError if it ends over that, and MissingExtraError.
        """
        self._name, self._lock = setup.graph.name, threading.Lock()
        self._control, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _PROGRAM, json.dumps(sys.path), str(theirs.fileno()), path],
                pass_fds=(theirs.fileno(), graph.fileno()),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=os.environ | _ONE_THREAD,
            )
        try:
            self._set_up(setup)
        except BaseException:
            self.close()
            raise

    def _set_up(self, setup: Setup) -> None:
        line = Connection(os.dup(self._control.fileno()))
        try:
            line.send(setup)
            error = line.recv()
        except (EOFError, ConnectionError):
            end = _in_words(self._process.wait())
            raise UnsupportedModelError(
                f"{printable_name(setup.graph.name)}: the decoder ended over this graph{end}"
            ) from None
        finally:
            line.close()
        if error is not None:
            raise error

    def start_worker(self) -> Worker:
        """Another worker. Raises OvAsrScoreError if the process of the graph is gone."""
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                with self._lock:
                    socket.send_fds(self._control, [START_WORKER], [theirs.fileno()])
                    process = self._receive()
            except OSError as error:
                ours.close()
                name = printable_name(self._name)
                raise OvAsrScoreError(
                    f"{name}: the process that holds the graph has ended; perhaps there was not enough memory"
                ) from error
        return Worker(self, Connection(ours.detach()), process)

    def await_end(self, process: int) -> str:
        """Wait for the end of a worker, and say how it ended, in words to put behind "has ended"."""
        try:
            with self._lock:
                self._control.sendall(ASK_END + NUMBER.pack(process))
                status = self._receive()
        except OSError:
            return ""
        return _in_words(os.waitstatus_to_exitcode(status))

    def _receive(self) -> int:
        data = self._control.recv(NUMBER.size, socket.MSG_WAITALL)
        if len(data) < NUMBER.size:
            raise ConnectionError
        return int(NUMBER.unpack(data)[0])

    def close(self) -> None:
        """End the process and its workers."""
        self._control.close()
        try:
            self._process.wait(_SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class Worker:
    """A process that decodes, one utterance at a time."""

    def __init__(self, server: GraphServer, line: Any, process: int) -> None:
        """Keep what `GraphServer.start_worker` has made."""
        self._server, self._line, self._process = server, line, process
        self._has_ended = False  # its number may be that of another process then

    def ask(self, key: str, scores: NDArray[np.float32], seconds: float) -> Answer:
        """What comes of an utterance. Raises WorkerEndedError and WorkerTooSlowError: then only `end` is left."""
        values = np.ascontiguousarray(scores, np.float32)
        try:
            self._line.send((key, values.shape))
            self._line.send_bytes(values.data.cast("B"))
            if not self._line.poll(seconds):
                raise WorkerTooSlowError
            answer: Answer = self._line.recv()
        except (EOFError, OSError):
            self._has_ended = True
            raise WorkerEndedError(self._server.await_end(self._process)) from None
        return answer

    def kill(self) -> None:
        """Kill the process, whatever it does; a thread that waits for its answer gets an error."""
        if not self._has_ended:
            with suppress(ProcessLookupError):
                os.kill(self._process, signal.SIGKILL)

    def end(self) -> None:
        """End the process, and forget it."""
        self._line.close()
        if not self._has_ended:
            self.kill()
            self._has_ended = True
            self._server.await_end(self._process)


def _in_words(code: int) -> str:
    """How a process ended with an exit code as of ``subprocess``."""
    if code >= 0:
        hint = _PERHAPS_MEMORY if code == _NO_MEMORY_FOR_THREADS else ""
        return f" with exit code {code}{hint}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    hint = _PERHAPS_MEMORY if -code == signal.SIGKILL else ""
    return f" by {name}{hint}"
