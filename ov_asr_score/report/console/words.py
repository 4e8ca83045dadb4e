"""The report of ``decode`` on the console."""

from __future__ import annotations

from rich.console import Console

from ov_asr_score.report.console.decoded_lines import MAX_LISTED, word_lines
from ov_asr_score.report.console.run import render_line
from ov_asr_score.report.data.words import DecodeReport


def render_decode_report(report: DecodeReport, console: Console) -> None:
    """Print what was decoded, how fast, with how many errors, and what is to be known."""
    for note in report.notes:
        render_line(console, f"note: {note}", "yellow")
    for text, style in word_lines(report.totals, MAX_LISTED):
        render_line(console, text, style)
    for message in report.limit_messages:
        render_line(console, f"failed: {message}", "red")
