"""The report of a benchmark, as JSON and as a table."""

from __future__ import annotations

import io
import json

from rich.console import Console

from ov_asr_score.report.console.bench import BenchReport, Measured, bench_as_dict, render_bench

CHOSEN = Measured("f32", 1, 0, 2, "512 frames per request", (900.0, 1000.0, 1300.0))
OTHER = Measured("bf16", 2, 128, 3, "128 frames per request", (2000.0, 2500.0))


def report(not_measured: int = 0) -> BenchReport:
    return BenchReport(
        model={"path": "model.xml", "kind": "OpenVINO IR"},
        device={"device": "CPU", "name": "a CPU", "precision": "f32"},
        plan={"summary": "512 frames per request", "reason": ""},
        features="noise",
        chosen=CHOSEN,
        others=(OTHER,),
        not_measured=not_measured,
        frame_shift_seconds=0.01,
        load_seconds=0.5,
        total_seconds=9.0,
        notes=("a [note]",),
        versions={"openvino": "2026.4.1"},
    )


def rendered(given: BenchReport) -> list[str]:
    text = io.StringIO()
    render_bench(given, Console(file=text, width=200))
    return text.getvalue().splitlines()


def test_median_and_real_time_factor() -> None:
    assert (CHOSEN.median, OTHER.median) == (1000.0, 2250.0)
    assert CHOSEN.real_time_factor(0.01) == 0.1
    assert report().fastest is OTHER


def test_bench_table() -> None:
    lines = rendered(report(3))
    assert "  frames per second: 1,000 (900 to 1,300)" in lines
    assert "  real-time factor: 0.1 (10 times as fast as speech)" in lines
    head = next(number for number, line in enumerate(lines) if "frames/s" in line)
    rows = [line.split() for line in lines[head + 1 : head + 3]]
    assert rows[0] == ["1,000", "900", "to", "1,300", "0.1", "1.00", "f32", "1", "2", "-", "chosen"]
    assert rows[1][:10] == ["2,250", "2,000", "to", "2,500", "0.0444", "2.25", "bf16", "2", "3", "128"]
    assert lines[head + 2].endswith("  128 frames per request")
    assert "note: a [note]" in lines
    assert "note: 3 more configurations were not measured: out of time" in lines


def test_bench_json() -> None:
    told = json.loads(json.dumps(bench_as_dict(report()), allow_nan=False))
    assert told["chosen"] == {
        "precision": "f32",
        "streams": 1,
        "batch_size": 0,
        "requests": 2,
        "plan": "512 frames per request",
        "frames_per_second": 1000.0,
        "repeats": [900.0, 1000.0, 1300.0],
        "real_time_factor": 0.1,
    }
    assert len(told["others"]) == 1
    assert told["model"]["path"] == "model.xml"
