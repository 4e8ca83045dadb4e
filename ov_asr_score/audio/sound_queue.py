"""Pieces of sound between the thread that records or reads them and the one that listens."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from queue import Empty, SimpleQueue

from ov_asr_score.audio.sample_formats import Samples
from ov_asr_score.errors import SoundFormatError

_SECONDS_OF_WAITING = 0.5


class SoundQueue:
    """Pieces of sound in their order, at most ``most_waiting`` of which wait.

    Iterating gives them until the end: that of the sound, an error, which is raised, or ``stop``. What waits then is
    given before.
    """

    def __init__(self, most_waiting: int) -> None:
        """Begin with nothing."""
        self._queue: SimpleQueue[Samples | Exception | None] = SimpleQueue()
        self._free = threading.Semaphore(most_waiting)
        self._most_waiting = most_waiting
        self._is_over = False

    def put(self, piece: Samples) -> None:
        """Add a piece; waits while there are too many."""
        self._free.acquire()
        self._queue.put(piece)

    def offer(self, piece: Samples) -> None:
        """Add a piece of sound that cannot wait; one too many ends the queue with an error."""
        if self._free.acquire(blocking=False):
            self._queue.put(piece)
        elif not self._is_over:
            self.end(
                SoundFormatError(
                    f"recognition is too slow for the sound: {self._most_waiting} pieces wait; use a smaller model "
                    "or a faster machine"
                )
            )

    def end(self, error: Exception | None = None) -> None:
        """Say that no more will come, because of an ``error`` if there is one."""
        self._is_over = True
        self._queue.put(error)

    def stop(self) -> None:
        """End the queue; a signal handler may call it at any time, as nothing is locked in Python."""
        self._queue.put(None)

    def __iter__(self) -> Iterator[Samples]:
        """The pieces. Raises the error that ended them."""
        while True:
            try:
                item = self._queue.get(timeout=_SECONDS_OF_WAITING)
            except Empty:  # handlers of signals that other threads got have run now
                continue
            if item is None:
                return
            if isinstance(item, Exception):
                raise item
            self._free.release()
            yield item
