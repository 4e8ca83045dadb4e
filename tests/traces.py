"""Checks of what Perfetto requires of a trace in the trace-event format."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

Event = dict[str, Any]


def checked_trace(path: Path) -> dict[str, list[Event]]:
    """Complete events by track (``process: thread``), in the order of their starts; fails on what breaks the format."""
    trace = json.loads(path.read_text(encoding="ascii"))
    assert trace["otherData"]["format"] == "ov-asr-score-trace"
    assert trace["otherData"]["format_version"] == 1
    assert trace["displayTimeUnit"] == "ms"
    names: dict[tuple[str, int, int], str] = {}
    by_track: dict[tuple[int, int], list[Event]] = {}
    for event in trace["traceEvents"]:
        assert isinstance(event["name"], str)
        assert event["name"]
        assert type(event["pid"]) is int
        assert type(event["tid"]) is int
        assert isinstance(event["args"], dict)
        if event["ph"] == "M":
            kind = event["name"]
            assert kind in ("process_name", "thread_name", "process_labels")
            value = event["args"]["labels" if kind == "process_labels" else "name"]
            assert names.setdefault((kind, event["pid"], event["tid"]), value) == value
            continue
        assert event["ph"] == "X"
        for field in ("ts", "dur"):
            assert isinstance(event[field], int | float)
            assert event[field] >= 0
        by_track.setdefault((event["pid"], event["tid"]), []).append(event)
    found = {}
    for (process, thread), events in by_track.items():
        events.sort(key=lambda event: event["ts"])
        for event, following in pairwise(events):
            # a microsecond has three decimals in a trace
            assert event["ts"] + event["dur"] <= following["ts"] + 0.002, "events of a track must not overlap"
        name = f"{names['process_name', process, 0]}: {names['thread_name', process, thread]}"
        assert name not in found
        found[name] = events
    return found
