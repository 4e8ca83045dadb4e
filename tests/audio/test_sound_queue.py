"""Pieces that wait, the end, and errors."""

from __future__ import annotations

import os
import signal
import threading

import numpy as np
import pytest

from ov_asr_score.audio.sound_queue import SoundQueue
from ov_asr_score.errors import SoundFormatError


def piece(value: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.full(2, value, np.float32)


def test_what_waits_is_given_before_the_end() -> None:
    queue = SoundQueue(4)
    queue.put(piece(1))
    queue.put(piece(2))
    queue.stop()
    queue.put(piece(3))
    assert [float(each[0]) for each in queue] == [1, 2]


def test_errors_come_after_the_sound_before_them() -> None:
    queue = SoundQueue(4)
    queue.put(piece(1))
    queue.end(SoundFormatError("damaged"))
    pieces = iter(queue)
    assert float(next(pieces)[0]) == 1
    with pytest.raises(SoundFormatError, match="damaged"):
        next(pieces)


def test_sound_that_cannot_wait_ends_the_queue() -> None:
    queue = SoundQueue(2)
    for value in range(4):
        queue.offer(piece(value))
    pieces = iter(queue)
    assert [float(next(pieces)[0]) for _ in range(2)] == [0, 1]
    with pytest.raises(SoundFormatError, match="too slow for the sound: 2 pieces wait"):
        next(pieces)


def test_readers_wait_for_free_places() -> None:
    queue, added = SoundQueue(2), []

    def read() -> None:
        for value in range(6):
            queue.put(piece(value))
            added.append(value)
        queue.end()

    thread = threading.Thread(target=read)
    thread.start()
    thread.join(0.05)
    assert len(added) <= 2
    assert [float(each[0]) for each in queue] == [0, 1, 2, 3, 4, 5]
    thread.join()


def test_a_signal_handler_ends_waiting() -> None:
    queue = SoundQueue(2)
    before = signal.signal(signal.SIGUSR1, lambda number, frame: queue.stop())
    try:
        timer = threading.Timer(0.05, os.kill, [os.getpid(), signal.SIGUSR1])
        timer.start()
        assert list(queue) == []
        timer.join()
    finally:
        signal.signal(signal.SIGUSR1, before)
