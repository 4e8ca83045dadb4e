"""The report of a run on a terminal and in a log file."""

from __future__ import annotations

import io
import math
import re

import numpy as np
import pytest
from rich.console import Console

from ov_asr_score.comparison import ScoreDifference, compare_scores
from ov_asr_score.ports import PortInfo
from ov_asr_score.profiling import LayerTime
from ov_asr_score.report.console.run import render_comparison, render_run_report
from ov_asr_score.report.data.run import RunReport, RunTotals

LONG_PATH = "/data/" + "very_long_directory/" * 8 + "final.mdl"


def shown(report: RunReport, *, verbose: bool = False, terminal: bool = False) -> str:
    console = Console(
        file=io.StringIO(),
        width=80,
        force_terminal=terminal,
        color_system="standard" if terminal else "auto",
        _environ={"TERM": "xterm"},
    )
    render_run_report(report, console, verbose=verbose)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def lines_of(comparison: dict[str, ScoreDifference]) -> list[str]:
    console = Console(file=io.StringIO(), width=80, _environ={})
    render_comparison(comparison, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def difference_of(*errors: float, key: str = "") -> ScoreDifference:
    return compare_scores(np.array([errors]), np.zeros((1, len(errors))), key=key)


def test_speech_sample_lines_are_kept() -> None:
    difference = difference_of(0.25, 0.0, 0.5, 0.0000123)
    lines = lines_of({"logits": difference, "avg error of states": difference_of(2.0)})
    values = [float(line.split(": ")[1]) for line in lines if "avg error:" in line]
    assert values == [pytest.approx(difference.mean_abs, abs=5e-8), 2.0]
    for name, value in (("max", 0.5), ("avg rms", difference.rms), ("stdev", difference.std)):
        assert f"  {name} error: {value:.7f}" in lines


def test_comparison_shows_all_statistics() -> None:
    scores, reference = np.array([[1.0, 3.0], [4.0, 5.0]]), np.array([[2.0, 1.0], [4.0, 5.0]])
    assert lines_of({"logits": compare_scores(scores, reference, key="utt[0:9]")}) == [
        "Comparison of logits",
        "  compared: 4 scores in 2 frames",
        "  max error: 2.0000000",
        "  avg error: 0.7500000",
        "  avg rms error: 1.1180340",
        "  stdev error: 0.8291562",
        "  max abs ref score: 5.0000000",
        "  avg abs ref score: 3.0000000",
        "  max relative error: 2",
        "  mean relative error: 0.625",
        "  rms relative error: 1.03",
        "  errors over 0.0001: 2 of 4 scores (50.000%)",
        "  best class changed: 1 of 2 frames (50.000%)",
        "  largest error at: utterance 'utt[0:9]', frame 0, column 1: 3, reference 1",
    ]


def test_comparison_counts_nonfinite_values() -> None:
    lines = lines_of({"logits": difference_of(math.nan, math.inf, 0.0)})
    assert "  max error: inf" in lines
    assert "  not finite: NaN scores 1, infinite scores 1, mismatches 2" in lines


def test_empty_comparison() -> None:
    assert "  errors over 0.0001: 0 of 0 scores" in lines_of({"logits": ScoreDifference()})


def full_report() -> RunReport:
    report = RunReport(
        "1.0",
        model={"path": LONG_PATH, "kind": "Kaldi nnet3"},
        device={"device": "CPU", "runs_on": ["CPU", "GPU"], "properties": {"PERF_COUNT": "True"}},
        inputs=[PortInfo("feats", "feats", 0, ("feats",), (None, 440), "f32", "NC")],
        outputs=[PortInfo("logits", "logits", 0, ("logits",), None, "f16", "")],
        plan={"summary": "8 frames per request", "reason": "", "streams": None, "requests": 2},
        versions={"numpy": "2.0"},
        notes=["graph mended"],
        totals=RunTotals(12, 2400, 24, 300, 4.0, 2.0, 0.25, 0.5, 0.125),
        layers=[LayerTime(f"layer{n:02}", "Add", "jit_f32", "EXECUTED", 1e4 / (n + 1), 0.0, 4) for n in range(25)],
        missing_keys={"ref.ark": [f"key{n:02}" for n in range(12)], "complete.ark": []},
        extra_keys={"ivectors.ark": ["spare"]},
        limit_messages=["max error 0.5 exceeds --max-error 0.1"],
        verdict="failed",
    )
    report.add_difference("utt-near[0:9]", "logits", difference_of(0.25, key="utt-near[0:9]"))
    report.add_difference("utt-far[0:9]", "logits", difference_of(0.5, key="utt-far[0:9]"))
    for number in range(12):
        report.add_failure(f"bad{number:02}", "feats.ark: [bold]damaged[/bold]")
    return report


def test_run_report_in_log_file() -> None:
    lines = shown(full_report()).splitlines()
    for line in (
        f"  path: {LONG_PATH}",
        "  runs on: CPU, GPU",
        "  summary: 8 frames per request",
        "  frames: 2,400 + 24 of context",
        "  time: 4.000 s (loading 0.125, reading 0.250, inference 2.000, writing 0.500)",
        "  frames per second: 1,200.0 (whole run 600.0)",
        "  real-time factor: 0.0833",
        "note: graph mended",
        "missing in ref.ark (12): " + ", ".join(f"key{n:02}" for n in range(10)) + ", ...",
        "only in ivectors.ark (1): spare",
        "failed: bad09: feats.ark: [bold]damaged[/bold]",
        "failed: 2 more",
        "failed: max error 0.5 exceeds --max-error 0.1",
        "  and 5 more",
    ):
        assert line in lines
    assert lines[-1] == "verdict: failed"
    text = "\n".join(lines)
    for absent in (
        "bad10",
        "key10",
        "layer20",
        "complete.ark",
        "streams",
        "Worst utterances",
        "numpy",
        "440",
        "reason",
        "PERF",
    ):
        assert absent not in text


def test_verbose_run_report() -> None:
    text = shown(full_report(), verbose=True)
    for line in (
        "  kind: Kaldi nnet3",
        "  properties: PERF_COUNT=True",
        "  requests: 2",
        "  feats: [?, 440] f32 NC",
        "  logits: [...] f16",
        "  numpy: 2.0",
        "failed: bad11: feats.ark: [bold]damaged[/bold]",
    ):
        assert line in text.splitlines()
    assert "key11" in text
    assert "layer24" in text
    assert " more" not in text
    worst = text[text.index("Worst utterances") :].splitlines()[2:4]
    assert [line.split()[-2:] for line in worst] == [["utt-far[0:9],", "logits"], ["utt-near[0:9],", "logits"]]
    assert worst[0].split()[:5] == ["0.5", "0.5", "1", "0", "0"]


def test_layer_times_table() -> None:
    layers = [
        LayerTime("affine [0:9]", "FullyConnected", "brgemm", "EXECUTED", 7500.0, 0.0, 1000),
        LayerTime("relu", "Relu", "jit", "EXECUTED", 2500.0, 0.0, 1000),
    ]
    rows = [line.split() for line in shown(RunReport("1.0", layers=layers)).splitlines() if "affine" in line]
    assert rows == [["75.0%", "7.500", "7.5", "1,000", "affine", "[0:9]", "(FullyConnected,", "brgemm)"]]


def test_empty_sections_are_omitted() -> None:
    text = shown(RunReport("1.0"), verbose=True)
    for absent in ("Totals", "Model", "Device", "Layers", "Comparison", "failed", "missing", "note"):
        assert absent not in text
    assert text.endswith("verdict: ok\n")


def test_no_colour_codes_in_log_file() -> None:
    assert "\x1b" not in shown(full_report())


def words(text: str) -> list[str]:
    """The words of a report without colours, frames and the places where a cell was folded."""
    return re.findall(r"[^\s│╭╮╰╯├┤┬┴┼─━┃┏┓┗┛┡┩┳┻╇]+", re.sub(r"\x1b\[[0-9;]*m", "", text))


def test_terminal_tables_hold_the_same_values() -> None:
    drawn = shown(full_report(), terminal=True)
    assert "\x1b[1;31m" in drawn
    assert "╭" in drawn
    lines = [re.sub(r"^  ([a-z0-9 .-]+): ", r"  \1 ", line) for line in shown(full_report()).splitlines()]
    assert "".join(words(drawn)) == "".join(words("\n".join(lines)))


@pytest.mark.parametrize("terminal", [False, True])
def test_markup_and_control_characters_are_escaped(terminal: bool) -> None:
    report = RunReport("1.0", model={"path": "[red]:smile:[0:9]\x1b[2Jfinal\r\n\udc80.mdl"})
    text = re.sub(r"\x1b\[[0-9;]*m", "", shown(report, terminal=terminal))
    assert r"[red]:smile:[0:9]\x1b[2Jfinal\r\n\udc80.mdl" in text


def test_unencodable_names_are_escaped() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    render_run_report(RunReport("1.0", notes=["汉"]), Console(file=stream, width=80, _environ={}))
    stream.flush()
    assert b"note: \\u6c49\n" in stream.buffer.getvalue()
