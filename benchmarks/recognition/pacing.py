"""Sessions that get sound as fast as it is spoken, and what that takes: for ours and for vosk, without this package.

A frame of sound waits until the search has taken it and the caller has the words: for the rest of the piece that it is
in, for that of the network's step, and for the work. The ``latency`` of a frame is the time from its end until then.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

RATE, SAMPLE_BYTES = 16000, 2
FRAME = 0.01  # seconds


class PacedSession(Protocol):
    """A session that is given 16-bit samples."""

    def accept(self, piece: bytes) -> float:
        """Search what there is; seconds of sound that the search has taken."""

    def finish(self) -> str:
        """The words of everything."""


@dataclass(slots=True)
class Paced:
    """What one session found: seconds for each frame, and for each piece; words."""

    latencies: list[float] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)
    words: str = ""


def run_paced(
    begin: Callable[[], PacedSession], sounds: Sequence[bytes], *, sessions: int, piece_seconds: float
) -> tuple[list[Paced], float]:
    """What each of so many sessions found at real-time pace, and how much processor time a second of them took.

    Session n gets ``sounds[n % len(sounds)]``; their pieces come at different moments.
    """
    results = [Paced() for _ in range(sessions)]
    began = threading.Barrier(sessions + 1)
    start = [0.0]

    def run(number: int) -> None:
        session = begin()
        began.wait()
        _feed(
            session,
            sounds[number % len(sounds)],
            start[0] + piece_seconds * number / sessions,
            piece_seconds,
            results[number],
        )

    threads = [threading.Thread(target=run, args=(number,)) for number in range(sessions)]
    for thread in threads:
        thread.start()
    while began.n_waiting < sessions:
        time.sleep(0.01)
    start[0] = time.perf_counter() + 0.05
    processor = time.process_time()
    began.wait()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - start[0]
    return results, (time.process_time() - processor) / seconds


def run_served(
    begin: Callable[[], PacedSession], sounds: Sequence[bytes], *, sessions: int, piece_seconds: float
) -> tuple[list[Paced], float]:
    """As ``run_paced`` on a core that nobody else uses, whatever the machine does.

    Pieces are served one after the other in the order in which they come, and the clock is that of the processor: no
    requests of several sessions.
    """
    results = [Paced() for _ in range(sessions)]
    opened = [begin() for _ in range(sessions)]
    size = round(piece_seconds * RATE) * SAMPLE_BYTES
    coming = []
    for number in range(sessions):
        sound, start = sounds[number % len(sounds)], piece_seconds * number / sessions
        for first in range(0, len(sound), size):
            spoken = min(first + size, len(sound)) / RATE / SAMPLE_BYTES
            coming.append((start + spoken, number, sound[first : first + size], start, spoken))
    clock = busy = 0.0
    taken = [0] * sessions
    for arrives, number, piece, start, spoken in sorted(coming):
        before = time.process_time()
        reached = opened[number].accept(piece)
        work = time.process_time() - before
        busy += work
        clock = max(clock, arrives) + work
        taken[number] = _note(results[number], clock - start, spoken, taken[number], reached)
    for session, found in zip(opened, results, strict=True):
        found.words = session.finish()
    return results, busy / max(each[0] for each in coming)


def _note(found: Paced, now: float, spoken: float, taken: int, reached: float) -> int:
    """How many frames are taken now; their latencies, and the delay of the piece, are noted."""
    found.delays.append(now - spoken)
    frames = int(reached / FRAME + 0.5)
    found.latencies += [now - FRAME * (frame + 1) for frame in range(taken, frames)]
    return max(taken, frames)


def _feed(session: PacedSession, sound: bytes, start: float, piece_seconds: float, found: Paced) -> None:
    piece_bytes = round(piece_seconds * RATE) * SAMPLE_BYTES
    taken = 0  # frames
    for first in range(0, len(sound), piece_bytes):
        piece = sound[first : first + piece_bytes]
        spoken = (first + len(piece)) / RATE / SAMPLE_BYTES
        wait = start + spoken - time.perf_counter()
        if wait > 0:
            time.sleep(wait)
        reached = session.accept(piece)
        taken = _note(found, time.perf_counter() - start, spoken, taken, reached)
    found.words = session.finish()


def quantile(values: Sequence[float], part: float) -> float:
    """The value below which a part of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]
