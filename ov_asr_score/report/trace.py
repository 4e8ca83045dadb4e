"""A trace of a run for Perfetto and Chrome: when was read, inferred, written and compared."""

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
"""Events that are written one by one; those after them are added up."""

LAYERS_NAME = "layers: totals of the run one after the other, not when they ran (plugins tell no more than averages)"

_RUN, _LAYERS = 1, 2  # processes of the trace
_FIRST_FOLD_SECONDS = 1.0
_FOLDS_PER_LENGTH = 1000
_encode = json.JSONEncoder(allow_nan=False, check_circular=False).encode  # made once: a run has many events


@dataclass(slots=True)
class _Fold:
    """Events of one track that became one."""

    started: float
    ended: float
    count: int = 0
    seconds: float = 0.0


class TraceWriter:
    """Writes trace events to an open text file, from any thread, while they come.

    Times are seconds of ``perf_counter``; the trace begins when the writer was made. After ``most_events`` the events
    of a track become one per second, and per ever longer stretches, each with their count and the sum of their times,
    so that the size of a trace is bounded. What a caller does not ``finish`` is no valid JSON. OSError passes through.
    """

    def __init__(self, file: TextIO, tool_version: str, most_events: int = MAX_EVENTS) -> None:
        """Write the head."""
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

    def event(self, track: str, name: str, started: float, ended: float, **facts: object) -> None:
        """Nothing; ``name`` took from ``started`` to ``ended`` on ``track``, whose events must not overlap."""
        with self._lock:
            if self._num_events < self._most_events:
                self._num_events += 1
                self._complete(track, name, started, ended, facts)
            else:
                self._fold(track, started, ended)

    def finish(self, layers: Sequence[LayerTime] = ()) -> None:
        """Nothing; writes the rest, with a track of the total times of ``layers``."""
        with self._lock:
            for track in list(self._folds):
                self._write_fold(track)
            if layers:
                self._write_layers(layers)
            if self._num_folded:
                note = (
                    f"{self._num_folded} events after the first {self._most_events} are added up by stretches of time"
                )
                self._metadata("process_labels", _RUN, 0, {"labels": note})
            self._file.write("\n]}\n")
            self._file.flush()  # a full disk is to be known now

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
        facts = {"events": fold.count, "milliseconds in all": round(fold.seconds * 1e3, 3)}
        self._complete(track, f"{fold.count} events added up", fold.started, fold.ended, facts)
        self._num_folds += 1
        if self._num_folds % _FOLDS_PER_LENGTH == 0:
            self._fold_seconds *= 2

    def _write_layers(self, layers: Sequence[LayerTime]) -> None:
        self._metadata("process_name", _LAYERS, 0, {"name": LAYERS_NAME})
        self._metadata("thread_name", _LAYERS, 1, {"name": "slowest first"})
        start = 0.0
        for layer in layers:
            facts = {
                "type": layer.type,
                "implementation": layer.exec_type,
                "calls": layer.calls,
                "mean microseconds": round(layer.mean_microseconds, 3),
            }
            self._write(_complete(layer.name, _LAYERS, 1, start, layer.real_microseconds, facts))
            start += layer.real_microseconds

    def _complete(self, track: str, name: str, started: float, ended: float, facts: object) -> None:
        number = self._tracks.get(track)
        if number is None:
            number = self._tracks[track] = len(self._tracks) + 1
            self._metadata("thread_name", _RUN, number, {"name": track})
        start, length = (started - self._began) * 1e6, max(0.0, ended - started) * 1e6
        self._write(_complete(name, _RUN, number, start, length, facts))

    def _metadata(self, name: str, process: int, track: int, facts: dict[str, object]) -> None:
        self._write({"ph": "M", "name": name, "pid": process, "tid": track, "ts": 0, "args": facts})

    def _write(self, event: dict[str, object]) -> None:
        self._file.write(self._separator + _encode(event))
        self._separator = ",\n"


def _complete(name: str, process: int, track: int, start: float, length: float, facts: object) -> dict[str, object]:
    """A complete event as its format has it; times in microseconds."""
    times = {"ts": round(start, 3), "dur": round(length, 3)}
    return {"ph": "X", "name": name, "pid": process, "tid": track, **times, "args": facts}
