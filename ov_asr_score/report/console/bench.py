"""What a benchmark of one model found: plain data, as JSON, and as a table."""

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
    """One way to score and how fast it was: frames per second of each repeat.

    ``batch_size`` 0: chosen from the model. ``streams`` is what the device said (0: nothing).
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
    """A benchmark; ``chosen`` is the plan that ``score`` would take, ``others`` are ways to force."""

    model: Mapping[str, object]
    device: Mapping[str, object]
    plan: Mapping[str, object]
    features: str
    chosen: Measured
    others: tuple[Measured, ...]
    not_measured: int  # ways for which no time was left
    frame_shift_seconds: float
    load_seconds: float
    total_seconds: float
    notes: tuple[str, ...]
    versions: Mapping[str, str]

    @property
    def fastest(self) -> Measured:
        """The way with the largest median."""
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
        "others": [_measured_as_dict(each, report.frame_shift_seconds) for each in report.others],
        "not_measured": report.not_measured,
        "notes": list(report.notes),
        "versions": dict(report.versions),
    }


def render_bench(report: BenchReport, console: Console) -> None:
    """Print the plan, the speed of the plan, and the table of other ways."""
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
    columns = ("frames/s", "least and most", "RTF", "of chosen", "precision", "streams", "requests", "-bs", "plan")
    rows = [_row(report, each) for each in (chosen, *report.others)]
    render_table(console, "Other ways", columns, rows)
    notes = list(report.notes)
    if report.not_measured:
        notes.append(f"{report.not_measured} more ways were not measured: the time (--seconds) was over")
    for note in notes:
        console.print(f"note: {note}", style="yellow", markup=False, highlight=False, soft_wrap=True)


def _row(report: BenchReport, each: Measured) -> tuple[str, ...]:
    return (
        f"{each.median:,.0f}",
        _spread(each),
        f"{each.real_time_factor(report.frame_shift_seconds):.3g}",
        f"{each.median / report.chosen.median:.2f}",
        each.precision,
        str(each.streams or "-"),
        str(each.requests),
        str(each.batch_size or "-"),
        "chosen" if each is report.chosen else "the same" if each.plan == report.chosen.plan else each.plan,
    )


def _spread(each: Measured) -> str:
    return f"{min(each.frames_per_second):,.0f} to {max(each.frames_per_second):,.0f}"


def _measured_as_dict(each: Measured, frame_shift_seconds: float) -> dict[str, object]:
    return {
        "precision": each.precision,
        "streams": each.streams,
        "batch_size": each.batch_size,
        "requests": each.requests,
        "plan": each.plan,
        "frames_per_second": each.median,
        "repeats": list(each.frames_per_second),
        "real_time_factor": each.real_time_factor(frame_shift_seconds),
    }
