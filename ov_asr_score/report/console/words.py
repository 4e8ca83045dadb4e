"""What came of decoding, as lines for people: part of the report of a run, and the report of ``decode``."""

from __future__ import annotations

from rich.console import Console

from ov_asr_score.report.console.lines import render_line
from ov_asr_score.report.data.words import DecodeReport, WordTotals
from ov_asr_score.word_errors.kaldi_lines import kaldi_lines

_LISTED = 10


def render_decode_report(report: DecodeReport, console: Console) -> None:
    """Print what was decoded, how fast, with how many errors, and what is to be known."""
    render_words(report.totals, console)
    for note in report.notes:
        render_line(console, f"note: {note}", "yellow")
    totals = report.totals
    for failure in totals.failures[:_LISTED]:
        render_line(console, f"no words: {failure.key}: {failure.message}", "bold red")
    if totals.num_failures > _LISTED:
        render_line(console, f"no words: {totals.num_failures - _LISTED:,} more utterances", "bold red")


def render_words(totals: WordTotals, console: Console) -> None:
    """Print counts and word errors."""
    render_line(console, summary(totals))
    if totals.errors is not None:
        errors = totals.errors
        for line in kaldi_lines(errors.words, errors.sentences, errors.wrong_sentences, 0):
            render_line(console, line)


def summary(totals: WordTotals) -> str:
    """One line about everything that was decoded."""
    text = f"decoded {totals.utterances:,} utterances, {totals.frames:,} frames: {totals.words:,} words"
    if totals.partial:
        text += f", {totals.partial:,} utterances not to their end"
    if totals.num_failures:
        text += f", {totals.num_failures:,} without words"
    if totals.decode_seconds and totals.frames:
        text += f"; {totals.frames / totals.decode_seconds:,.0f} frames per second of processor time"
    return text
