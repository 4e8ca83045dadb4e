"""Comparison of two profiles."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Sequence

import pytest
from rich.console import Console

from ov_asr_score.errors import TableFormatError
from ov_asr_score.profiling import LayerTime
from ov_asr_score.report.console.profile_comparison import compare_profiles, render_profile_comparison, slowdowns
from ov_asr_score.report.data.run import RunReport, RunTotals, UtteranceReport
from ov_asr_score.report.files.profile_reader import Profile, read_profile
from ov_asr_score.report.files.run_csv import CsvReportWriter
from ov_asr_score.report.files.run_json import JsonReportWriter


def layer(name: str, microseconds: float, exec_type: str = "jit", calls: int = 2) -> LayerTime:
    return LayerTime(name, "FullyConnected", exec_type, "EXECUTED", microseconds, microseconds / 2, calls)


def profile(*layers: LayerTime, frames: int = 100) -> Profile:
    return Profile(layers, frames)


def report_text(layers: Sequence[LayerTime], kind: str) -> str:
    report = RunReport("1", layers=list(layers), totals=RunTotals(utterances=3, frames=120, resumed_frames=20))
    file = io.StringIO()
    if kind == "csv":
        csv_writer = CsvReportWriter(file, of_layers=True)
        csv_writer.finish(report)
    else:
        with JsonReportWriter(file) as writer:
            for key in ("utt1", "]", '"utterances": ['):
                writer.utterance(UtteranceReport(key, 40, 0, 1, 0.5, {"scores": 3}))
            writer.finish(report)
    return file.getvalue() if kind != "indented" else json.dumps(json.loads(file.getvalue()), indent=2)


@pytest.mark.parametrize("kind", ["json", "indented", "csv"])
def test_profiles_round_trip(kind: str) -> None:
    layers = (layer('a, "b"\n', 30.25), layer("b", 20.0))
    assert read_profile(io.StringIO(report_text(layers, kind), newline=""), "x") == Profile(layers, 100)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "found no column 'layer'"),
        ("\n", "found no column 'layer'"),
        ("{", "found invalid content"),
        ("{}", "found None"),
        ('{"format": "ov-asr-score-bench"}', "found 'ov-asr-score-bench'"),
        ('{"format": "ov-asr-score-report", "format_version": 2}', "expected version 1 of a report, found 2"),
        ('{"format": "ov-asr-score-report", "format_version": 1, "layers": 1}', "'layers' a list"),
        ('{"format": "ov-asr-score-report", "format_version": 1, "layers": [1]}', "a layer without 'name'"),
        ('{"format": "ov-asr-score-report", "format_version": 1}', "expected layer times, found none"),
        ("layer,type,implementation,calls\n", "found no column 'total_us'"),
        ("layer,type,implementation,calls,total_us\n", "expected layer times, found none"),
        ("layer,type,implementation,calls,total_us\na,b,c\n", "a layer without 'calls'"),
        ("layer,type,implementation,calls,total_us\na,b,c,1,nan\n", "found 'nan'"),
        ("layer,type,implementation,calls,total_us\na,b,c,1,-2\n", "found '-2'"),
        ("layer,type,implementation,calls,total_us\na,b,c,1,x\n", "found invalid content"),
    ],
)
def test_invalid_profiles_are_refused(text: str, message: str) -> None:
    with pytest.raises(TableFormatError, match=r"^x: ") as caught:
        read_profile(io.StringIO(text, newline=""), "x")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_layers_are_sorted_by_change() -> None:
    before = profile(layer("a", 100), layer("b", 50, "gemm"), layer("old", 10))
    after = profile(layer("a", 90), layer("b", 80, "brgemm"), layer("new", 5))
    found = compare_profiles(before, after)
    assert [(each.name, each.change, each.runs_in) for each in found.layers] == [
        ("b", 30, "both"),
        ("a", -10, "both"),
        ("old", -10, "A"),
        ("new", 5, "B"),
    ]
    assert found.layers[0].kind == "FullyConnected, gemm -> brgemm"
    assert found.layers[0].ratio == 1.6
    assert found.layers[3].ratio == math.inf
    assert (found.before, found.after, found.notes) == (160, 175, ())


def test_implementations_of_one_layer_are_merged() -> None:
    found = compare_profiles(profile(layer("a", 10, "x"), layer("a", 5, "y")), profile(layer("a", 30, "x")))
    assert [(each.name, each.ratio, each.kind) for each in found.layers] == [("a", 2.0, "FullyConnected, x/y -> x")]


def test_times_are_scaled_to_equal_frames() -> None:
    found = compare_profiles(profile(layer("a", 10)), profile(layer("a", 20), frames=200))
    assert (found.scale, found.ratio, len(found.notes)) == (0.5, 1.0, 1)
    unknown = compare_profiles(profile(layer("a", 10)), profile(layer("a", 20), frames=0))
    assert (unknown.scale, unknown.ratio) == (1.0, 2.0)
    assert "not known" in unknown.notes[0]


def test_slowdown_limit_for_total_and_large_layers() -> None:
    found = compare_profiles(profile(layer("a", 900), layer("tiny", 1)), profile(layer("a", 990), layer("tiny", 3)))
    assert slowdowns(found, 1.11, 0.05) == []
    assert len(slowdowns(found, 1.09, 0.05)) == 2
    assert [each.split()[1] for each in slowdowns(found, 2.0, 0.0)] == ["'tiny'"]


def test_new_layer_exceeds_limit() -> None:
    found = compare_profiles(profile(layer("a", 0), layer("b", 5)), profile(layer("a", 1), layer("b", 5)))
    assert slowdowns(found, 2.0, 0.0) == ["layer 'a' takes inf times as long, more than the limit of 2"]


def test_table_lists_twenty_layers_unless_verbose() -> None:
    found = compare_profiles(
        profile(*(layer(f"layer{index}", 10) for index in range(30))),
        profile(*(layer(f"layer{index}", 10 + index) for index in range(30))),
    )
    shown = {}
    for verbose in (False, True):
        file = io.StringIO()
        render_profile_comparison(found, Console(file=file, width=200), verbose=verbose)
        shown[verbose] = file.getvalue()
    assert "and 10 more" in shown[False]
    assert shown[True].count("layer") > shown[False].count("layer")
    assert "A: 0.300 ms in 30 layers" in shown[True]
