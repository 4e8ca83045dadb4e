"""The report of a suite on a terminal or in a log file.

Tests: tests/cli/commands/test_check.py
"""

from __future__ import annotations

from rich.console import Console

from ov_asr_score.report.console.run import render_table
from ov_asr_score.report.data.suite import (
    RANKING_COLUMNS,
    SuiteReport,
    printable_line,
    ranking_cells,
    ranking_title,
    result_cells,
    run_columns,
)

_RUN = "case [device precision], reason"
_NOT_SHOWN = ("case", "device", "precision", "reason")  # they are in the last column


def render_suite(report: SuiteReport, console: Console) -> None:
    """Print one table, the rankings, the recorded files, and the verdict."""
    columns = [name for name in run_columns(report) if name not in _NOT_SHOWN]
    rows = []
    for result in report.results:
        cells = result_cells(result)
        run = f"{result.name}: {result.reason}" if result.reason else result.name
        rows.append((*(cells[name] for name in columns), run))
    render_table(console, report.suite, (*columns, _RUN), rows)
    for ranking in report.rankings:
        render_table(console, ranking_title(ranking), RANKING_COLUMNS, [ranking_cells(run) for run in ranking.runs])
    for name in report.recorded:
        console.print(
            f"recorded: {printable_line(name)}", style="yellow", markup=False, highlight=False, soft_wrap=True
        )
    style = "bold green" if report.verdict == "ok" else "bold red"
    console.print(
        f"verdict: {report.verdict} ({report.summary})", style=style, markup=False, highlight=False, soft_wrap=True
    )
