"""The page of a suite: an overall verdict, then all runs with their reasons.

Tests: tests/report/test_html_suite_and_layers.py
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TextIO

from ov_asr_score.report.data.suite import RANKING_COLUMNS, RankedRun, RunResult, SuiteReport, ranking_title
from ov_asr_score.report.html import page
from ov_asr_score.report.html.page import Cell, Html, KeyFigure, PageVerdict, Section

_MAX_REASONS = 5
_WORDS = {"ok": "OK", "failed": "Failed", "nothing": "Nothing run"}
_COLUMNS = (
    *("case", "device", "precision", "verdict", "largest error", "RMS error", "same best class, %"),
    *("frames/s", "speed ratio", "frames", "seconds", "largest error at", "words", "reason"),
)


def write_suite_page(file: TextIO, report: SuiteReport) -> None:
    """Write the page of a suite to an open text file. Passes OSError on."""
    bad = [result for result in report.results if result.status in ("failed", "error")]
    reasons = [f"{result.name}: {result.reason}" for result in bad[:_MAX_REASONS]]
    reasons += [f"and {len(bad) - _MAX_REASONS} more, below"] if len(bad) > _MAX_REASONS else []
    verdict = PageVerdict(report.verdict == "ok", _WORDS[report.verdict], reasons or [report.summary])
    page.write_page(file, report.suite, verdict, list(_figures(report)), _sections(report))


def _figures(report: SuiteReport) -> Iterator[KeyFigure]:
    for status, number in report.counts.items():
        if number or status in ("passed", "failed"):
            yield KeyFigure(status, f"{number:,}")
    yield KeyFigure("frames scored", f"{sum(result.frames for result in report.results):,}")
    yield KeyFigure("seconds", page.number(report.seconds))


def _sections(report: SuiteReport) -> Iterator[Section]:
    yield Section("Runs", page.table(_COLUMNS, [_row(result) for result in report.results], filters="Filter runs"))
    for ranking in report.rankings:
        yield Section(
            f"Ranking on {ranking_title(ranking)}",
            page.table(RANKING_COLUMNS, [_ranked_row(run) for run in ranking.runs]),
        )
    notes = [f"{result.name}: {note}" for result in report.results for note in result.notes]
    recorded = [f"recorded {path}" for path in report.recorded]
    yield Section("Notes", page.lines("note", [*recorded, *notes]))
    devices = {result.device: result.device_name for result in report.results if result.device_name}
    parts = [
        page.facts("Devices", devices),
        page.facts("Versions", {"ov-asr-score": report.tool_version, **report.versions}),
    ]
    yield Section("Devices and versions", page.columns(parts) if any(parts) else Html(""))


def _ranked_row(run: RankedRun) -> Sequence[Cell]:
    size = None if run.model_bytes is None else run.model_bytes / 1e6
    share = None if run.best_probability is None else page.percentage(run.best_probability)
    return (run.wer_percent, run.errors, run.real_time_factor, size, share, run.p_value, run.name)


def _row(result: RunResult) -> Sequence[Cell]:
    agreement = None if result.class_agreement is None else page.percentage(result.class_agreement)
    place = result.place
    where = f"{place.key}, frame {place.frame}, class {place.column}" if place else None
    return (
        result.case,
        result.device,
        result.precision,
        result.status,
        result.max_error,
        result.rms_error,
        agreement,
        result.frames_per_second,
        result.speed_ratio,
        result.frames,
        result.seconds,
        where,
        None if result.words is None else result.words.text,
        result.reason,
    )
