"""Measures and error histograms on the console."""

from __future__ import annotations

import io
import math

import numpy as np
from rich.console import Console

from ov_asr_score.comparison import ScoreMeasures, compare_scores, measure_scores
from ov_asr_score.report.console.measures import histogram_rows, measure_facts
from ov_asr_score.report.console.run import render_comparison, render_run_report
from ov_asr_score.report.data.run import RunReport

REFERENCE = np.log(np.array([[0.5, 0.25, 0.25]] * 4))
SCORES = np.log(np.array([[0.25, 0.5, 0.25]] + [[0.5, 0.25, 0.25]] * 3))


def test_measure_facts() -> None:
    facts = measure_facts(measure_scores(SCORES, REFERENCE), verbose=False)
    assert facts == {
        "best 3 classes": "contain the reference's best one in 100.000% of frames, overlap 100.000%",
        "KL divergence": "mean 0.0433, largest 0.173 nats",
        "correlation": "0.625000000",
        "error percentiles": "50 % 0, 90 % 0.693, 99 % 0.693, 99.9 % 0.693",
    }


def test_verbose_measure_facts() -> None:
    facts = measure_facts(measure_scores(SCORES, REFERENCE), verbose=True)
    assert facts["rms by position"] == "first 10 frames 0.283, middle 0, last 10 0.283"
    assert facts["worst columns"] == "0 (rms 0.347), 1 (rms 0.347)"


def test_missing_measures_are_omitted() -> None:
    assert measure_facts(ScoreMeasures(), verbose=True) == {}
    one_column = measure_facts(measure_scores(np.ones((2, 1)), np.zeros((2, 1))), verbose=False)
    assert list(one_column) == ["error percentiles"]
    broken = measure_facts(measure_scores(np.full((2, 5), math.nan), np.ones((2, 5))), verbose=True)
    assert broken == {"frames not finite": "2, excluded from classes and KL divergence"}


def test_histogram_rows_by_power_of_ten() -> None:
    errors = np.array([[0.0] * 2 + [0.002] * 40 + [0.5] * 20 + [0.02] * 0 + [3.0]])
    rows = histogram_rows(measure_scores(errors, np.zeros_like(errors)), blocks=False)
    assert [row[:3] for row in rows] == [
        ("none", "2", "3.17%"),
        ("1e-3 to 1e-2", "40", "63.49%"),
        ("1e-2 to 1e-1", "0", "0.00%"),
        ("1e-1 to 1e+0", "20", "31.75%"),
        ("1e+0 to 1e+1", "1", "1.59%"),
    ]
    assert [row[3] for row in rows] == ["##", "#" * 40, "", "#" * 20, "#"]
    blocks = histogram_rows(measure_scores(errors, np.zeros_like(errors)), blocks=True)
    assert [row[3] for row in blocks] == ["██", "█" * 40, "", "█" * 20, "█"]


def test_rare_errors_have_visible_bars() -> None:
    errors = np.full((100, 100), 0.5)
    errors[0, 0] = 3.0
    measures = measure_scores(errors, np.zeros_like(errors))
    assert [histogram_rows(measures, blocks=blocks)[-1][3] for blocks in (False, True)] == ["#", "▏"]


def test_empty_histogram_has_no_rows() -> None:
    assert histogram_rows(ScoreMeasures(), blocks=True) == []
    assert histogram_rows(measure_scores(np.ones((2, 2)), np.ones((2, 2))), blocks=True) == []


def drawn(*, terminal: bool, encoding: str, verbose: bool = True) -> str:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    console = Console(file=stream, width=100, force_terminal=terminal, color_system=None, _environ={"TERM": "xterm"})
    differences = {"score": compare_scores(SCORES, REFERENCE)}
    measures = {"score": measure_scores(SCORES, REFERENCE)}
    render_comparison(differences, console, measures=measures, verbose=verbose)
    stream.flush()
    assert isinstance(stream.buffer, io.BytesIO)
    return stream.buffer.getvalue().decode(encoding)


def test_histogram_bars_fit_console_encoding() -> None:
    assert "█" * 40 in drawn(terminal=True, encoding="utf-8")
    for plain in (drawn(terminal=False, encoding="utf-8"), drawn(terminal=True, encoding="ascii")):
        assert "#" * 10 in plain
        assert "█" not in plain
        assert "\\u" not in plain
    assert "Errors of score" not in drawn(terminal=True, encoding="utf-8", verbose=False)


def test_run_report_shows_measures() -> None:
    report = RunReport("1.0")
    report.add_difference("utt", "score", compare_scores(SCORES, REFERENCE))
    report.measures["score"] = measure_scores(SCORES, REFERENCE)
    for verbose in (False, True):
        console = Console(file=io.StringIO(), width=100, _environ={})
        render_run_report(report, console, verbose=verbose)
        assert isinstance(console.file, io.StringIO)
        lines = console.file.getvalue().splitlines()
        assert "  KL divergence: mean 0.0433, largest 0.173 nats" in lines
        assert ("Errors of score" in lines) == verbose
