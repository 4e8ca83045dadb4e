"""A process that recognizes: loads a model, and does what it is told on standard input, in lines of JSON.

Needs nothing but Python and what the contestant itself brings: vosk runs in an environment of its own.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
import wave
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Protocol

from benchmarks.recognition.pacing import RATE, SAMPLE_BYTES, PacedSession, quantile, run_paced, run_served


class Worker(Protocol):
    """What a contestant can do."""

    def begin(self, low_latency: bool) -> PacedSession:
        """A new session."""

    def whole(self, paths: list[str]) -> dict[str, str]:
        """The words of whole files, by name; raises NotImplementedError where there are only sessions."""


def serve(load: Callable[[str], Worker], arguments: Iterable[str]) -> None:
    """Load the model, and answer until standard input ends; arguments are a core, the folder and sound files."""
    started = time.perf_counter()
    core, folder, *paths = arguments
    os.sched_setaffinity(0, {int(core)})
    worker = load(folder)
    loaded = {
        "load_seconds": time.perf_counter() - started,
        "load_processor": time.process_time(),
        "loaded_bytes": _peak_bytes(),
    }
    sounds = [_samples(path) for path in paths]
    first = worker.begin(False)
    first.accept(sounds[0])
    words = first.finish()
    _tell({**loaded, "first_words_seconds": time.perf_counter() - started, "words": words})
    for line in sys.stdin:
        wish = json.loads(line)
        work = _WORK[wish.pop("do")]
        _tell(work(worker, paths, sounds, **wish))


def _whole(worker: Worker, paths: list[str], sounds: list[bytes]) -> dict[str, Any]:
    started, processor = time.perf_counter(), time.process_time()
    words = worker.whole(paths)
    return _times(started, processor) | {"words": words}


def _live(
    worker: Worker, paths: list[str], sounds: list[bytes], piece: float, low_latency: bool = False
) -> dict[str, Any]:
    """Each file through a session, as fast as it goes."""
    started, processor = time.perf_counter(), time.process_time()
    words = {}
    size = round(piece * RATE) * SAMPLE_BYTES
    for path, sound in zip(paths, sounds, strict=True):
        session = worker.begin(low_latency)
        for first in range(0, len(sound), size):
            session.accept(sound[first : first + size])
        words[Path(path).stem] = session.finish()
    return _times(started, processor) | {"words": words}


def _pace(
    worker: Worker,
    paths: list[str],
    sounds: list[bytes],
    sessions: int,
    piece: float,
    low_latency: bool = False,
    clock: str = "wall",
) -> dict[str, Any]:
    run = run_served if clock == "processor" else run_paced
    groups = [sounds] if sessions else [[sound] for sound in sounds]  # no sessions: each sound alone
    found, loads = [], []
    for group in groups:
        served, load = run(lambda: worker.begin(low_latency), group, sessions=sessions or 1, piece_seconds=piece)
        found += served
        loads.append(load)
    latencies = [value for each in found for value in each.latencies]
    delays = [value for each in found for value in each.delays]
    return {
        "processor": max(loads),
        "latency": [quantile(latencies, part) for part in (0.5, 0.95)],
        "delay": [quantile(delays, part) for part in (0.5, 0.95)],
        "words": {Path(path).stem: each.words for path, each in zip(paths, found, strict=False)},
    }


def _times(started: float, processor: float) -> dict[str, Any]:
    return {
        "seconds": time.perf_counter() - started,
        "processor": time.process_time() - processor,
        "peak_bytes": _peak_bytes(),
    }


def _peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1024 if sys.platform != "darwin" else 1)


def _samples(path: str) -> bytes:
    with wave.open(path) as file:
        data: bytes = file.readframes(file.getnframes())
        return data


def _tell(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


_WORK: dict[str, Callable[..., dict[str, Any]]] = {"whole": _whole, "live": _live, "pace": _pace}
