"""The data of a run report: totals, failures, worst utterances, conversion to plain values."""

from __future__ import annotations

import json
import math
from enum import Enum
from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.comparison import ScoreDifference, compare_scores
from ov_asr_score.ports import PortInfo
from ov_asr_score.profiling import LayerTime
from ov_asr_score.report.data.failed_utterances import MAX_LISTED_FAILURES
from ov_asr_score.report.data.run import (
    MAX_WORST,
    RunReport,
    RunTotals,
    UtteranceReport,
    as_dict,
)


def difference_of(error: float, frames: int = 2) -> ScoreDifference:
    return compare_scores(np.full((frames, 3), error), np.zeros((frames, 3)))


def test_rates_exclude_context_frames() -> None:
    totals = RunTotals(frames=3000, context_frames=500, infer_seconds=1.5, total_seconds=6.0, frame_shift_seconds=0.02)
    assert totals.frames_per_second == 2000.0
    assert totals.overall_frames_per_second == 500.0
    assert totals.real_time_factor == pytest.approx(0.025)


def test_rates_of_empty_run_are_zero() -> None:
    totals = RunTotals()
    assert (totals.frames_per_second, totals.overall_frames_per_second, totals.real_time_factor) == (0.0, 0.0, 0.0)


def test_listed_failures_are_limited() -> None:
    report = RunReport("1.0")
    for number in range(MAX_LISTED_FAILURES + 5):
        report.add_failure(f"utt{number}", "broken")
    assert report.num_failures == MAX_LISTED_FAILURES + 5
    assert [failure.key for failure in report.failures] == [f"utt{number}" for number in range(MAX_LISTED_FAILURES)]


def test_differences_are_summed_per_output() -> None:
    report = RunReport("1.0")
    first, second, other = difference_of(1.0), difference_of(2.0, frames=5), difference_of(3.0)
    report.add_difference("a", "logits", first)
    report.add_difference("b", "logits", second)
    report.add_difference("b", "states", other)
    assert report.comparison == {"logits": first + second, "states": other}


def test_worst_utterances_are_sorted() -> None:
    report = RunReport("1.0")
    errors = np.random.default_rng(3).permutation(40)
    for error in errors:
        report.add_difference(f"utt{error}", "logits", difference_of(float(error)))
    assert [worst.key for worst in report.worst] == [f"utt{error}" for error in range(39, 39 - MAX_WORST, -1)]
    assert report.worst[0].difference.max_abs == 39.0


def test_worst_nonfinite_utterances_are_sorted_by_mismatches() -> None:
    report = RunReport("1.0")
    for key, frames in (("a", 1), ("b", 3), ("c", 2)):
        report.add_difference(key, "logits", difference_of(math.nan, frames))
    report.add_difference("d", "logits", difference_of(1e300))
    assert [worst.key for worst in report.worst] == ["b", "c", "a", "d"]


def test_exact_utterances_are_not_listed_as_worst() -> None:
    report = RunReport("1.0")
    report.add_difference("a", "logits", difference_of(0.0))
    assert report.worst == []
    assert report.comparison["logits"].count == 6


def test_full_report_round_trips_through_json() -> None:
    report = RunReport(
        "1.0",
        command=["ov-asr-score", "score"],
        inputs=[
            PortInfo("x", "x", 0, ("x", "y"), (None, 440), "f32", "NC"),
            PortInfo("z", "z", 0, (), None, "f32", ""),
        ],
        layers=[LayerTime("a", "Add", "jit", "EXECUTED", 30.0, 20.0, 3)],
        totals=RunTotals(frames=100, infer_seconds=0.5),
    )
    report.add_difference("utt", "logits", difference_of(0.5))
    report.add_failure("bad", "broken")
    found = json.loads(json.dumps(as_dict(report), allow_nan=False))
    assert found["tool_version"] == "1.0"
    assert found["inputs"][0]["shape"] == [None, 440]
    assert found["inputs"][1]["shape"] is None
    assert found["layers"][0]["mean_microseconds"] == 10.0
    assert found["totals"]["frames_per_second"] == 200.0
    assert found["comparison"]["logits"]["rms"] == 0.5
    assert found["worst"][0]["difference"]["worst"] == {
        "frame": 0, "column": 0, "score": 0.5, "reference": 0.0, "key": ""
    }  # fmt: skip
    assert found["failures"] == [{"key": "bad", "message": "broken"}]
    assert (found["num_failures"], found["verdict"]) == (1, "ok")


def test_nonfinite_numbers_become_strings() -> None:
    report = UtteranceReport("a", 2, 0, 1, math.nan, {"logits": 3}, {"logits": difference_of(-math.inf)})
    found = as_dict(report)
    assert found["infer_seconds"] == "nan"
    assert isinstance(found["differences"], dict)
    difference = found["differences"]["logits"]
    assert difference["max_abs"] == "inf"
    assert difference["worst"]["score"] == "-inf"
    assert difference["worst"]["reference"] == 0.0


class Mode(Enum):
    FAST = 1


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.float32(0.5), 0.5),
        (np.int64(3), 3),
        (np.bool_(True), True),
        (np.array([[1.0, math.inf]]), [[1.0, "inf"]]),
        (np.float64(math.nan), "nan"),
        (Path("a") / "final.mdl", "a/final.mdl"),
        (Mode.FAST, "Mode.FAST"),
        ({1: (2, None)}, {"1": [2, None]}),
        (True, True),
        (10**20, 10**20),
    ],
)
def test_numpy_and_path_values_become_plain(value: object, expected: object) -> None:
    found = as_dict(RunReport("1.0", model={"conversion": {"value": value}}))["model"]
    assert found == {"conversion": {"value": expected}}
    assert json.loads(json.dumps(found)) == {"conversion": {"value": expected}}
