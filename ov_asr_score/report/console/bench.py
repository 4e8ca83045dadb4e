"""The report of a benchmark: plain data, JSON, and a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

from rich.console import Console

from ov_asr_score.report.console.run import render_facts, render_table

FORMAT = "ov-asr-score-bench"
FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True)
class Measured:
    """The speed of one configuration: frames per second of each repeat.

    ``batch_size`` 0: chosen from the model. ``streams`` is the number that the device reports (0: none).
    """

    precision: str
    streams: int
    batch_size: int
    requests: int
    plan: str
    frames_per_second: tuple[float, ...]

    @property
    def median(self) -> float:
        """Median frames per second."""
        return median(self.frames_per_second)

    def real_time_factor(self, frame_shift_seconds: float) -> float:
        """Seconds of work per second of speech."""
        return 1.0 / (self.median * frame_shift_seconds)


@dataclass(frozen=True, slots=True)
class BenchReport:
    """A benchmark of a model; ``chosen`` is the configuration that ``score`` uses, options can force ``others``."""

    model: Mapping[str, object]
    device: Mapping[str, object]
    plan: Mapping[str, object]
    features: str
    chosen: Measured
    others: tuple[Measured, ...]
    not_measured: int  # configurations for which no time was left
    frame_shift_seconds: float
    load_seconds: float
    total_seconds: float
    notes: tuple[str, ...]
    versions: Mapping[str, str]

    @property
    def fastest(self) -> Measured:
        """The configuration with the largest median."""
        return max((self.chosen, *self.others), key=lambda measured: measured.median)


def bench_as_dict(report: BenchReport) -> dict[str, object]:
    """The report as dicts, lists, strings and numbers."""
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "model": dict(report.model),
        "device": dict(report.device),
        "plan": dict(report.plan),
        "features": report.features,
        "frame_shift_seconds": report.frame_shift_seconds,
        "load_seconds": report.load_seconds,
        "total_seconds": report.total_seconds,
        "chosen": _measured_as_dict(report.chosen, report.frame_shift_seconds),
        "others": [_measured_as_dict(other, report.frame_shift_seconds) for other in report.others],
        "not_measured": report.not_measured,
        "notes": list(report.notes),
        "versions": dict(report.versions),
    }


def render_bench(report: BenchReport, console: Console) -> None:
    """Print the plan, its speed, and a table of other configurations."""
    chosen, shift = report.chosen, report.frame_shift_seconds
    render_facts(console, "Model", {name: report.model.get(name) for name in ("path", "kind", "summary")})
    render_facts(console, "Device", {name: report.device[name] for name in ("device", "name", "precision")})
    render_facts(console, "Plan", report.plan)
    factor = chosen.real_time_factor(shift)
    speed = {
        "features": report.features,
        "frames per second": f"{chosen.median:,.0f} ({_spread(chosen)})",
        "real-time factor": f"{factor:.3g} ({1 / factor:,.0f} times as fast as speech)",
        "loading": f"{report.load_seconds:.3f} s",
    }
    render_facts(console, "Speed of scoring, without reading and writing", speed)
    columns = ("frames/s", "min to max", "RTF", "of chosen", "precision", "streams", "requests", "batch", "plan")
    rows = [_row(report, measured) for measured in (chosen, *report.others)]
    render_table(console, "Other configurations", columns, rows)
    notes = list(report.notes)
    if report.not_measured:
        notes.append(f"{report.not_measured} more configurations were not measured: out of time")
    for note in notes:
        console.print(f"note: {note}", style="yellow", markup=False, highlight=False, soft_wrap=True)


def _row(report: BenchReport, measured: Measured) -> tuple[str, ...]:
    return (
        f"{measured.median:,.0f}",
        _spread(measured),
        f"{measured.real_time_factor(report.frame_shift_seconds):.3g}",
        f"{measured.median / report.chosen.median:.2f}",
        measured.precision,
        str(measured.streams or "-"),
        str(measured.requests),
        str(measured.batch_size or "-"),
        "chosen" if measured is report.chosen else "the same" if measured.plan == report.chosen.plan else measured.plan,
    )


def _spread(measured: Measured) -> str:
    return f"{min(measured.frames_per_second):,.0f} to {max(measured.frames_per_second):,.0f}"


def _measured_as_dict(measured: Measured, frame_shift_seconds: float) -> dict[str, object]:
    return {
        "precision": measured.precision,
        "streams": measured.streams,
        "batch_size": measured.batch_size,
        "requests": measured.requests,
        "plan": measured.plan,
        "frames_per_second": measured.median,
        "repeats": list(measured.frames_per_second),
        "real_time_factor": measured.real_time_factor(frame_shift_seconds),
    }
