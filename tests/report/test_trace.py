"""Traces in the trace-event format."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ov_asr_score.errors import FileAccessError
from ov_asr_score.job.run.report_files import trace_file
from ov_asr_score.profiling import LayerTime
from ov_asr_score.report import trace as trace_module
from ov_asr_score.report.trace import LAYERS_NAME, TraceWriter
from tests.command_line import names_in
from tests.traces import checked_trace

LAYERS = (
    LayerTime("affine", "FullyConnected", "brgemm", "EXECUTED", 300.0, 290.0, 3),
    LayerTime("relu \u00e4\udcff", "Eltwise", "jit", "EXECUTED", 30.0, 30.0, 3),
)


def write(path: Path, seconds: list[tuple[float, float]], most_events: int, layers: tuple[LayerTime, ...] = ()) -> None:
    with path.open("w") as file:
        writer = TraceWriter(file, "1.2.3", most_events)
        began = writer._began
        for started, ended in seconds:
            writer.event("reading", "read", began + started, began + ended, utterance="u\udcff", frames=3)
        writer.finish(layers)


def test_event_times_are_microseconds(tmp_path: Path) -> None:
    write(tmp_path / "t.json", [(0.5, 0.75), (1.0, 1.0)], 10)
    (first, second) = checked_trace(tmp_path / "t.json")["ov-asr-score: reading"]
    assert (first["ts"], first["dur"]) == pytest.approx((500_000, 250_000), abs=0.01)
    assert (second["ts"], second["dur"]) == pytest.approx((1_000_000, 0), abs=0.01)
    assert first["args"]["frames"] == 3


def test_layer_track_is_sequential(tmp_path: Path) -> None:
    write(tmp_path / "t.json", [], 10, LAYERS)
    (first, second) = checked_trace(tmp_path / "t.json")[f"{LAYERS_NAME}: slowest first"]
    assert (first["name"], first["ts"], first["dur"]) == ("affine", 0.0, 300.0)
    assert (second["ts"], second["dur"]) == (300.0, 30.0)
    assert first["args"] == {
        "type": "FullyConnected",
        "implementation": "brgemm",
        "calls": 3,
        "mean microseconds": 100.0,
    }


def test_events_beyond_limit_are_merged(tmp_path: Path) -> None:
    write(tmp_path / "t.json", [(index / 100, index / 100 + 0.005) for index in range(1000)], 300)
    events = checked_trace(tmp_path / "t.json")["ov-asr-score: reading"]
    single, folded = events[:300], events[300:]
    assert {event["name"] for event in single} == {"read"}
    assert 7 <= len(folded) <= 8  # seven seconds are left
    assert sum(event["args"]["events"] for event in folded) == 700
    assert sum(event["args"]["milliseconds in all"] for event in folded) == pytest.approx(3500)
    assert max(event["dur"] for event in folded) < 1.01e6
    label = json.loads((tmp_path / "t.json").read_text())["traceEvents"][-1]["args"]["labels"]
    assert label == "700 events after the first 300 are merged by time intervals"


def test_trace_size_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trace_module, "_FOLDS_PER_LENGTH", 10)
    write(tmp_path / "t.json", [(second, second + 0.5) for second in range(100_000)], 0)
    events = checked_trace(tmp_path / "t.json")["ov-asr-score: reading"]
    assert sum(event["args"]["events"] for event in events) == 100_000
    assert len(events) < 200


def test_concurrent_writers(tmp_path: Path) -> None:
    with (tmp_path / "t.json").open("w") as file:
        writer = TraceWriter(file, "1")

        def many(track: str) -> None:
            for index in range(500):
                writer.event(track, "work", writer._began + index, writer._began + index + 0.5)

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(many, ["a", "b", "c", "d"]))
        writer.finish()
    tracks = checked_trace(tmp_path / "t.json")
    assert {name: len(events) for name, events in tracks.items()} == {f"ov-asr-score: {x}": 500 for x in "abcd"}


def test_trace_file_is_renamed_when_finished(folder: Path) -> None:
    with pytest.raises(KeyboardInterrupt), trace_file("t.json"):
        raise KeyboardInterrupt
    assert names_in(folder) == []
    with trace_file("t.json") as writer:
        assert writer is not None
        writer.finish()
        assert "t.json" not in names_in(folder)
    assert names_in(folder) == ["t.json"]
    with trace_file("") as writer:
        assert writer is None


def test_full_disk_is_noticed_early() -> None:
    with pytest.raises(FileAccessError, match="no space left"), trace_file("/dev/full") as writer:
        assert writer is not None
        writer.finish()
        pytest.fail("finish() did not notice")
