"""The report of a suite on a terminal or in a log file.

Tests: tests/cli/commands/test_check.py
"""

from __future__ import annotations

from rich.console import Console

from ov_asr_score.report.console.run import render_table
from ov_asr_score.report.data.suite import SuiteReport, printable_line, result_cells

_COLUMNS = ("verdict", "max error", "rms error", "agreement", "frames/s", "case [device precision], reason")


def render_suite(report: SuiteReport, console: Console) -> None:
    """Print one table, the recorded files, and the verdict."""
    rows = []
    for result in report.results:
        _, _, _, verdict, max_error, rms, agreement, speed, reason = result_cells(result)
        rows.append((verdict, max_error, rms, agreement, speed, f"{result.name}: {reason}" if reason else result.name))
    render_table(console, report.suite, _COLUMNS, rows)
    for name in report.recorded:
        console.print(
            f"recorded: {printable_line(name)}", style="yellow", markup=False, highlight=False, soft_wrap=True
        )
    style = "bold green" if report.verdict == "ok" else "bold red"
    console.print(
        f"verdict: {report.verdict} ({report.summary})", style=style, markup=False, highlight=False, soft_wrap=True
    )
