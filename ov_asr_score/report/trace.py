"""Trace of a run for Perfetto and Chrome: a timeline of reading, inference, writing and comparison."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from time import perf_counter
from typing import TextIO

from ov_asr_score.profiling import LayerTime

FORMAT = "ov-asr-score-trace"
FORMAT_VERSION = 1

MAX_EVENTS = 200_000
"""Number of events that are written individually; later ones are merged."""

LAYERS_NAME = "layers: total times in sequence, not when they ran (plugins only report averages)"

_RUN, _LAYERS = 1, 2  # processes of the trace
_FIRST_FOLD_SECONDS = 1.0
_FOLDS_PER_LENGTH = 1000
_encode = json.JSONEncoder(allow_nan=False, check_circular=False).encode  # created once, because a run has many events


@dataclass(slots=True)
class _Fold:
    """Events of one track merged into one."""

    started: float
    ended: float
    count: int = 0
    seconds: float = 0.0


class TraceWriter:
    """Writes trace events to an open text file as they occur, from any thread.

    Times are seconds of ``perf_counter``; the trace begins when the writer is created. After ``most_events``, events of
    a track are merged into one per second, and later per increasingly long intervals, each with its count and total
    time, so that the size of a trace is bounded. The file is valid JSON only after ``finish``. Passes OSError on.
    """

    def __init__(self, file: TextIO, tool_version: str, most_events: int = MAX_EVENTS) -> None:
        """Write the beginning of the file."""
        self._file, self._most_events = file, most_events
        self._began = perf_counter()
        self._lock = Lock()
        self._tracks: dict[str, int] = {}
        self._folds: dict[str, _Fold] = {}
        self._fold_seconds = _FIRST_FOLD_SECONDS
        self._num_events = self._num_folds = self._num_folded = 0
        self._separator = "\n"
        head = {"format": FORMAT, "format_version": FORMAT_VERSION, "tool_version": tool_version}
        file.write(f'{{"displayTimeUnit": "ms", "otherData": {json.dumps(head)}, "traceEvents": [')
        self._metadata("process_name", _RUN, 0, {"name": "ov-asr-score"})

    def event(self, track: str, name: str, started: float, ended: float, **details: object) -> None:
        """Write that ``name`` took from ``started`` to ``ended`` on ``track``, whose events must not overlap.

        ``details`` are shown with the event.
        """
        with self._lock:
            if self._num_events < self._most_events:
                self._num_events += 1
                self._complete(track, name, started, ended, details)
            else:
                self._fold(track, started, ended)

    def finish(self, layers: Sequence[LayerTime] = ()) -> None:
        """Write the end of the file, with a track of the total times of ``layers``."""
        with self._lock:
            for track in list(self._folds):
                self._write_fold(track)
            if layers:
                self._write_layers(layers)
            if self._num_folded:
                note = f"{self._num_folded} events after the first {self._most_events} are merged by time intervals"
                self._metadata("process_labels", _RUN, 0, {"labels": note})
            self._file.write("\n]}\n")
            self._file.flush()  # so that a full disk is noticed now

    def _fold(self, track: str, started: float, ended: float) -> None:
        fold = self._folds.get(track)
        if fold is not None and started - fold.started >= self._fold_seconds:
            self._write_fold(track)
            fold = None
        if fold is None:
            fold = self._folds[track] = _Fold(started, ended)
        fold.ended = max(fold.ended, ended)
        fold.count += 1
        fold.seconds += ended - started
        self._num_folded += 1

    def _write_fold(self, track: str) -> None:
        fold = self._folds.pop(track)
        details = {"events": fold.count, "milliseconds in all": round(fold.seconds * 1e3, 3)}
        self._complete(track, f"{fold.count} merged events", fold.started, fold.ended, details)
        self._num_folds += 1
        if self._num_folds % _FOLDS_PER_LENGTH == 0:
            self._fold_seconds *= 2

    def _write_layers(self, layers: Sequence[LayerTime]) -> None:
        self._metadata("process_name", _LAYERS, 0, {"name": LAYERS_NAME})
        self._metadata("thread_name", _LAYERS, 1, {"name": "slowest first"})
        start = 0.0
        for layer in layers:
            details = {
                "type": layer.type,
                "implementation": layer.exec_type,
                "calls": layer.calls,
                "mean microseconds": round(layer.mean_microseconds, 3),
            }
            self._write(_complete(layer.name, _LAYERS, 1, start, layer.real_microseconds, details))
            start += layer.real_microseconds

    def _complete(self, track: str, name: str, started: float, ended: float, details: object) -> None:
        number = self._tracks.get(track)
        if number is None:
            number = self._tracks[track] = len(self._tracks) + 1
            self._metadata("thread_name", _RUN, number, {"name": track})
        start, length = (started - self._began) * 1e6, max(0.0, ended - started) * 1e6
        self._write(_complete(name, _RUN, number, start, length, details))

    def _metadata(self, name: str, process: int, track: int, details: dict[str, object]) -> None:
        self._write({"ph": "M", "name": name, "pid": process, "tid": track, "ts": 0, "args": details})

    def _write(self, event: dict[str, object]) -> None:
        self._file.write(self._separator + _encode(event))
        self._separator = ",\n"


def _complete(name: str, process: int, track: int, start: float, length: float, details: object) -> dict[str, object]:
    """A complete event (``"ph": "X"``) of the trace-event format; times in microseconds."""
    times = {"ts": round(start, 3), "dur": round(length, 3)}
    return {"ph": "X", "name": name, "pid": process, "tid": track, **times, "args": details}
