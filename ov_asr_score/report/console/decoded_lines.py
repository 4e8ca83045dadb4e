"""Lines about what was decoded, each with its style.

Tests: tests/report/console/test_words.py
"""

from __future__ import annotations

from collections.abc import Iterator

from ov_asr_score.report.data.words import WordTotals

MAX_LISTED = 10
"""Utterances without words that are listed, where nothing else is asked for."""


def word_lines(totals: WordTotals, limit: int | None) -> Iterator[tuple[str, str]]:
    """Counts, errors, and up to ``limit`` utterances without words (None: all that are listed)."""
    yield _summary(totals), ""
    for line in totals.errors.lines if totals.errors is not None else ():
        yield line, ""
    if totals.changes is not None:
        yield f"{totals.changes.text}, compared with {totals.changes.hypothesis}", ""
    shown = totals.failures[:limit]
    for failure in shown:
        yield f"no words: {failure.key}: {failure.message}", "bold red"
    if totals.num_failures > len(shown):
        yield f"no words: {totals.num_failures - len(shown):,} more utterances", "bold red"


def _summary(totals: WordTotals) -> str:
    text = f"decoded {totals.utterances:,} utterances, {totals.frames:,} frames: {totals.words:,} words"
    if totals.partial:
        text += f", {totals.partial:,} of them not to a final state"
    if totals.num_failures:
        text += f", {totals.num_failures:,} without words"
    if totals.frames and totals.graph:
        text += f"; log-likelihood per frame {totals.log_likelihood_per_frame:.5g}"
    if totals.decode_seconds and totals.frames:
        text += f"; {totals.frames / totals.decode_seconds:,.0f} frames per second of processor time"
    return text
